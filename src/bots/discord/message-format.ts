/**
 * The story's text in a reply's messages, in two formats. Pure.
 *
 * In both, a message's last line that begins with an unescaped `-#` is the bot's: escaped text cannot look like it.
 */
import type { MessageCapacity } from '../submit.ts';
import { clean, discordEscaping, type Part, splitText } from '../text.ts';
import type { MessageBody } from './api.ts';
import { container, IS_COMPONENTS_V2, type Row, textDisplay, textsIn } from './components.ts';

/**
 * `container`: a box of Components V2 with the story, the small print and the buttons.
 * `content`: the text as the message's content, with the buttons below it, as replies of earlier versions have it.
 *
 * A reply keeps the format with which it began, so that its parts are split at the same characters for ever.
 */
export type MessageFormat = 'content' | 'container';

/** What one message shows. */
export interface MessageParts {
  readonly part?: Part | undefined;
  readonly smallPrint?: string;
  readonly rows?: readonly Row[];
}

/**
 * Discord's limit on the text of a message, in all its components together. It counts code points; counting UTF-16
 * units is never more.
 */
export const MESSAGE_MAX: Readonly<Record<MessageFormat, number>> = { content: 2_000, container: 4_000 };
/** Reserved in every message for the small print, so that the final edit moves no text. */
export const SMALL_PRINT_MAX = 260;
/** The separator of two messages: at most three spaces and two line ends, after the character JOINT. */
const JOINT_MAX = 6;
/** Reserved for the labels of buttons in a container, which may count as text of its message. */
const LABELS_MAX = 100;
/** The most that a part of a story may cost. */
export const PART_MAX: Readonly<Record<MessageFormat, number>> = {
  content: MESSAGE_MAX.content - SMALL_PRINT_MAX - JOINT_MAX,
  container: MESSAGE_MAX.container - SMALL_PRINT_MAX - JOINT_MAX - LABELS_MAX,
};
/** The capacity that a prompt must fit. */
export const CAPACITY: MessageCapacity = { chat: 'Discord', max: PART_MAX.container, cost: costOf };

/** Begins a message whose separator is not a single space. Clean text never contains this character. */
const JOINT = '\u2063';
const JOINT_SIGNS: Readonly<Record<string, string>> = { ' ': '\u200b', '\n': '\u2060' };
const JOINT_PATTERN = /^\u2063([\u200b\u2060]*)/;
const SMALL_PRINT = /(?:^|\n)-# [^\n]*$/;

/** The cost of a text in a message. */
export function costOf(text: string): number {
  return discordEscaping.escape(text).length;
}

/**
 * Splits a clean story into messages. The prompt stays in one piece: buttons find it in the first message.
 */
export function partsOf(story: string, promptLength: number, format: MessageFormat): Part[] {
  return splitText(story, { limit: PART_MAX[format], cost: costOf, together: promptLength });
}

/** A message that shows the parts. */
export function bodyOf(format: MessageFormat, parts: MessageParts): MessageBody {
  const lines = linesOf(parts);
  const rows = [...(parts.rows ?? [])];
  return format === 'content'
    ? { content: lines.join('\n'), components: rows }
    : { flags: IS_COMPONENTS_V2, components: [container([...lines.map(textDisplay), ...rows])] };
}

/** The text of a message, one line below the other: a part of the story, and the small print. */
function linesOf({ part, smallPrint = '' }: MessageParts): string[] {
  const story = part ? jointOf(part) + discordEscaping.escape(part.text) : '';
  if (story && !smallPrint) return [story];
  return [...(story ? [story] : []), smallPrintOf(smallPrint || '…')];
}

/** One line of small print, cut to the space reserved for it. */
export function smallPrintOf(text: string): string {
  const line = clean(text).replaceAll('\n', ' ');
  const [first, ...rest] = splitText(line, { limit: SMALL_PRINT_MAX - '\n-# …'.length, cost: costOf });
  return `-# ${discordEscaping.escape(first?.text ?? '…')}${rest.length > 0 ? '…' : ''}`;
}

/** The text of a message in either format, with its markup. */
export function markupOf({
  content,
  components,
}: {
  readonly content?: string | null | undefined;
  readonly components?: readonly object[] | null | undefined;
}): string {
  return content || textsIn(components ?? []).join('\n');
}

/** Reads a part of a story back from a message's text; the exact inverse of `bodyOf` and `markupOf`. */
export function readPart(markup: string): { readonly text: string; readonly separator: string } {
  const joint = JOINT_PATTERN.exec(markup);
  const body = markup.replace(SMALL_PRINT, '').slice(joint?.[0].length ?? 0);
  const separator = joint ? [...joint[1]!].map((sign) => (sign === '\u2060' ? '\n' : ' ')).join('') : ' ';
  return { text: discordEscaping.unescape(body), separator };
}

function jointOf({ separator }: Part): string {
  if (separator === undefined || separator === ' ') return '';
  return JOINT + [...separator].map((character) => JOINT_SIGNS[character]).join('');
}
