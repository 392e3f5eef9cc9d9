/**
 * The data of buttons. A button has to work after a restart of every process and on messages of any age, so all of
 * its data is in its value and in the message itself. Pure.
 */
import type { types } from '@slack/bolt';
import { z } from 'zod';
import { PRESETS, presetOf } from '../../../story/story.ts';
import { AGAIN_LABELS, CHANGE_LABELS, type Own } from '../../../story/variations.ts';
import type { StoryButton, StoryReference } from '../../read-story.ts';

/** The prefix of the action id of every button of the bot. */
const ACTION_PREFIX = 'scifi-';
export const ANY_BUTTON = /^scifi-(stop|continue|another|warmer|cooler|line|vote|edit|undo|delete|share)$/;
const OWN_ACTIONS: readonly string[] = [
  'stop',
  'edit',
  'undo',
  'delete',
  'share',
] satisfies OwnButton['action'][];
/** Changes when the meaning of the fields changes. */
const VERSION = 2;
/** Version 0.1 of the bot wrote values of this version, which have no preset: all its stories are `classic`. */
const VERSION_WITHOUT_PRESET = 1;

/** A button that only the owner of a reply may use. */
export interface OwnButton {
  readonly action: 'stop' | Own;
  readonly replyId: string;
  /** The requester. */
  readonly userId: string;
}

export type Button = OwnButton | StoryButton;

export function isOwn(button: Button): button is OwnButton {
  return 'replyId' in button;
}

const OwnReply = z.object({
  v: z.literal([VERSION, VERSION_WITHOUT_PRESET]),
  reply: z.string(),
  user: z.string(),
});
const Reference = z.object({
  v: z.literal(VERSION),
  model: z.string(),
  preset: z.enum(PRESETS),
  temperature: z.number(),
  length: z.number(),
  seed: z.number(),
  promptLength: z.number(),
  source: z.string().optional(),
});
const OldReference = Reference.extend({
  v: z.literal(VERSION_WITHOUT_PRESET),
  preset: z.literal('classic').default('classic'),
});

export function actionIdOf(action: Button['action']): string {
  return ACTION_PREFIX + action;
}

/** The value of Stop and of the buttons of a reply's owner. */
export function ownValue(reply: string, user: string): string {
  return JSON.stringify({ v: VERSION, reply, user } satisfies z.infer<typeof OwnReply>);
}

/** The buttons that continue a story, alone or after a user's line. */
export function continueButtons(reference: StoryReference): types.Button[] {
  const value = againValue(reference);
  const label = (text: string) => ({ type: 'plain_text', text, emoji: false }) as const;
  return [
    {
      type: 'button',
      style: 'primary',
      action_id: actionIdOf('continue'),
      text: label(AGAIN_LABELS.continue),
      value,
    },
    { type: 'button', action_id: actionIdOf('line'), text: label(CHANGE_LABELS.line), value },
  ];
}

export function againValue(reference: StoryReference): string {
  const { model, temperature, length, seed, promptLength, source } = reference;
  const preset = presetOf(reference);
  const value = { v: VERSION, model, preset, temperature, length, seed, promptLength, source } as const;
  return JSON.stringify(value satisfies z.infer<typeof Reference>);
}

/** The button behind an action; undefined when it is not one of the bot's, or of another version. */
export function decodeButton(actionId: string, value: string | undefined): Button | undefined {
  const action = actionId.slice(ACTION_PREFIX.length);
  if (OWN_ACTIONS.includes(action)) {
    const data = readValue(OwnReply, value);
    return data && { action: action as OwnButton['action'], replyId: data.reply, userId: data.user };
  }
  if (!(action in AGAIN_LABELS) && action !== 'line' && action !== 'vote') return undefined;
  const data = readValue(z.union([Reference, OldReference]), value);
  if (!data) return undefined;
  const { v: _, ...reference } = data;
  return { action: action as StoryButton['action'], ...reference };
}

/** The request of the story above the buttons of a message; undefined where there are none. */
export function referenceIn(blocks: unknown): StoryReference | undefined {
  return buttonsIn(blocks).find((button): button is Exclude<Button, OwnButton> => !isOwn(button));
}

/** The Stop button of a message; undefined where there is none. */
export function stoppableIn(blocks: unknown): OwnButton | undefined {
  return buttonsIn(blocks).find((button): button is OwnButton => isOwn(button) && button.action === 'stop');
}

/** The bot's buttons in a message. */
function buttonsIn(blocks: unknown): Button[] {
  if (!Array.isArray(blocks)) return [];
  const elements = (blocks as { elements?: { action_id?: string; value?: string }[] }[]).flatMap(
    (block) => block.elements ?? [],
  );
  return elements.flatMap(({ action_id: actionId, value }) => {
    const button = actionId?.startsWith(ACTION_PREFIX) ? decodeButton(actionId, value) : undefined;
    return button ? [button] : [];
  });
}

/** The data in a button's value; undefined when it has another shape, as that of another version. */
export function readValue<Data>(shape: z.ZodType<Data>, value: string | undefined): Data | undefined {
  try {
    return shape.safeParse(JSON.parse(value ?? '')).data;
  } catch {
    return undefined;
  }
}
