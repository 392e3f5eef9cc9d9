/**
 * A reply as Discord messages: their layout, the story's text in them, and the data of their buttons. Pure.
 *
 * A message's last line that begins with an unescaped `-#` is the bot's: escaped text cannot look like it. A
 * button has to work after a restart of every process and on messages of any age, so all of its data is in its
 * `custom_id`, a hundred characters at most, and in the messages themselves.
 */
import type { APIMessageTopLevelComponent } from 'discord.js';
import {
  beginningOf,
  type ModelChoice,
  PRESETS,
  type Preset,
  presetOf,
  type ReplyState,
  type StoryRequest,
} from '../../story/story.ts';
import { AGAIN_LABELS, type Again, againActions } from '../../story/variations.ts';
import { BEGUN_ANEW, smallPrint } from '../../story/wording.ts';
import type { StoryReference } from '../read-story.ts';
import type { MessageCapacity } from '../submit.ts';
import { clean, discordEscaping, type Part, splitText } from '../text.ts';
import type { MessageBody } from './api.ts';

/** Discord's numeric component types; discord.js is not loaded for two of them. */
const ACTION_ROW = 1;
const BUTTON = 2;
const STYLE = { primary: 1, secondary: 2, danger: 4 } as const;

/** What a reply's messages depend on besides its state. */
export interface ReplyFacts {
  readonly id: string;
  readonly userId: string;
  readonly request: StoryRequest;
  readonly source: string | undefined;
  readonly models: readonly ModelChoice[];
  /** The most messages that the reply may have. */
  readonly most: number;
  /** Why the reply has to end early, if it has to. */
  readonly note?: string | undefined;
}

/** A reply as messages; a message's buttons need the ids of the messages before it. */
export interface Layout {
  readonly count: number;
  body(index: number, ids: readonly (string | undefined)[]): Required<MessageBody>;
}

/** Lays out a state. `wait` is the text of a waiting reply. */
export function layOut(state: ReplyState, facts: ReplyFacts, wait: string): Layout {
  if (state.status === 'waiting') {
    return { count: 1, body: () => ({ content: contentOf(undefined, wait), components: stopRow(facts) }) };
  }
  const { request, most } = facts;
  const all = partsOf(clean(state.text), request.prompt.length);
  const parts: (Part | undefined)[] = all.length > 0 ? all.slice(0, most) : [undefined];
  const isCut = all.length > most;
  const last = parts.length - 1;
  return {
    count: parts.length,
    body(index, ids) {
      const part = parts[index];
      if (index < last) return { content: contentOf(part), components: [] };
      if (state.status === 'writing') {
        const print = beginningOf(state) > 0 ? BEGUN_ANEW : '';
        return { content: contentOf(part, print), components: stopRow(facts) };
      }
      return {
        content: contentOf(part, smallPrint(state, { ...facts, isCut })),
        components: againRow(state, facts, index, ids),
      };
    },
  };
}

function stopRow({ id, userId }: ReplyFacts): APIMessageTopLevelComponent[] {
  const stop = { type: BUTTON, style: STYLE.danger, label: 'Stop', custom_id: encodeStop(id, userId) };
  return [{ type: ACTION_ROW, components: [stop] }] as APIMessageTopLevelComponent[];
}

function againRow(
  state: Extract<ReplyState, { status: 'finished' | 'failed' }>,
  { request, source }: ReplyFacts,
  index: number,
  ids: readonly (string | undefined)[],
): APIMessageTopLevelComponent[] {
  const reference = {
    ...request,
    promptLength: Math.min(request.prompt.length, state.text.length),
    first: index > 0 ? ids[0] : undefined,
    previous: index > 0 ? ids[index - 1] : undefined,
    source: request.context ? source : undefined,
  };
  const components = againActions(state.text, request).map((action) => ({
    type: BUTTON,
    style: action === 'continue' ? STYLE.primary : STYLE.secondary,
    label: AGAIN_LABELS[action],
    custom_id: encodeAgain(action, reference),
  }));
  return [{ type: ACTION_ROW, components }] as APIMessageTopLevelComponent[];
}

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

function jointOf({ separator }: Part): string {
  if (separator === undefined || separator === ' ') return '';
  return JOINT + [...separator].map((character) => JOINT_SIGNS[character]).join('');
}

/** First character of every id; it changes when the meaning of the fields changes. */
const VERSION = '2';
/** Version 0.1 of the bot wrote ids of this version, which have no preset: all its stories are `classic`. */
const VERSION_WITHOUT_PRESET = '1';
const LETTER: Readonly<Record<Again, string>> = { continue: 'c', another: 'a', warmer: 'w', cooler: 'k' };
const STOP = 's';
const PRESET_LETTER: Readonly<Record<Preset, string>> = { classic: 'k', calm: 'c', lively: 'l', wild: 'w' };
/** What remains for a model's name; a longer name is found by its prefix. */
const MODEL_MAX = 26;
const TEMPERATURE_UNIT = 100;

export type Button =
  | { readonly action: 'stop'; readonly replyId: string; readonly userId: string }
  | ({ readonly action: Again } & StoryReference);

export function encodeStop(replyId: string, userId: string): string {
  return [VERSION, STOP, replyId, userId].join(':');
}

export function encodeAgain(action: Again, reference: StoryReference): string {
  return [
    VERSION,
    LETTER[action],
    reference.model.slice(0, MODEL_MAX),
    PRESET_LETTER[presetOf(reference)],
    ...[
      Math.round(reference.temperature * TEMPERATURE_UNIT),
      reference.length,
      reference.seed,
      reference.promptLength,
    ].map((number) => number.toString(36)),
    ...[reference.first, reference.previous, reference.source].map((id) =>
      id ? BigInt(id).toString(36) : '',
    ),
  ].join(':');
}

/** The button behind a `custom_id`; undefined when it is not one of the bot's. */
export function decodeButton(customId: string): Button | undefined {
  const [version, letter, ...fields] = customId.split(':');
  if (version !== VERSION && version !== VERSION_WITHOUT_PRESET) return undefined;
  if (letter === STOP) {
    const [replyId, userId] = fields;
    return replyId && userId && fields.length === 2 ? { action: 'stop', replyId, userId } : undefined;
  }
  const action = (Object.keys(LETTER) as Again[]).find((name) => LETTER[name] === letter);
  const [model = '', ...others] = fields;
  const presetLetter = version === VERSION ? others.shift() : PRESET_LETTER.classic;
  const preset = PRESETS.find((name) => PRESET_LETTER[name] === presetLetter);
  if (!action || !preset || others.length !== 7 || !others.every((field) => /^[0-9a-z]*$/.test(field))) {
    return undefined;
  }
  const [temperature = 0, length = 0, seed = 0, promptLength = 0] = others
    .slice(0, 4)
    .map((digits) => Number.parseInt(digits, 36));
  const [first, previous, source] = others.slice(4).map((digits) => digits && snowflake(digits));
  return {
    action,
    model,
    preset,
    temperature: temperature / TEMPERATURE_UNIT,
    length,
    seed,
    promptLength,
    first: first || undefined,
    previous: previous || undefined,
    source: source || undefined,
  };
}

function snowflake(digits: string): string {
  let id = 0n;
  for (const digit of digits) id = id * 36n + BigInt(Number.parseInt(digit, 36));
  return id.toString();
}
