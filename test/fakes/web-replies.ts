import type { KnownReply, OfferedReply, WebReplies } from '../../src/bots/web/replies.ts';
import { StoryError } from '../../src/errors.ts';
import type { Requester } from '../../src/queue/admission/store.ts';
import { keptText, writtenRequest } from '../../src/story/continuations.ts';
import { isRatable, type Verdict } from '../../src/story/feedback.ts';
import {
  isFinal,
  type ReplyState,
  type StoryRequest,
  type StorytellerStatus,
} from '../../src/story/story.ts';

/** A story of about 1,400 characters that the fake repeats. */
export const CANNED_STORY = `
 a signal that nobody aboard had been meant to hear. It came through the ice in the third watch, a slow and patient knocking, and the machines that listened for the colony wrote it down as weather.

"That is no weather," said Ilse, who had the night to herself. She turned the dial until the needle lay flat. "Weather does not count to seven."

The old computer considered this for as long as it considered anything. It had been built for arithmetic and had learned to be polite.

"It may be," it said, "that the weather has improved."

She laughed, and the knocking stopped, as if the thing below the ice had laughed too and wished to listen to the sound of it. Then it began again. It counted to eight.

By morning the whole station stood in the corridor with cups of bad coffee, and the captain, who did not believe in anything that could not be weighed, had ordered the great lamp to be lowered into the dark. The light went down and down. It showed them the blue walls of the shaft, and the older walls behind them, and at last a door.

"Well," said the captain at length, "somebody had better knock."`.slice(1);

/** The pace at which the fake writes by itself. */
export interface Pace {
  readonly everyMs: number;
  readonly characters: number;
  /** The delay of a story before its first character. */
  readonly waitMs?: number;
}

interface Held {
  request: StoryRequest;
  state: ReplyState;
  listeners: Set<(state: ReplyState) => void>;
  timer?: NodeJS.Timeout;
}

/**
 * The queue as the web server sees it, in memory: advanced by the test, or writing a canned story at a pace.
 */
export class FakeWebReplies implements WebReplies {
  readonly held = new Map<string, Held>();
  readonly submitted: string[] = [];
  /** What users say of replies. */
  readonly verdicts = new Map<string, Verdict>();
  /** Characters after which stories that write by themselves wait: only a stop ends them then. */
  most = Number.POSITIVE_INFINITY;
  readonly askers: (Requester | undefined)[] = [];
  storytellers: StorytellerStatus & { waiting: number } = { phase: 'ready', loaded: 1, waiting: 0 };
  /** If it is set, every call rejects with it. */
  broken: Error | undefined;
  readonly #pace: Pace | undefined;

  constructor(pace?: Pace) {
    this.#pace = pace;
  }

  async submit(id: string, request: StoryRequest, asker: Requester | undefined): Promise<void> {
    this.askers.push(asker);
    this.#add(id, request);
  }

  async offer(offered: readonly OfferedReply[], asker: Requester | undefined): Promise<void> {
    this.askers.push(asker);
    for (const { id, request } of offered) this.#add(id, request);
  }

  #add(id: string, request: StoryRequest): void {
    if (this.broken) throw this.broken;
    this.submitted.push(id);
    if (this.held.has(id)) return;
    this.held.set(id, { request, state: { status: 'waiting', position: 1 }, listeners: new Set() });
    if (this.#pace) this.#write(id, this.#pace);
  }

  async read(id: string): Promise<KnownReply | undefined> {
    if (this.broken) throw this.broken;
    const held = this.held.get(id);
    return held && { request: held.request, state: held.state };
  }

  async follow(id: string, listener: (state: ReplyState) => void): Promise<(() => void) | undefined> {
    if (this.broken) throw this.broken;
    const held = this.held.get(id);
    if (held === undefined) return undefined;
    held.listeners.add(listener);
    listener(held.state);
    return () => void held.listeners.delete(listener);
  }

  async stop(id: string): Promise<boolean> {
    if (this.broken) throw this.broken;
    const held = this.held.get(id);
    if (held === undefined) return false;
    if (!isFinal(held.state)) this.finish(id, 'text' in held.state ? held.state.text : '', 'stopped');
    return true;
  }

  async rate(id: string, verdict: Verdict | undefined): Promise<Verdict | undefined> {
    if (this.broken) throw this.broken;
    const held = this.held.get(id);
    if (held === undefined) throw new StoryError('not_found', 'I no longer keep this story.');
    if (!isRatable(held.state, held.request)) throw new StoryError('bad_request', 'It has not ended.');
    if (verdict === undefined) this.verdicts.delete(id);
    else this.verdicts.set(id, verdict);
    return verdict;
  }

  async remove(id: string): Promise<void> {
    if (this.broken) throw this.broken;
    clearInterval(this.held.get(id)?.timer);
    this.held.delete(id);
  }

  status(): StorytellerStatus & { waiting: number } {
    return this.storytellers;
  }

  /** Advances a reply to its next state. */
  set(id: string, state: ReplyState): void {
    const held = this.held.get(id);
    if (held === undefined) throw new StoryError('not_found', `Expected a reply ${id}, got none`);
    held.state = state;
    for (const listener of held.listeners) listener(state);
    if (isFinal(state)) {
      clearInterval(held.timer);
      held.listeners.clear();
    }
  }

  /** Ends a reply as the generator would. */
  finish(id: string, text: string, ending: 'complete' | 'stopped' = 'complete'): void {
    this.set(id, { status: 'finished', text, ending, modelVersion: 'abc123', engine: 'onnx', unreadable: 0 });
  }

  /** The number of listeners of a reply. */
  listeners(id: string): number {
    return this.held.get(id)?.listeners.size ?? 0;
  }

  /** Forgets all replies, as a queue does after their retention time. */
  forget(): void {
    for (const held of this.held.values()) clearInterval(held.timer);
    this.held.clear();
  }

  #write(id: string, pace: Pace): void {
    const held = this.held.get(id)!;
    const { prompt, length } = writtenRequest(held.request);
    // Each brief begins with a sentence of its own.
    const own = held.request.brief ? ` They took door ${this.submitted.length}.` : '';
    const written = `${prompt}${own}${CANNED_STORY}`.slice(0, length);
    const whole = keptText(held.request, written);
    let shown = prompt.length;
    const startMs = Date.now() + (pace.waitMs ?? 0);
    held.timer = setInterval(() => {
      if (Date.now() < startMs || shown >= this.most) return;
      shown += pace.characters;
      if (shown >= whole.length) this.finish(id, whole);
      else this.set(id, { status: 'writing', text: whole.slice(0, shown) });
    }, pace.everyMs);
  }
}
