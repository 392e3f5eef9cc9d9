/** What the page knows about one reply, and how that changes. Pure. */
import type { ReplyState, StoryRequest } from '../story/story.ts';

/** A request as the page makes it: the model may be left to the server. */
export type Ask = Omit<StoryRequest, 'model'> & { readonly model?: string };

/** One reply as the page keeps it. */
export interface Reply {
  /** Made here and used as the idempotency key. */
  readonly id: string;
  /** Replies of one thread are parts of one story, each continuing the one before. */
  readonly thread: string;
  readonly ask: Ask;
  readonly state: ReplyState;
  /** Whether the server is known to have it. */
  readonly submitted: boolean;
  /** Seeds of the parts that are to follow by themselves, from a link to a story of several parts. */
  readonly nextSeeds?: readonly number[];
}

/** Whether nothing more will come. */
export function isOver(state: ReplyState): boolean {
  return state.status === 'finished' || state.status === 'failed';
}

/** The text of a state, where it has one. */
export function textOf(state: ReplyState): string {
  return state.status === 'waiting' ? '' : state.text;
}

/**
 * What to show after `incoming` arrived while `shown` was shown. A state only moves forward, a growing text
 * only grows (a worker that lost its story may still report an old snapshot), and the final state is the
 * truth whatever was shown before.
 */
export function mergeState(shown: ReplyState, incoming: ReplyState): ReplyState {
  if (isOver(shown)) return shown;
  if (isOver(incoming)) return incoming;
  if (shown.status === 'waiting') return incoming;
  if (incoming.status === 'waiting') return shown;
  return textOf(incoming).startsWith(textOf(shown)) ? incoming : shown;
}

/** A reply that ended here and not on the server: refused, out of reach, or forgotten by it. */
export function failHere(reply: Reply, code: string, message: string): Reply {
  return { ...reply, state: { status: 'failed', text: textOf(reply.state), error: { code, message } } };
}
