/**
 * How a story's text is stored in the blocks of a message, and how it is read back: in sections of plain
 * text, whose block ids encode the whitespace at which they were cut.
 */
import type { types } from '@slack/bolt';
import type { MessageCapacity } from '../../submit.ts';
import { clean, slackEscaping } from '../../text/sanitise.ts';
import { joinParts, type Part, splitText } from '../../text/split.ts';

/** Slack's limit on a section's text. */
export const SECTION_MAX = 3_000;
/** Sections of one message; all blocks together may have about 12,000 characters, buttons included. */
export const SECTIONS_MAX = 3;
/**
 * Slack's limit on a message's text, which notifications and screen readers show, is 4,000; a part is enough.
 */
export const FALLBACK_MAX = 3_000;
export const SMALL_PRINT_MAX = 300;
/** A prompt stays within the first section, with room for the continuation. */
export const MAX_CONTENT: MessageCapacity = { chat: 'Slack', max: SECTION_MAX, cost: costOf };

const BLOCK_ID = /^scifi-text-\d+-([sn]*)$/;
/** Characters that are one byte on the wire under either escaping. */
const PLAIN = /[ !#-%'-;=?-[\]-~]/;
const SEPARATOR_SIGNS: Readonly<Record<string, string>> = { ' ': 's', '\n': 'n' };

/**
 * The cost of a text: its bytes on the wire, escaped for Slack and for JSON. Slack counts characters in one
 * limit, bytes in another and does not document a third; none of them exceeds this.
 */
export function costOf(text: string): number {
  // Called for every character of every edit; nearly all of them are in this class.
  if (text.length === 1 && PLAIN.test(text)) return 1;
  return Buffer.byteLength(JSON.stringify(slackEscaping.escape(text))) - '""'.length;
}

/** Splits a clean story into sections. */
export function partsOf(story: string, promptLength: number): Part[] {
  return splitText(story, { limit: SECTION_MAX, cost: costOf, together: promptLength });
}

export function sectionOf({ text, separator = '' }: Part, index: number): types.SectionBlock {
  const signs = [...separator].map((character) => SEPARATOR_SIGNS[character]).join('');
  return {
    type: 'section',
    block_id: `scifi-text-${index}-${signs}`,
    expand: true,
    text: plain(text),
  };
}

/** A section that is not part of a story. */
export function plainSection(text: string): types.SectionBlock {
  return { type: 'section', expand: true, text: plain(text) };
}

/** Escaped plain text, in which Slack turns nothing into emoji. */
export function plain(text: string): types.PlainTextElement {
  return { type: 'plain_text', text: slackEscaping.escape(text), emoji: false };
}

/** One line of small print, cut to the space reserved for it. */
export function smallPrintOf(text: string): types.ContextBlock {
  const line = clean(text).replaceAll('\n', ' ').trim();
  return { type: 'context', elements: [plain(cut(line, SMALL_PRINT_MAX) || '…')] };
}

/** The text that replaces the blocks in a notification. */
export function fallbackOf(text: string): string {
  return slackEscaping.escape(cut(text, FALLBACK_MAX) || '…');
}

/** The story that blocks show; undefined when they contain none. */
export function readBlocks(blocks: unknown): string | undefined {
  if (!Array.isArray(blocks)) return undefined;
  const parts: Part[] = [];
  for (const { block_id, text } of blocks as { block_id?: string; text?: { text?: string } }[]) {
    const signs = BLOCK_ID.exec(block_id ?? '')?.[1];
    if (signs === undefined || typeof text?.text !== 'string') continue;
    const separator = [...signs].map((sign) => (sign === 'n' ? '\n' : ' ')).join('');
    parts.push({ text: slackEscaping.unescape(text.text), separator });
  }
  return parts.length > 0 ? joinParts(parts) : undefined;
}

function cut(text: string, max: number): string {
  const [first, ...rest] = splitText(text, { limit: max - 3, cost: costOf });
  return first ? `${first.text}${rest.length > 0 ? '…' : ''}` : '';
}
