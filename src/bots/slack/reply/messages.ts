/**
 * A reply as a Slack message: its layout, and the story's text in its blocks. A reply is one message, regardless
 * of the length of its story. Pure.
 *
 * The block ids of a story's sections encode the whitespace at which the text was cut.
 */
import type { types } from '@slack/bolt';
import { mask } from '../../../story/filter/find.ts';
import { beginningOf, type ModelChoice, type ReplyState, type StoryRequest } from '../../../story/story.ts';
import {
  AGAIN_LABELS,
  againActions,
  CHANGE_LABELS,
  changeActions,
  type Own,
  removalOf,
} from '../../../story/variations.ts';
import { BEGUN_ANEW, smallPrint } from '../../../story/wording.ts';
import { titlesUnder } from '../../shelf/titles.ts';
import type { MessageCapacity } from '../../submit.ts';
import { clean, joinParts, type Part, slackEscaping, splitText } from '../../text.ts';
import { titleRows } from '../title-buttons.ts';
import { actionIdOf, againValue, type Button, ownValue } from './buttons.ts';
import { feedbackBlocks } from './feedback.ts';

/** What a reply's message depends on besides its state. */
export interface ReplyFacts {
  readonly id: string;
  readonly userId: string;
  readonly request: StoryRequest;
  readonly source: string | undefined;
  readonly models: readonly ModelChoice[];
  /** Whether stories can be shared. */
  readonly isSharing?: boolean | undefined;
}

export interface MessageBody {
  /** For notifications and screen readers. */
  readonly text: string;
  readonly blocks: types.KnownBlock[];
}

const BLOCK_PREFIX = 'scifi-reply-';

/** Lays out a state. `wait` is the text of a waiting reply. */
export function layOut(state: ReplyState, facts: ReplyFacts, wait: string): MessageBody {
  if (state.status === 'waiting') {
    return { text: fallbackOf(wait), blocks: [smallPrintOf(wait), stopRow(facts)] };
  }
  const { request } = facts;
  const all = partsOf(clean(state.text), request.prompt.length);
  const parts = all.slice(0, SECTIONS_MAX);
  const sections = parts.map(sectionOf);
  const [first] = parts;
  if (state.status === 'writing') {
    const print = beginningOf(state) > 0 ? BEGUN_ANEW : first ? undefined : '…';
    const blocks = [...sections, ...(print ? [smallPrintOf(print)] : []), stopRow(facts)];
    return { text: fallbackOf(first?.text ?? ''), blocks };
  }
  const print = smallPrint(state, { ...facts, isCut: all.length > parts.length });
  return {
    text: fallbackOf(first?.text ?? print),
    blocks: [...sections, smallPrintOf(print), ...endRows(state, facts), ...feedbackBlocks(state, facts)],
  };
}

/** The message above a streamed story: its opening, and Stop while it grows. */
export function layOutRoot(state: ReplyState, facts: ReplyFacts, wait: string): MessageBody {
  if (state.status === 'waiting') return layOut(state, facts, wait);
  const { prompt } = facts.request;
  const [opening] = partsOf(clean(mask(prompt)), prompt.length);
  const sections = opening ? [plainSection(opening.text)] : [];
  const print = smallPrintOf(
    state.status === 'writing' ? 'The story grows in the thread' : 'The story is in the thread',
  );
  return {
    text: fallbackOf(opening?.text ?? ''),
    blocks:
      state.status === 'writing'
        ? [...sections, print, stopRow(facts)]
        : [...sections, { ...print, block_id: BLOCK_PREFIX + facts.id }],
  };
}

/** The id of the reply that a message shows; undefined when it is not one of the bot's. */
export function replyIdOf(blocks: unknown): string | undefined {
  if (!Array.isArray(blocks)) return undefined;
  for (const { block_id } of blocks as { block_id?: string }[]) {
    if (block_id?.startsWith(BLOCK_PREFIX)) return block_id.slice(BLOCK_PREFIX.length);
  }
  return undefined;
}

function stopRow(facts: ReplyFacts): types.ActionsBlock {
  const { id, userId } = facts;
  const stop: types.Button = { ...buttonOf('stop', 'Stop', ownValue(id, userId)), style: 'danger' };
  const remove = ownButton(removalOf(facts.request), facts);
  return { type: 'actions', block_id: BLOCK_PREFIX + id, elements: [stop, remove] };
}

function ownButton(action: Own, { id, userId }: ReplyFacts): types.Button {
  return buttonOf(action, CHANGE_LABELS[action], ownValue(id, userId));
}

function buttonOf(action: Button['action'], label: string, value: string): types.Button {
  return { type: 'button', action_id: actionIdOf(action), text: plain(label), value };
}

/** The buttons under an ended reply: those that write another story, and those that change this one. */
function endRows(
  state: Extract<ReplyState, { status: 'finished' | 'failed' }>,
  facts: ReplyFacts,
): types.ActionsBlock[] {
  const { id, request, source } = facts;
  const value = againValue({
    ...request,
    promptLength: Math.min(request.prompt.length, state.text.length),
    source: request.context ? source : undefined,
  });
  const isFinished = state.status === 'finished';
  const isChosen = isFinished && state.chosen !== undefined;
  const again = againActions(state.text, request, isChosen).map((action): types.Button => {
    const style = action === 'continue' ? ({ style: 'primary' } as const) : {};
    return { ...buttonOf(action, AGAIN_LABELS[action], value), ...style };
  });
  const abilities = { isSharing: isFinished && facts.isSharing, mayVote: true, isChosen };
  const change = changeActions(state.text, request, abilities).map((action) =>
    action === 'line' || action === 'vote'
      ? buttonOf(action, CHANGE_LABELS[action], value)
      : ownButton(action, facts),
  );
  // A row without buttons is refused. The first row identifies the message.
  const [first = [], ...rows] = [again, change].filter((buttons) => buttons.length > 0);
  return [
    { type: 'actions', block_id: BLOCK_PREFIX + id, elements: first },
    ...rows.map((elements) => ({ type: 'actions', elements }) as const),
    ...titleRows(titlesUnder(state), id, facts.userId),
  ];
}

/** Slack's limit on a section's text. */
export const SECTION_MAX = 3_000;
/** Sections of one message; all blocks together may have about 12,000 characters, buttons included. */
export const SECTIONS_MAX = 3;
/**
 * Slack's limit on a message's text, which notifications and screen readers show, is 4,000; a part is enough.
 */
const FALLBACK_MAX = 3_000;
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
