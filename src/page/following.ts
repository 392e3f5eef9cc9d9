/**
 * Follows replies across lost connections. Does not use the DOM: the page passes in what is needed from it.
 */
import { isFinal, type ReplyState } from '../story/story.ts';
import { ApiError, type StoryApi, type StoryBackend } from './backend/backend.ts';

/** Timers; tests replace them. */
export interface Timers {
  wait(ms: number): Promise<void>;
  /** Calls `run` after `ms`, unless the returned function was called before. */
  later(ms: number, run: () => void): () => void;
}

/** The part of a backend with which a reply is followed. */
export type FollowSource = Pick<StoryBackend, 'openEvents' | 'gate'> & {
  readonly api: Pick<StoryApi, 'read'>;
};

/** The notifications to a follower. */
export interface FollowListener {
  onState(state: ReplyState): void;
  /** Called with whether the connection is lost at the moment. */
  onConnection(isLost: boolean): void;
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

/** Follows a reply to its end: `final`, or `unknown` when the server no longer has it. */
export async function followReply(
  id: string,
  backend: FollowSource,
  timers: Timers,
  listener: FollowListener,
  signal: AbortSignal,
): Promise<'final' | 'unknown' | 'aborted'> {
  let attempt = 0;
  let polls = 0;
  while (!signal.aborted) {
    const events = polls > 0 ? 'unavailable' : await followEvents(id, backend, timers, listener, signal);
    if (events === 'final') return 'final';
    if (events === 'lost') attempt = 0;
    polls = events === 'buffered' ? POLLS_WITHOUT_EVENTS : Math.max(0, polls - 1);
    if (signal.aborted) break;
    // A stream does not report why it failed; an ordinary request does.
    try {
      const known = await backend.api.read(id);
      if (signal.aborted) break;
      if (known === undefined) return 'unknown';
      listener.onConnection(false);
      listener.onState(known.state);
      if (isFinal(known.state)) return 'final';
    } catch {
      listener.onConnection(true);
    }
    const isPolled = events === 'unavailable' || events === 'buffered';
    await timers.wait(isPolled ? POLL_MS : backOffMs(attempt++));
  }
  return 'aborted';
}

/** Sends a request until the server has answered it; fails with a sentence after the last pause. */
export async function submitReply(
  send: () => Promise<void>,
  { wait }: Pick<Timers, 'wait'>,
  onLost: () => void,
) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const offline = error instanceof ApiError && error.code === 'offline';
      if (!offline || attempt >= BACK_OFF_MS.length) throw error;
      onLost();
      await wait(backOffMs(attempt));
    }
  }
}

/** Why the events of a reply ended. */
type EventsEnd =
  | 'final'
  /** Lost after at least one event. */
  | 'lost'
  /** Lost before the first event. */
  | 'refused'
  /** Open, but without a first event in time: a proxy buffers them. */
  | 'buffered'
  /** Not opened, because the gate is closed. */
  | 'unavailable';

function followEvents(
  id: string,
  { gate, openEvents }: FollowSource,
  { later }: Timers,
  listener: FollowListener,
  signal: AbortSignal,
): Promise<EventsEnd> {
  return new Promise((resolve) => {
    let hasEvents = false;
    let close = () => {};
    let cancelAlarm = () => {};
    const end = (how: EventsEnd) => {
      cancelAlarm();
      close();
      release?.();
      signal.removeEventListener('abort', onLoss);
      resolve(how);
    };
    const onLoss = () => end(hasEvents ? 'lost' : 'refused');
    const release = gate.enter(onLoss);
    if (release === undefined) return resolve('unavailable');
    signal.addEventListener('abort', onLoss);
    const onAlive = () => {
      hasEvents = true;
      cancelAlarm();
      cancelAlarm = later(SILENCE_MS, onLoss);
    };
    const onState = (state: ReplyState) => {
      onAlive();
      listener.onConnection(false);
      listener.onState(state);
      if (isFinal(state)) end('final');
    };
    cancelAlarm = later(FIRST_EVENT_MS, () => end('buffered'));
    close = openEvents(id, { onState, onAlive, onLoss });
  });
}
