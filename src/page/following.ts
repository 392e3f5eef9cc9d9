/**
 * Follows replies across lost connections. Does not use the DOM: the page passes in what is needed from it.
 */
import type { ReplyState } from '../story/story.ts';
import { ApiError, type StoryApi } from './api.ts';
import { isOver } from './reply.ts';

/** The events of a reply. */
export interface EventListener {
  onState(state: ReplyState): void;
  /** A keep-alive without a new state. */
  onAlive(): void;
  /** The stream ended, failed or does not know the reply. */
  onLoss(): void;
}

/** Opens the events of a reply; the returned function closes them. */
export type OpenEvents = (id: string, listener: EventListener) => () => void;

/** Decides when events may be used: a hidden window polls instead. */
export interface StreamGate {
  /** Returns the function that releases the events; undefined when events are not available. */
  enter(onRevoke: () => void): (() => void) | undefined;
}

/** The dependencies of following a reply. */
export interface FollowTools {
  readonly api: Pick<StoryApi, 'read' | 'submit'>;
  readonly openEvents: OpenEvents;
  readonly gate: StreamGate;
  readonly wait: (ms: number) => Promise<void>;
  /** Calls `ring` after `ms`, unless the returned function was called before. */
  readonly alarm: (ms: number, ring: () => void) => () => void;
}

/** The notifications to a follower. */
export interface FollowListener {
  onState(state: ReplyState): void;
  /** Called with whether the connection is lost at the moment. */
  onTrouble(lost: boolean): void;
}

const BACK_OFF_MS = [500, 1_000, 2_000, 4_000, 8_000];
/** The interval between two reads of a reply that gets no events. */
const POLL_MS = 2_500;
/** A server sends the present state at once: when it is late by this much, a proxy buffers the events. */
export const FIRST_EVENT_MS = 8_000;
/** After this time without a keep-alive, events count as lost; a server sends one every ten seconds. */
export const SILENCE_MS = 25_000;
/** Reads of a reply before buffered events are tried again: one minute. */
const POLLS_WITHOUT_EVENTS = 24;

/** The pause before a retry, growing to a maximum. */
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
    // A stream does not report why it failed; an ordinary request does.
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

/** Sends a request until the server has answered it; fails with a sentence after the last pause. */
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
 * Follows the events of a reply: `over` when the reply ended, `heard` or `silent` when the events were lost
 * after or before the first one, `held back` when they were open and none arrived, `none` when events are not
 * available.
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
