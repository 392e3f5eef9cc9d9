/** Carries out the page's orders: writes stories, reports their growth, and stops them. */
import { sentenceFor } from '../../errors.ts';
import { EngineLostError } from '../../generator/engines/engine.ts';
import type { ProbabilitiesOf, Storyteller } from '../../generator/storyteller.ts';
import { keptText, writtenRequest } from '../../story/continuations.ts';
import { PostedText } from '../../story/filter/find.ts';
import { postedProbabilities } from '../../story/probabilities.ts';
import { inBeginning, type ReplyState, type Story, type StoryRequest } from '../../story/story.ts';
import type { Order, Report } from '../backend/worker.ts';
import type { BrowserModelRegistry } from './models.ts';

/** Pause between two snapshots of a story. The first one is sent at once. */
const SNAPSHOT_INTERVAL_MS = 100;

type Known = ReturnType<ProbabilitiesOf>;

export class StoryWriter {
  readonly #models: Pick<BrowserModelRegistry, 'storyteller' | 'recover'>;
  readonly #report: (report: Report) => void;
  readonly #clock: () => number;
  readonly #stops = new Map<string, AbortController>();

  /** @param clock the time in milliseconds */
  constructor(
    models: Pick<BrowserModelRegistry, 'storyteller' | 'recover'>,
    report: (report: Report) => void,
    clock: () => number,
  ) {
    this.#models = models;
    this.#report = report;
    this.#clock = clock;
  }

  /** Carries out an order of the page. */
  handle(order: Order): void {
    switch (order.type) {
      case 'prepare':
        this.#models.storyteller(order.model).catch(() => {}); // The registry's status reports the failure.
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
    const report = (state: ReplyState) => this.#report({ type: 'state', id, state });
    try {
      const story = await this.#generate(
        writtenRequest(request),
        stop.signal,
        (snapshot, beginning, probabilities) => {
          text = posted.of(snapshot);
          const known = postedProbabilities(probabilities, snapshot, text);
          report({ status: 'writing', text, ...known, ...inBeginning(beginning) });
        },
      );
      text = keptText(request, posted.of(story.text));
      const known = postedProbabilities(story.probabilities, story.text.slice(0, text.length), text);
      report({ status: 'finished', ...story, text, ...known });
    } catch (error) {
      report({ status: 'failed', text, error: sentenceFor(error) });
    } finally {
      this.#stops.delete(id);
    }
  }

  /**
   * Writes a story to its end; after a lost device it continues from its last snapshot, or begins anew where
   * the new engine would continue it with other characters.
   */
  async #generate(
    request: StoryRequest,
    signal: AbortSignal,
    onSnapshot: (text: string, beginning: number, probabilities: Known['probabilities']) => void,
  ): Promise<Story> {
    let text = request.prompt;
    let known: Known = {};
    let writer: Storyteller['credits'] | undefined;
    let beginning = 0;
    let sentAt = Number.NEGATIVE_INFINITY;
    for (;;) {
      const storyteller = await unlessAborted(this.#models.storyteller(request.model), signal);
      // Stopped before it was begun.
      if (!storyteller) return { text, ending: 'stopped', modelVersion: '', engine: '', unreadable: 0 };
      if (writer && !storyteller.continues(writer)) {
        text = request.prompt;
        known = {};
        beginning += 1;
        writer = undefined;
      }
      try {
        const story = await storyteller.tell(request, {
          resumeFrom: text,
          resumeProbabilities: known.probabilities,
          signal,
          onWord: (read, probabilitiesOf) => {
            if (this.#clock() - sentAt < SNAPSHOT_INTERVAL_MS) return;
            const snapshot = read();
            if (snapshot.length <= text.length) return;
            text = snapshot;
            known = probabilitiesOf(text);
            writer = storyteller.credits;
            sentAt = this.#clock();
            onSnapshot(text, beginning, known.probabilities);
          },
        });
        return { ...story, ...inBeginning(beginning) };
      } catch (error) {
        if (!(error instanceof EngineLostError)) throw error;
        await unlessAborted(this.#models.recover(), signal);
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
