/** The page's state of one reply, and its transitions. Pure. */
import type { ReplyState, StoryRequest } from '../story/story.ts';

/** A request as the page makes it: the server may choose the model. */
export type Ask = Omit<StoryRequest, 'model'> & { readonly model?: string };

/** One reply as the page stores it. */
export interface Reply {
  /** Made by the page and used as the idempotency key. */
  readonly id: string;
  /** Replies of one thread are parts of one story, each continuing the one before. */
  readonly thread: string;
  readonly ask: Ask;
  readonly state: ReplyState;
  /** Whether the server has confirmed it. */
  readonly submitted: boolean;
  /** Seeds of the parts that follow automatically, from a link to a story of several parts. */
  readonly nextSeeds?: readonly number[];
}

/** Whether a state is final. */
export function isOver(state: ReplyState): boolean {
  return state.status === 'finished' || state.status === 'failed';
}

/** The text of a state, if it has one. */
export function textOf(state: ReplyState): string {
  return state.status === 'waiting' ? '' : state.text;
}

/**
 * The state to show after `incoming` arrived while `shown` was shown. A state only moves forward, a growing
 * text only grows (a worker that lost its story may still report an old snapshot), and the final state always
 * replaces the shown one.
 */
export function mergeState(shown: ReplyState, incoming: ReplyState): ReplyState {
  if (isOver(shown)) return shown;
  if (isOver(incoming)) return incoming;
  if (shown.status === 'waiting') return incoming;
  if (incoming.status === 'waiting') return shown;
  return textOf(incoming).startsWith(textOf(shown)) ? incoming : shown;
}

/** A reply that failed on the page and not on the server: refused, unreachable, or unknown to the server. */
export function failHere(reply: Reply, code: string, message: string): Reply {
  return { ...reply, state: { status: 'failed', text: textOf(reply.state), error: { code, message } } };
}
