/**
 * How a story's text stands in messages, and how it is read back out of them. A message's last line that
 * begins with an unescaped `-#` is ours: nothing that is escaped can look like it.
 */
import type { MessageCapacity } from '../submit.ts';
import { clean, discordEscaping } from '../text/sanitise.ts';
import { joinParts, type Part, splitText } from '../text/split.ts';

/** Discord's limit on a message. It counts code points; counting UTF-16 units is never more. */
export const MESSAGE_MAX = 2_000;
/** Kept free in every message for the small print, so that the last edit moves no text. */
export const SMALL_PRINT_MAX = 260;
/** Whitespace between two messages is at most three spaces and two line ends, and a mark before it. */
const JOINT_MAX = 6;
export const PART_MAX = MESSAGE_MAX - SMALL_PRINT_MAX - JOINT_MAX;
/** What a prompt must fit into. */
export const MAX_CONTENT: MessageCapacity = { chat: 'Discord', max: PART_MAX, cost: costOf };

/** Begins a message whose separator from the one before is not a single space. Clean text has none of these. */
const JOINT = '\u2063';
const JOINT_SIGNS: Readonly<Record<string, string>> = { ' ': '\u200b', '\n': '\u2060' };
const JOINT_PATTERN = /^\u2063([\u200b\u2060]*)/;
const SMALL_PRINT = /(?:^|\n)-# [^\n]*$/;

/** What a text costs in a message. */
export function costOf(text: string): number {
  return discordEscaping.escape(text).length;
}

/** Cuts a clean story into messages. The prompt stays in one piece: buttons find it in the first message. */
export function partsOf(story: string, promptLength: number): Part[] {
  return splitText(story, { limit: PART_MAX, cost: costOf, together: promptLength });
}

/** A message's content: a part of the story, and the small print under it. */
export function contentOf(part: Part | undefined, smallPrint = ''): string {
  const story = part ? jointOf(part) + discordEscaping.escape(part.text) : '';
  if (story && !smallPrint) return story;
  return `${story && `${story}\n`}${smallPrintOf(smallPrint || '…')}`;
}

/** One line of small print, cut to what is kept free for it. */
export function smallPrintOf(text: string): string {
  const line = clean(text).replaceAll('\n', ' ');
  const [first, ...rest] = splitText(line, { limit: SMALL_PRINT_MAX - '\n-# …'.length, cost: costOf });
  return `-# ${discordEscaping.escape(first?.text ?? '…')}${rest.length > 0 ? '…' : ''}`;
}

/** Reads a part back out of a message's content; the exact inverse of `contentOf`. */
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
