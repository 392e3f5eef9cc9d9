/** Follows replies through lost connections. Free of the DOM: the page passes in what it takes from there. */
import type { ReplyState } from '../story/story.ts';
import { ApiError, type StoryApi } from './api.ts';
import { isOver } from './reply.ts';

/** What the events of a reply say. */
export interface EventListener {
  onState(state: ReplyState): void;
  /** A sign of life without a new state. */
  onAlive(): void;
  /** The stream ended, broke or does not know the reply. */
  onLoss(): void;
}

/** Opens the events of a reply; the function that is returned closes them. */
export type OpenEvents = (id: string, listener: EventListener) => () => void;

/** Says when events may be had: a window that is hidden asks now and then instead. */
export interface StreamGate {
  /** The function that gives the events back; undefined when there are none to have. */
  enter(onRevoke: () => void): (() => void) | undefined;
}

/** What following needs from its environment. */
export interface FollowTools {
  readonly api: Pick<StoryApi, 'read' | 'submit'>;
  readonly openEvents: OpenEvents;
  readonly gate: StreamGate;
  readonly wait: (ms: number) => Promise<void>;
  /** Calls `ring` after `ms`, unless the function that is returned was called before. */
  readonly alarm: (ms: number, ring: () => void) => () => void;
}

/** What a follower is told. */
export interface FollowListener {
  onState(state: ReplyState): void;
  /** Whether the connection is lost at the moment. */
  onTrouble(lost: boolean): void;
}

const BACK_OFF_MS = [500, 1_000, 2_000, 4_000, 8_000];
/** How often a reply is read that gets no events. */
const POLL_MS = 2_500;
/** A server sends the present state at once: without it by then, a proxy on the way holds events back. */
export const FIRST_EVENT_MS = 8_000;
/** After so long without a sign of life events count as lost; a server gives one every ten seconds. */
export const SILENCE_MS = 25_000;
/** How often a reply is read before events that were held back are tried again: for a minute. */
const POLLS_WITHOUT_EVENTS = 24;

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
  let polls = 0;
  while (!signal.aborted) {
    const events = polls > 0 ? 'none' : await followEvents(id, tools, listener, signal);
    if (events === 'over') return 'over';
    if (events === 'heard') attempt = 0;
    polls = events === 'held back' ? POLLS_WITHOUT_EVENTS : Math.max(0, polls - 1);
    if (signal.aborted) break;
    // A stream does not say why it failed; an ordinary request does.
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
    const isPolled = events === 'none' || events === 'held back';
    await tools.wait(isPolled ? POLL_MS : backOffMs(attempt++));
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

/**
 * Follows the events of a reply as far as they go: `over` with the reply, `heard` or `silent` when they are
 * lost with or without a word, `held back` when they were open and nothing came, `none` when there are none.
 */
function followEvents(
  id: string,
  { gate, openEvents, alarm }: FollowTools,
  listener: FollowListener,
  signal: AbortSignal,
): Promise<'over' | 'heard' | 'silent' | 'held back' | 'none'> {
  return new Promise((resolve) => {
    let heard = false;
    let close = () => {};
    let calm = () => {};
    const end = (how: 'over' | 'heard' | 'silent' | 'held back') => {
      calm();
      close();
      leave?.();
      signal.removeEventListener('abort', onLoss);
      resolve(how);
    };
    const onLoss = () => end(heard ? 'heard' : 'silent');
    const leave = gate.enter(onLoss);
    if (leave === undefined) return resolve('none');
    signal.addEventListener('abort', onLoss);
    const onAlive = () => {
      heard = true;
      calm();
      calm = alarm(SILENCE_MS, onLoss);
    };
    const onState = (state: ReplyState) => {
      onAlive();
      listener.onTrouble(false);
      listener.onState(state);
      if (isOver(state)) end('over');
    };
    calm = alarm(FIRST_EVENT_MS, () => end('held back'));
    close = openEvents(id, { onState, onAlive, onLoss });
  });
}
