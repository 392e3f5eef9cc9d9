/**
 * A reply as a Slack message: its layout, the story's text in its blocks, and the data of its buttons. A reply
 * is one message, regardless of the length of its story. Pure.
 *
 * The block ids of a story's sections encode the whitespace at which the text was cut. A button has to work
 * after a restart of every process and on messages of any age, so all of its data is in its value and in the
 * message itself.
 */
import type { types } from '@slack/bolt';
import { z } from 'zod';
import { mask } from '../../../story/filter/find.ts';
import {
  beginningOf,
  type ModelChoice,
  PRESETS,
  presetOf,
  type ReplyState,
  type StoryRequest,
} from '../../../story/story.ts';
import { AGAIN_LABELS, type Again, againActions } from '../../../story/variations.ts';
import { BEGUN_ANEW, smallPrint } from '../../../story/wording.ts';
import type { StoryReference } from '../../read-story.ts';
import type { MessageCapacity } from '../../submit.ts';
import { clean, joinParts, type Part, slackEscaping, splitText } from '../../text.ts';

/** What a reply's message depends on besides its state. */
export interface ReplyFacts {
  readonly id: string;
  readonly userId: string;
  readonly request: StoryRequest;
  readonly source: string | undefined;
  readonly models: readonly ModelChoice[];
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
    blocks: [...sections, smallPrintOf(print), againRow(state, facts)],
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

function stopRow({ id, userId }: ReplyFacts): types.ActionsBlock {
  const stop: types.Button = {
    type: 'button',
    style: 'danger',
    action_id: actionIdOf('stop'),
    text: plain('Stop'),
    value: stopValue(id, userId),
  };
  return { type: 'actions', block_id: BLOCK_PREFIX + id, elements: [stop] };
}

function againRow(
  state: Extract<ReplyState, { status: 'finished' | 'failed' }>,
  { id, request, source }: ReplyFacts,
): types.ActionsBlock {
  const value = againValue({
    ...request,
    promptLength: Math.min(request.prompt.length, state.text.length),
    source: request.context ? source : undefined,
  });
  const elements = againActions(state.text, request).map(
    (action): types.Button => ({
      type: 'button',
      ...(action === 'continue' ? { style: 'primary' } : {}),
      action_id: actionIdOf(action),
      text: plain(AGAIN_LABELS[action]),
      value,
    }),
  );
  return { type: 'actions', block_id: BLOCK_PREFIX + id, elements };
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

function sectionOf({ text, separator = '' }: Part, index: number): types.SectionBlock {
  const signs = [...separator].map((character) => SEPARATOR_SIGNS[character]).join('');
  return {
    type: 'section',
    block_id: `scifi-text-${index}-${signs}`,
    expand: true,
    text: plain(text),
  };
}

/** A section that is not part of a story. */
function plainSection(text: string): types.SectionBlock {
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
function fallbackOf(text: string): string {
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

/** The prefix of the action id of every button of the bot. */
const ACTION_PREFIX = 'scifi-';
export const ANY_BUTTON = /^scifi-(stop|continue|another|warmer|cooler)$/;
/** Changes when the meaning of the fields changes. */
const VERSION = 2;
/** Version 0.1 of the bot wrote values of this version, which have no preset: all its stories are `classic`. */
const VERSION_WITHOUT_PRESET = 1;

export type Button =
  | { readonly action: 'stop'; readonly replyId: string; readonly userId: string }
  | ({ readonly action: Again } & StoryReference);

const Stop = z.object({
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

export function stopValue(reply: string, user: string): string {
  return JSON.stringify({ v: VERSION, reply, user } satisfies z.infer<typeof Stop>);
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
  const known = readJson(value);
  if (action === 'stop') {
    const { data } = Stop.safeParse(known);
    return data && { action, replyId: data.reply, userId: data.user };
  }
  if (!(action in AGAIN_LABELS)) return undefined;
  const { data } = z.union([Reference, OldReference]).safeParse(known);
  if (!data) return undefined;
  const { v: _, ...reference } = data;
  return { action: action as Again, ...reference };
}

function readJson(value: string | undefined): unknown {
  try {
    return JSON.parse(value ?? '');
  } catch {
    return undefined;
  }
}
