/**
 * A reply as Discord messages: their layout, and the story's text in them. Pure.
 *
 * A message's last line that begins with an unescaped `-#` is the bot's: escaped text cannot look like it.
 */
import type { APIMessageTopLevelComponent } from 'discord.js';
import { beginningOf, type ModelChoice, type ReplyState, type StoryRequest } from '../../story/story.ts';
import {
  AGAIN_LABELS,
  againActions,
  CHANGE_LABELS,
  changeActions,
  type Own,
  removalOf,
} from '../../story/variations.ts';
import { BEGUN_ANEW, smallPrint } from '../../story/wording.ts';
import type { MessageCapacity } from '../submit.ts';
import { clean, discordEscaping, type Part, splitText } from '../text.ts';
import type { MessageBody } from './api.ts';
import { encodeAgain, encodeOwn, encodeStop } from './buttons.ts';

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
  /** Whether stories can be shared. */
  readonly isSharing?: boolean | undefined;
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
    const body = { content: contentOf(undefined, wait), components: [stopRow(facts, [])] };
    return { count: 1, body: () => body };
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
      const before = ids.slice(0, index).filter((id) => id !== undefined);
      if (state.status === 'writing') {
        const print = beginningOf(state) > 0 ? BEGUN_ANEW : '';
        return { content: contentOf(part, print), components: [stopRow(facts, before)] };
      }
      return {
        content: contentOf(part, smallPrint(state, { ...facts, isCut })),
        components: endRows(state, facts, before),
      };
    },
  };
}

function row(components: readonly object[]): APIMessageTopLevelComponent {
  return { type: ACTION_ROW, components } as APIMessageTopLevelComponent;
}

/** @param before the reply's messages before the one with the buttons */
function stopRow(facts: ReplyFacts, before: readonly string[]): APIMessageTopLevelComponent {
  const { id, userId, request } = facts;
  const stop = { type: BUTTON, style: STYLE.danger, label: 'Stop', custom_id: encodeStop(id, userId) };
  return row([stop, ownButton(removalOf(request), facts, before)]);
}

function ownButton(action: Own, { id, userId }: ReplyFacts, before: readonly string[]): object {
  const custom_id = encodeOwn(action, { replyId: id, userId, before });
  return { type: BUTTON, style: STYLE.secondary, label: CHANGE_LABELS[action], custom_id };
}

/** The buttons under an ended reply: those that write another story, and those that change this one. */
function endRows(
  state: Extract<ReplyState, { status: 'finished' | 'failed' }>,
  facts: ReplyFacts,
  before: readonly string[],
): APIMessageTopLevelComponent[] {
  const { request, source } = facts;
  const reference = {
    ...request,
    promptLength: Math.min(request.prompt.length, state.text.length),
    first: before[0],
    previous: before.at(-1),
    source: request.context ? source : undefined,
  };
  const again = againActions(state.text, request).map((action) => ({
    type: BUTTON,
    style: action === 'continue' ? STYLE.primary : STYLE.secondary,
    label: AGAIN_LABELS[action],
    custom_id: encodeAgain(action, reference),
  }));
  const change = changeActions(state.text, request, state.status === 'finished' && facts.isSharing).map(
    (action) =>
      action === 'line'
        ? {
            type: BUTTON,
            style: STYLE.secondary,
            label: CHANGE_LABELS.line,
            custom_id: encodeAgain('line', reference),
          }
        : ownButton(action, facts, before),
  );
  return [row(again), row(change)];
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
