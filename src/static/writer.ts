/** Carries out the page's orders: writes stories, reports their growth, and stops them. */
import { sentenceFor } from '../errors.ts';
import { EngineLostError } from '../generator/engines/engine.ts';
import type { Storyteller } from '../generator/storyteller.ts';
import { PostedText } from '../story/filter/find.ts';
import type { ReplyState, Story, StoryRequest } from '../story/story.ts';
import type { Order, Report } from './messages.ts';

/** Pause between two snapshots of a story. The first one is sent at once. */
const SNAPSHOT_INTERVAL_MS = 100;

export interface WriterTools {
  /** The source of the storytellers: a `BrowserModelRegistry`. */
  readonly shelf: {
    storyteller(model: string): Promise<Pick<Storyteller, 'tell'>>;
    recover(): Promise<void>;
  };
  readonly report: (report: Report) => void;
  readonly clock: () => number;
}

export class Writer {
  readonly #tools: WriterTools;
  readonly #stops = new Map<string, AbortController>();

  constructor(tools: WriterTools) {
    this.#tools = tools;
  }

  obey(order: Order): void {
    switch (order.type) {
      case 'prepare':
        this.#tools.shelf.storyteller(order.model).catch(() => {}); // The registry's status reports the failure.
        break;
      case 'write':
        void this.#write(order.id, order.request);
        break;
      case 'stop':
        this.#stops.get(order.id)?.abort();
    }
  }

  async #write(id: string, request: StoryRequest): Promise<void> {
    const stop = new AbortController();
    this.#stops.set(id, stop);
    const posted = new PostedText(request.prompt);
    let text = posted.of(request.prompt);
    const report = (state: ReplyState) => this.#tools.report({ type: 'state', id, state });
    try {
      const story = await this.#tell(request, stop.signal, (snapshot) => {
        text = posted.of(snapshot);
        report({ status: 'writing', text });
      });
      report({ status: 'finished', ...story, text: posted.of(story.text) });
    } catch (error) {
      report({ status: 'failed', text, error: sentenceFor(error) });
    } finally {
      this.#stops.delete(id);
    }
  }

  /** Writes a story to its end; after a lost device it continues from its last snapshot. */
  async #tell(
    request: StoryRequest,
    signal: AbortSignal,
    onSnapshot: (text: string) => void,
  ): Promise<Story> {
    const { shelf, clock } = this.#tools;
    let text = request.prompt;
    let sentAt = Number.NEGATIVE_INFINITY;
    for (;;) {
      const storyteller = await unlessAborted(shelf.storyteller(request.model), signal);
      if (!storyteller) return unbegun(text);
      try {
        return await storyteller.tell(request, {
          resumeFrom: text,
          signal,
          onWord: (read) => {
            if (clock() - sentAt < SNAPSHOT_INTERVAL_MS) return;
            const snapshot = read();
            if (snapshot.length <= text.length) return;
            text = snapshot;
            sentAt = clock();
            onSnapshot(text);
          },
        });
      } catch (error) {
        if (!(error instanceof EngineLostError)) throw error;
        await unlessAborted(shelf.recover(), signal);
      }
    }
  }
}

/** Resolves with the result of `promise`, or with undefined as soon as the signal aborts. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
    promise.then(resolve, reject);
  });
}

/** A story that was stopped before it was begun. */
function unbegun(text: string): Story {
  return { text, ending: 'stopped', modelVersion: '', engine: '', unreadable: 0 };
}
