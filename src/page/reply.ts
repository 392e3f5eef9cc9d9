/** The page's state of one reply, its transitions, and the text of a thread of replies. Pure. */
import type { Verdict } from '../story/feedback.ts';
import type { Segment } from '../story/paragraphs.ts';
import { joinOf } from '../story/parts.ts';
import { beginningOf, isFinal, type ReplyState, STORY_BOUNDS, type StoryRequest } from '../story/story.ts';
import { endOf, jointBefore } from '../story/variations.ts';

/** A request as the page makes it: the server may choose the model. */
export type Ask = Omit<StoryRequest, 'model'> & { readonly model?: string };

/** One reply as the page stores it. */
export interface Reply {
  /** Made by the page and used as the idempotency key. */
  readonly id: string;
  /** Replies of one thread are parts of one story, each continuing the one before; or what it might have been. */
  readonly thread: string;
  /** The reply that it goes on from; absent for a first one. Where a thread has no choices, that is the one before. */
  readonly after?: string;
  /** The id of the first of those that were offered together with this one. */
  readonly fork?: string;
  /**
   * Absent for a part of the story. `open`: it stands at the end of the story for those of which the user has yet to
   * choose one. `aside`: the story goes another way.
   */
  readonly way?: 'open' | 'aside';
  readonly ask: Ask;
  readonly state: ReplyState;
  /** Whether the server has confirmed it. */
  readonly submitted: boolean;
  /** Seeds of the parts that follow automatically, from a link to a story of several parts. */
  readonly nextSeeds?: readonly number[];
  /** The thread that this story branched from. */
  readonly parent?: string;
  /** What the user says of it. */
  readonly verdict?: Verdict;
}

/** A reply that is about to be requested. A continuation continues no word. */
export function newReply(
  id: string,
  thread: string,
  { probabilities: _, continuesWord, ...ask }: Ask,
  asksForProbabilities: boolean,
): Reply {
  return {
    id,
    thread,
    ask: {
      ...ask,
      ...(continuesWord && ask.prompt !== '' ? { continuesWord } : {}),
      ...(asksForProbabilities ? { probabilities: true } : {}),
    },
    state: { status: 'waiting', position: null },
    submitted: false,
  };
}

/** The text of a state, if it has one. */
export function textOf(state: ReplyState): string {
  return state.status === 'waiting' ? '' : state.text;
}

/**
 * The state to show after `incoming` arrived while `shown` was shown. A state only moves forward, a growing
 * text only grows within one beginning (a worker that lost its story may still report an old snapshot), and the
 * final state always replaces the shown one.
 */
export function mergeState(shown: ReplyState, incoming: ReplyState): ReplyState {
  if (isFinal(shown)) return shown;
  if (isFinal(incoming)) return incoming;
  if (shown.status !== 'writing') return incoming;
  if (incoming.status !== 'writing') return shown;
  const beginnings = beginningOf(incoming) - beginningOf(shown);
  if (beginnings !== 0) return beginnings > 0 ? incoming : shown;
  return incoming.text.startsWith(shown.text) ? incoming : shown;
}

/** The state of a reply that failed here and not in the backend, with the text shown so far. */
export function failed(shown: ReplyState, { code, message }: { code: string; message: string }): ReplyState {
  return { status: 'failed', text: textOf(shown), error: { code, message } };
}

/**
 * The context of a continuation: the end of the whole text so far, including the earlier context, cut at a
 * word boundary.
 *
 * @param line the user's line with which the story goes on
 */
export function continuationContext(
  replies: readonly Reply[],
  max: number = STORY_BOUNDS.context.max,
  line = '',
): string {
  const whole = (replies[0]?.ask.context ?? '') + wholeText(replies);
  return endOf(whole + jointBefore(line, whole), max);
}

/** The whole text of a thread, its parts joined. */
export function wholeText(replies: readonly Reply[]): string {
  return segmentsOf(replies)
    .map(({ text }) => text)
    .join('');
}

/**
 * A thread as segments of text. `lastText` replaces the text of the last part while it is being revealed. A
 * prompt is a separate segment only where the story begins with it.
 */
export function segmentsOf(replies: readonly Reply[], lastText?: string): Segment[] {
  const segments: Segment[] = [];
  let before = '';
  for (const [index, { ask, state }] of replies.entries()) {
    const isLast = index === replies.length - 1;
    const text = isLast && lastText !== undefined ? lastText : textOf(state);
    if (text === '') continue;
    // Uses the whole text, so that a prompt that is still being revealed is already recognised.
    const { joint, promptLength } = joinOf(before, textOf(state), ask.prompt);
    if (promptLength > 0) segments.push({ kind: 'prompt', text: joint + text.slice(0, promptLength) });
    const rest = (promptLength > 0 ? '' : joint) + text.slice(promptLength);
    const from = promptLength > 0 ? promptLength : 0 - joint.length;
    if (rest !== '') segments.push({ kind: 'written', text: rest, source: { reply: index, from } });
    before = text;
  }
  return segments;
}
