/**
 * The visitor's own browser as the page's backend: a Web Worker writes the stories, which are kept for its
 * lifetime.
 */
import { StoryError } from '../../errors.ts';
import { alternatives } from '../../story/continuations.ts';
import {
  inputOf,
  isFinal,
  type ModelChoice,
  type ReplyState,
  type StoryRequest,
  type StorytellerStatus,
} from '../../story/story.ts';
import { completeRequest } from '../../story/story-request.ts';
import { workerUrl } from '../policy.ts';
import { type Ask, failed } from '../reply.ts';
import { ApiError, type OpenEvents, type StoryApi, type StoryBackend } from './backend.ts';

/** From the page to the worker. */
export type Order =
  /** Prepare this model before a story is requested from it. */
  | { readonly type: 'prepare'; readonly model: string }
  | { readonly type: 'write'; readonly id: string; readonly request: StoryRequest }
  | { readonly type: 'stop'; readonly id: string };

/** From the worker to the page. */
export type Report =
  /** `undefined` when the model could not be prepared. */
  | { readonly type: 'status'; readonly status: StorytellerStatus | undefined }
  | { readonly type: 'state'; readonly id: string; readonly state: ReplyState };

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
interface WorkerReply {
  readonly request: StoryRequest;
  state: ReplyState;
  readonly listeners: Set<(state: ReplyState) => void>;
}

const WORKER_FAILED = new ApiError(
  'internal',
  'The storyteller does not run in this browser, or it failed. Reload the page, or try a newer browser.',
);

export class WorkerBackend implements StoryBackend {
  /** A worker ends with its page: unfinished stories are requested again after a reload. */
  readonly remembers = false;
  /** Messages cost nothing, so every follower is admitted. */
  readonly gate = { enter: () => () => {} };
  readonly api: StoryApi;
  readonly #options: WorkerBackendOptions;
  readonly #replies = new Map<string, WorkerReply>();
  #status: StorytellerStatus | undefined = { phase: 'loading', loaded: 0 };
  #hasFailed = false;
  #onStatus = () => {};

  constructor(options: WorkerBackendOptions) {
    this.#options = options;
    const { thread, models } = options;
    thread.listen(
      (report) => this.#receive(report),
      () => this.#fail(),
    );
    this.api = {
      submit: async (id, ask) => this.#submit(id, ask),
      offer: async (ids, ask) => {
        const asks = alternatives(ask);
        return ids.map((id, index) => this.#submit(id, asks[index]!));
      },
      read: async (id) => this.#replies.get(id),
      stop: async (id) => thread.send({ type: 'stop', id }),
      remove: async (id) => {
        thread.send({ type: 'stop', id });
        this.#replies.delete(id);
      },
      models: async () => models,
      status: async () => this.#readStatus(),
    };
    this.#prepare();
  }

  openEvents: OpenEvents = (id, { onState, onLoss }) => {
    const reply = this.#replies.get(id);
    if (!reply) {
      queueMicrotask(onLoss);
      return () => {};
    }
    reply.listeners.add(onState);
    queueMicrotask(() => {
      if (reply.listeners.has(onState)) onState(reply.state);
    });
    return () => reply.listeners.delete(onState);
  };

  onStatus = (listener: () => void) => {
    this.#onStatus = listener;
  };

  #submit(id: string, ask: Ask): StoryRequest {
    const known = this.#replies.get(id);
    if (known) return known.request;
    if (this.#hasFailed) throw WORKER_FAILED;
    const { thread, models, drawSeed } = this.#options;
    try {
      const request = completeRequest(inputOf(ask), models, drawSeed);
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
    if (!this.#hasFailed) this.#prepare();
    throw new ApiError('offline', 'The model could not be loaded.');
  }

  #prepare(): void {
    this.#options.thread.send({ type: 'prepare', model: this.#options.models[0]!.name });
  }

  #receive(report: Report): void {
    if (report.type === 'status') {
      this.#status = report.status;
      this.#onStatus();
    } else {
      this.#set(report.id, report.state);
    }
  }

  #set(id: string, state: ReplyState): void {
    const reply = this.#replies.get(id);
    if (!reply) return;
    reply.state = state;
    for (const listener of [...reply.listeners]) listener(state);
  }

  #fail(): void {
    this.#hasFailed = true;
    this.#status = undefined;
    this.#onStatus();
    for (const [id, { state }] of this.#replies) {
      if (!isFinal(state)) this.#set(id, failed(state, WORKER_FAILED));
    }
  }
}

/** Starts the worker in the folder of the page's script. */
export function startWorker(): WriterThread {
  const url = new URL('worker.js', import.meta.url).href;
  const worker = new Worker(workerUrl(url), { type: 'module' });
  return {
    send: (order: Order) => worker.postMessage(order),
    listen(onReport, onBroken) {
      worker.addEventListener('message', ({ data }: MessageEvent<Report>) => onReport(data));
      worker.addEventListener('error', onBroken);
      worker.addEventListener('messageerror', onBroken);
    },
  };
}
