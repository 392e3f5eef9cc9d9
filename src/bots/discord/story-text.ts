/**
 * How a story's text is stored in messages, and how it is read back. A message's last line that begins with
 * an unescaped `-#` is the bot's: escaped text cannot look like it.
 */
import type { MessageCapacity } from '../submit.ts';
import { clean, discordEscaping } from '../text/sanitise.ts';
import { joinParts, type Part, splitText } from '../text/split.ts';

/** Discord's limit on a message. It counts code points; counting UTF-16 units is never more. */
export const MESSAGE_MAX = 2_000;
/** Reserved in every message for the small print, so that the final edit moves no text. */
export const SMALL_PRINT_MAX = 260;
/** The separator of two messages: at most three spaces and two line ends, after the character JOINT. */
const JOINT_MAX = 6;
export const PART_MAX = MESSAGE_MAX - SMALL_PRINT_MAX - JOINT_MAX;
/** The capacity that a prompt must fit. */
export const MAX_CONTENT: MessageCapacity = { chat: 'Discord', max: PART_MAX, cost: costOf };

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
export function partsOf(story: string, promptLength: number): Part[] {
  return splitText(story, { limit: PART_MAX, cost: costOf, together: promptLength });
}

/** A message's content: a part of the story, with the small print below it. */
export function contentOf(part: Part | undefined, smallPrint = ''): string {
  const story = part ? jointOf(part) + discordEscaping.escape(part.text) : '';
  if (story && !smallPrint) return story;
  return `${story && `${story}\n`}${smallPrintOf(smallPrint || '…')}`;
}

/** One line of small print, cut to the space reserved for it. */
export function smallPrintOf(text: string): string {
  const line = clean(text).replaceAll('\n', ' ');
  const [first, ...rest] = splitText(line, { limit: SMALL_PRINT_MAX - '\n-# …'.length, cost: costOf });
  return `-# ${discordEscaping.escape(first?.text ?? '…')}${rest.length > 0 ? '…' : ''}`;
}

/** Reads a part back from a message's content; the exact inverse of `contentOf`. */
export function readPart(content: string): { readonly text: string; readonly separator: string } {
  const joint = JOINT_PATTERN.exec(content);
  const body = content.replace(SMALL_PRINT, '').slice(joint?.[0].length ?? 0);
  const separator = joint ? [...joint[1]!].map((sign) => (sign === '\u2060' ? '\n' : ' ')).join('') : ' ';
  return { text: discordEscaping.unescape(body), separator };
}

/** The text of consecutive messages. */
export function readParts(contents: readonly string[]): string {
  return joinParts(contents.map(readPart));
}

function jointOf({ separator }: Part): string {
  if (separator === undefined || separator === ' ') return '';
  return JOINT + [...separator].map((character) => JOINT_SIGNS[character]).join('');
}
