/** Follows replies through lost connections. Free of the DOM: the page passes in what it takes from there. */
import type { ReplyState } from '../../../story.ts';
import { ApiError, type StoryApi } from './api.ts';
import { isOver } from './reply.ts';

/** Opens the stream of a reply's states; the function that is returned closes it. */
export type OpenEvents = (
  id: string,
  onState: (state: ReplyState) => void,
  onError: () => void,
) => () => void;

/** Grants event streams; a browser has six connections to one server, over all of its tabs. */
export interface StreamGate {
  /** The function that gives the stream back; undefined when there is none to have. */
  enter(onRevoke: () => void): (() => void) | undefined;
}

/** What following needs from its surroundings. */
export interface FollowTools {
  readonly api: Pick<StoryApi, 'read' | 'submit'>;
  readonly openEvents: OpenEvents;
  readonly gate: StreamGate;
  readonly wait: (ms: number) => Promise<void>;
}

/** What a follower is told. */
export interface FollowListener {
  onState(state: ReplyState): void;
  /** Whether the connection is lost at the moment. */
  onTrouble(lost: boolean): void;
}

const BACK_OFF_MS = [500, 1_000, 2_000, 4_000, 8_000];
/** How often a reply is read that gets no stream of its own. */
const POLL_MS = 2_500;

/** Pauses between tries, growing up to the last one. */
export function backOffMs(attempt: number): number {
  return BACK_OFF_MS[Math.min(attempt, BACK_OFF_MS.length - 1)]!;
}

/** Follows a reply to its end: `over`, or `unknown` when the server no longer has it. */
export async function followReply(
  id: string,
  tools: FollowTools,
  listener: FollowListener,
  signal: AbortSignal,
): Promise<'over' | 'unknown' | 'left'> {
  let attempt = 0;
  while (!signal.aborted) {
    const streamed = await streamStates(id, tools, listener, signal);
    if (streamed === 'over') return 'over';
    if (streamed === 'heard') attempt = 0;
    if (signal.aborted) break;
    // An EventSource does not say why it failed; an ordinary request does.
    try {
      const known = await tools.api.read(id);
      if (signal.aborted) break;
      if (known === undefined) return 'unknown';
      listener.onTrouble(false);
      listener.onState(known.state);
      if (isOver(known.state)) return 'over';
    } catch {
      listener.onTrouble(true);
    }
    await tools.wait(streamed === 'no stream' ? POLL_MS : backOffMs(attempt++));
  }
  return 'left';
}

/** Sends a request until the server has answered it; gives up, in words, after the last pause. */
export async function submitReply(
  send: () => Promise<void>,
  tools: Pick<FollowTools, 'wait'>,
  onTrouble: () => void,
) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const offline = error instanceof ApiError && error.code === 'offline';
      if (!offline || attempt >= BACK_OFF_MS.length) throw error;
      onTrouble();
      await tools.wait(backOffMs(attempt));
    }
  }
}

function streamStates(
  id: string,
  { gate, openEvents }: FollowTools,
  listener: FollowListener,
  signal: AbortSignal,
): Promise<'over' | 'heard' | 'silent' | 'no stream'> {
  return new Promise((resolve) => {
    let heard = false;
    let close = () => {};
    const end = (how: 'over' | 'heard' | 'silent') => {
      close();
      leave?.();
      signal.removeEventListener('abort', onLoss);
      resolve(how);
    };
    const onLoss = () => end(heard ? 'heard' : 'silent');
    const leave = gate.enter(onLoss);
    if (leave === undefined) return resolve('no stream');
    signal.addEventListener('abort', onLoss);
    const onState = (state: ReplyState) => {
      heard = true;
      listener.onTrouble(false);
      listener.onState(state);
      if (isOver(state)) end('over');
    };
    close = openEvents(id, onState, onLoss);
  });
}
