/** Messages with content and rows of buttons, in which votes and relays are shown. Pure. */
import { AGAIN_LABELS, CHANGE_LABELS } from '../../story/variations.ts';
import type { StoryReference } from '../read-story.ts';
import { clean, discordEscaping } from '../text.ts';
import { encodeAgain } from './buttons.ts';
import type { Row } from './components.ts';

/** Discord's numeric types; discord.js is not loaded for them. */
const ACTION_ROW = 1;
const BUTTON = 2;
const STYLE = { primary: 1, secondary: 2 } as const;

export function button(style: keyof typeof STYLE, label: string, customId: string): object {
  return { type: BUTTON, style: STYLE[style], label, custom_id: customId };
}

/** A row of up to five buttons. */
export function row(buttons: readonly object[]): Row {
  return { type: ACTION_ROW, components: buttons } as Row;
}

/** The buttons that continue a story, alone or after a user's line. */
export function continueButtons(reference: StoryReference): object[] {
  return [
    button('primary', AGAIN_LABELS.continue, encodeAgain('continue', reference)),
    button('secondary', CHANGE_LABELS.line, encodeAgain('line', reference)),
  ];
}

/** A text as it is sent: every character literal. */
export function escaped(text: string): string {
  return discordEscaping.escape(clean(text));
}

/** The characters that a clean text takes in a message. */
export function costOf(text: string): number {
  return discordEscaping.escape(text).length;
}
