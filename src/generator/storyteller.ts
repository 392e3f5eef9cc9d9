/**
 * Turns a request into a story: from prompt, temperature, length and seed to a growing text, and finally a
 * story that stops at the end of a sentence. There is one storyteller per model; its stories share one
 * scheduler.
 */
import { StoryError } from '../errors.ts';
import { problemWith, type Story, type StoryRequest, samplingOf } from '../story/story.ts';
import type { Engine } from './engines/engine.ts';
import { Generation, lineEndOf, withoutLastSpace } from './generation.ts';
import type { Model } from './model/model.ts';
import { servingOf } from './model/reading.ts';
import { Opening } from './opening.ts';
import { Scheduler, type SchedulerOptions } from './scheduler.ts';
import { StoryRules } from './story-rules.ts';
import { TextBuffer } from './text-buffer.ts';
import type { Vocabulary } from './vocabulary.ts';
import { WordGuard } from './word-guard.ts';

/** Above this share of unreadable characters in the text to read, the user is told. */
const NOTABLE_UNREADABLE_SHARE = 0.1;

export interface TellOptions {
  /** A snapshot of the same story from an earlier worker: the story continues at its end. */
  readonly resumeFrom?: string;
  /** Called after every word, with a function that reads the text so far; only reading has a cost. */
  readonly onWord?: (read: () => string) => void;
  /** Called when a forbidden word is resampled. */
  readonly onResample?: () => void;
  /** Ends the story early; the part that is certain by then is kept. */
  readonly signal?: AbortSignal;
}

/** The parts of a model that a storyteller needs. */
export type StorytellerModel = Pick<
  Model,
  'name' | 'version' | 'vocabulary' | 'layers' | 'reading' | 'lexicon'
>;

export class Storyteller {
  readonly #model: StorytellerModel;
  readonly #engine: Engine;
  readonly #batch: Scheduler;
  readonly #opening: Opening;

  constructor(model: StorytellerModel, engine: Engine, options: Omit<SchedulerOptions, 'serving'>) {
    if (engine.vocabularySize !== model.vocabulary.size) {
      throw new TypeError(
        `Expected an engine of ${model.vocabulary.size} characters, got one of ${engine.vocabularySize}.`,
      );
    }
    this.#model = model;
    this.#engine = engine;
    this.#opening = new Opening(model.vocabulary);
    // Noise is keyed by the position in the text, which is unknown after a word that is not drawn yet.
    const isWords = model.vocabulary.unit === 'word';
    this.#batch = new Scheduler(engine, {
      ...options,
      ...(isWords ? { stepsPerDecode: 1 } : {}),
      serving: servingOf(model),
    });
    if (lineEndOf(model.vocabulary) === undefined) {
      throw new TypeError('Expected a vocabulary with a line end or a space, got one without.');
    }
  }

  /** Model version and engine, for the footer. */
  get credits(): { modelVersion: string; engine: string } {
    return { modelVersion: this.#model.version, engine: this.#engine.name };
  }

  /**
   * Number of characters of prompt and context that the network cannot read, when they are many; otherwise 0.
   */
  unreadable(request: StoryRequest): number {
    const text = request.context + request.prompt;
    const { skipped } = this.#model.vocabulary.encode(text);
    return skipped > Math.max(1, text.length) * NOTABLE_UNREADABLE_SHARE ? skipped : 0;
  }

  /** Numbers of active stories and of stories that wait for a slot. */
  get load(): { active: number; waiting: number } {
    return { active: this.#batch.active, waiting: this.#batch.waiting };
  }

  /**
   * Writes one story. The same request gives the same text on the same model version and engine, regardless
   * of other stories, and whether or not it was resumed.
   *
   * @returns the story; its `ending` is `stopped` when the signal ended it
   * @throws StoryError `bad_request` for a value out of bounds, `busy` when too many stories wait
   */
  async tell(request: StoryRequest, options: TellOptions = {}): Promise<Story> {
    const problem = problemWith(request);
    if (problem) throw new StoryError('bad_request', problem);
    const { vocabulary } = this.#model;
    const { onWord, onResample, signal } = options;
    const before = request.context + request.prompt;
    const sampling = samplingOf(request.preset ?? 'classic', request.temperature);
    const buffer = new TextBuffer(request.prompt, request.length);
    const resumed = writtenPart(request, options.resumeFrom);
    for (const character of resumed) if (!buffer.over) buffer.add(character);

    const read = () => buffer.certain();
    if (!buffer.over) {
      const generation = new Generation({
        ...{ vocabulary, buffer, before },
        guard: new WordGuard(buffer, request.context),
        prompt: [vocabulary.bosId, ...readBefore(vocabulary, before, resumed)],
        allowedAfter: (written) => this.#opening.allowedAfter(before, written),
        sampling,
        rules: sampling.rules
          ? new StoryRules({ lexicon: this.#model.lexicon, seed: request.seed })
          : undefined,
        seed: request.seed,
        onWord: () => onWord?.(read),
        onResample: () => onResample?.(),
      });
      await this.#batch.run(generation, signal);
    }
    return {
      text: buffer.over ? buffer.finish() : buffer.certain(),
      ending: buffer.over ? 'complete' : 'stopped',
      ...this.credits,
      unreadable: this.unreadable(request),
    };
  }

  /** Releases the engine. Stories still under way fail. */
  close(): Promise<void> {
    return this.#engine.close();
  }
}

/**
 * The ids that the network reads before the first draw.
 *
 * @param resumed the text that an earlier worker wrote after `before`
 */
function readBefore(vocabulary: Vocabulary, before: string, resumed: string): number[] {
  if (vocabulary.unit === 'char')
    return [...vocabulary.encode(before).ids, ...vocabulary.encode(resumed).ids];
  // A word includes the space before it, so the prompt's last space is left to the next word.
  return vocabulary.encode(resumed === '' ? withoutLastSpace(before) : before.replace(/\r$/, '\n') + resumed)
    .ids;
}

/**
 * The text that an earlier worker wrote after the prompt, or an empty text when the snapshot is of another
 * story.
 */
function writtenPart(request: StoryRequest, snapshot: string | undefined): string {
  return snapshot?.startsWith(request.prompt) ? snapshot.slice(request.prompt.length) : '';
}
