/**
 * The page's backend in the visitor's own browser: a Web Worker writes the stories, which are kept for its
 * lifetime.
 */

import { StoryError } from '../errors.ts';
import { ApiError, type StoryApi } from '../page/api.ts';
import type { StoryBackend } from '../page/backend.ts';
import type { OpenEvents } from '../page/following.ts';
import { isOver } from '../page/reply.ts';
import { completeRequest } from '../story/complete-request.ts';
import type { ModelChoice, ReplyState, StoryRequest, StorytellerStatus } from '../story/story.ts';
import type { Order, Report } from './messages.ts';

/** The page's interface to the worker. */
export interface WriterThread {
  send(order: Order): void;
  /** `onBroken` is called when the worker's script failed to load, or failed later. */
  listen(onReport: (report: Report) => void, onBroken: () => void): void;
}

export interface WorkerBackendOptions {
  readonly thread: WriterThread;
  /** The available models, at least one; the first is the default. */
  readonly models: readonly ModelChoice[];
  readonly drawSeed: () => number;
}

/** One reply of this visit. */
interface Kept {
  readonly request: StoryRequest;
  state: ReplyState;
  readonly listeners: Set<(state: ReplyState) => void>;
}

const BROKEN = new ApiError(
  'internal',
  'The storyteller does not run in this browser, or broke. Reload the page, or try a newer browser.',
);

export class WorkerBackend implements StoryBackend {
  /** A worker ends with its page: unfinished stories are requested again after a reload. */
  readonly remembers = false;
  /** Messages cost nothing, so every follower is admitted. */
  readonly gate = { enter: () => () => {} };
  readonly api: StoryApi;
  readonly #options: WorkerBackendOptions;
  readonly #replies = new Map<string, Kept>();
  #status: StorytellerStatus | undefined = { phase: 'loading', loaded: 0 };
  #broken = false;
  #onStatus = () => {};

  constructor(options: WorkerBackendOptions) {
    this.#options = options;
    const { thread, models } = options;
    thread.listen(
      (report) => this.#hear(report),
      () => this.#break(),
    );
    this.api = {
      submit: async (id, ask) => this.#submit(id, ask),
      read: async (id) => this.#replies.get(id),
      stop: async (id) => thread.send({ type: 'stop', id }),
      models: async () => models,
      status: async () => this.#readStatus(),
    };
    this.#prepare();
  }

  openEvents: OpenEvents = (id, { onState, onLoss }) => {
    const kept = this.#replies.get(id);
    if (!kept) {
      queueMicrotask(onLoss);
      return () => {};
    }
    kept.listeners.add(onState);
    queueMicrotask(() => {
      if (kept.listeners.has(onState)) onState(kept.state);
    });
    return () => kept.listeners.delete(onState);
  };

  onStatus = (listener: () => void) => {
    this.#onStatus = listener;
  };

  #submit(id: string, ask: Parameters<StoryApi['submit']>[1]): StoryRequest {
    const known = this.#replies.get(id);
    if (known) return known.request;
    if (this.#broken) throw BROKEN;
    const { thread, models, drawSeed } = this.#options;
    try {
      const request = completeRequest(ask, models, drawSeed);
      const state: ReplyState = { status: 'waiting', position: null };
      this.#replies.set(id, { request, state, listeners: new Set() });
      thread.send({ type: 'write', id, request });
      return request;
    } catch (error) {
      throw error instanceof StoryError ? new ApiError(error.code, error.message) : error;
    }
  }

  #readStatus(): StorytellerStatus {
    if (this.#status) return this.#status;
    // The page announces a retry, so one is started.
    if (!this.#broken) this.#prepare();
    throw new ApiError('offline', 'The model could not be loaded.');
  }

  #prepare(): void {
    this.#options.thread.send({ type: 'prepare', model: this.#options.models[0]!.name });
  }

  #hear(report: Report): void {
    if (report.type === 'status') {
      this.#status = report.status;
      this.#onStatus();
    } else {
      this.#set(report.id, report.state);
    }
  }

  #set(id: string, state: ReplyState): void {
    const kept = this.#replies.get(id);
    if (!kept) return;
    kept.state = state;
    for (const listener of [...kept.listeners]) listener(state);
  }

  #break(): void {
    this.#broken = true;
    this.#status = undefined;
    this.#onStatus();
    for (const [id, { state }] of this.#replies) {
      if (isOver(state)) continue;
      const text = 'text' in state ? state.text : '';
      this.#set(id, { status: 'failed', text, error: { code: BROKEN.code, message: BROKEN.message } });
    }
  }
}
