/**
 * Turns a request into a story: from prompt, temperature, length and seed to a growing text, and finally a
 * story that stops at the end of a sentence. There is one storyteller per model; its stories share one
 * scheduler.
 */
import { StoryError } from '../errors.ts';
import type { Probabilities } from '../story/probabilities.ts';
import {
  presetOf,
  problemWith,
  type Sampling,
  type Story,
  type StoryRequest,
  samplingOf,
} from '../story/story.ts';
import { arithmeticOf, type Engine } from './engines/engine.ts';
import { Generation, lineEndOf, withoutLastSpace } from './generation.ts';
import type { Model } from './model/model.ts';
import { alphabetOf, ProbabilityRecord } from './probability-record.ts';
import { servingOf } from './reading.ts';
import type { AllowedIds } from './sampler.ts';
import { Scheduler, type SchedulerOptions } from './scheduler.ts';
import { StoryRules } from './story-rules.ts';
import { TextBuffer } from './text-buffer.ts';
import type { Vocabulary } from './vocabulary.ts';
import { WordGuard } from './word-guard.ts';

/** Above this share of unreadable characters in the text to read, the user is told. */
const NOTABLE_UNREADABLE_SHARE = 0.1;

/** Combining marks belong to the letter before them, and invisible characters end no word. */
const WORD_END = /[\p{L}\p{N}][\p{M}\p{Cf}]*$/u;
/** Letters, digits, marks, invisible joiners, apostrophes and hyphens of every kind. */
const CONTINUATION = /^[\p{L}\p{N}\p{M}\p{Cf}'\u2018\u2019\u201b\uff07\-\u2010\u2011\uff0d]/u;
/** Letters of scripts without capitals count as capitals. */
const CAPITALS = String.raw`\p{Lu}\p{Lt}\p{Lo}`;
const DIGITS = String.raw`\p{N}`;
const QUOTATION_MARKS = String.raw`"'\p{Pi}\u201a\u201e\u300c\u300e`;
const QUOTATION_MARK = new RegExp(`^[${QUOTATION_MARKS}]$`, 'u');

/** The fields with the probabilities of a text that was read before; none where they are not known. */
export type ProbabilitiesOf = (text: string) => { readonly probabilities?: Probabilities };

export interface TellOptions {
  /**
   * A snapshot of the same story from an earlier worker whose stories this storyteller `continues`: it
   * continues at its end.
   */
  readonly resumeFrom?: string;
  /** The probabilities of that snapshot, if it has them. */
  readonly resumeProbabilities?: Probabilities | undefined;
  /**
   * Called after every word, with functions that read the text so far and a text's probabilities, if the request
   * asks for them; only reading has a cost.
   */
  readonly onWord?: (read: () => string, probabilitiesOf: ProbabilitiesOf) => void;
  /** Called when a forbidden word is resampled. */
  readonly onResample?: () => void;
  /** Ends the story early; the part that is certain by then is kept. */
  readonly signal?: AbortSignal;
  /** Settings that no preset has, for measurements; by default those of the request's preset. */
  readonly sampling?: Sampling;
}

/** The parts of a model that a storyteller needs. */
export type StorytellerModel = Pick<
  Model,
  'name' | 'version' | 'vocabulary' | 'layers' | 'reading' | 'lexicon'
>;

export class Storyteller {
  readonly #model: StorytellerModel;
  readonly #engine: Engine;
  readonly #scheduler: Scheduler;
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
    this.#scheduler = new Scheduler(engine, {
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
   * Whether this storyteller writes what the one of these credits would have written: it may continue that
   * one's snapshot.
   */
  continues({ modelVersion, engine }: Storyteller['credits']): boolean {
    return modelVersion === this.#model.version && arithmeticOf(engine) === arithmeticOf(this.#engine.name);
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
    return { active: this.#scheduler.active, waiting: this.#scheduler.waiting };
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
    const sampling = options.sampling ?? samplingOf(presetOf(request), request.temperature);
    const buffer = new TextBuffer(request.prompt, request.length, request.context);
    const resumed = writtenPart(request, options.resumeFrom);
    for (const character of resumed) if (!buffer.over) buffer.add(character);

    const record = this.#recordFor(request, options.resumeProbabilities);
    const probabilitiesOf: ProbabilitiesOf = (text) =>
      // What ends a story by force was not drawn.
      record ? { probabilities: record.upTo(buffer.drawnPart(text)) } : {};
    const read = () => buffer.certain();
    if (!buffer.over) {
      const generation = new Generation({
        ...{ vocabulary, buffer, before },
        guard: new WordGuard(buffer),
        prompt: [vocabulary.bosId, ...readBefore(vocabulary, before, resumed)],
        allowedAfter: (written) =>
          request.continuesWord ? undefined : this.#opening.allowedAfter(before, written),
        sampling,
        rules: sampling.rules
          ? new StoryRules({ lexicon: this.#model.lexicon, seed: request.seed })
          : undefined,
        seed: request.seed,
        record,
        onWord: () => onWord?.(read, probabilitiesOf),
        onResample: () => onResample?.(),
      });
      await this.#scheduler.run(generation, signal);
    }
    const text = buffer.over ? buffer.finish() : buffer.certain();
    return {
      text,
      ...probabilitiesOf(text),
      ending: buffer.over ? 'complete' : 'stopped',
      ...this.credits,
      unreadable: this.unreadable(request),
    };
  }

  /** Undefined where the request does not ask for probabilities, or the engine or the model cannot give them. */
  #recordFor(request: StoryRequest, earlier: Probabilities | undefined): ProbabilityRecord | undefined {
    if (!request.probabilities || !this.#engine.givesProbabilities) return undefined;
    const alphabet = alphabetOf(this.#model.vocabulary);
    return alphabet === undefined
      ? undefined
      : new ProbabilityRecord(alphabet, request.prompt.length, earlier);
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

/**
 * Restricts the first draw. A prompt that ends in a letter or digit ends a word, which the story must not
 * continue; a story without a prompt begins as works begin.
 */
export class Opening {
  readonly #vocabulary: Vocabulary;
  readonly #afterWord: AllowedIds | undefined;
  readonly #first: AllowedIds | undefined;
  /** The same where the first word includes the space that the prompt ends with. */
  readonly #firstSpaced: AllowedIds | undefined;
  readonly #afterQuotationMark: AllowedIds | undefined;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    this.#afterWord = idsOf(vocabulary, (text) => !CONTINUATION.test(text));
    this.#first = beginnings(vocabulary, ['', ' ?'], QUOTATION_MARKS);
    this.#firstSpaced = beginnings(vocabulary, [' '], QUOTATION_MARKS);
    this.#afterQuotationMark = beginnings(vocabulary, [''], '');
  }

  /**
   * The ids that may be drawn next; undefined where all may, or where the vocabulary has no suitable ones.
   *
   * @param before the text before the first draw: context and prompt
   * @param written the text drawn since then
   */
  allowedAfter(before: string, written: string): AllowedIds | undefined {
    if (written !== '') {
      const isSpeech = QUOTATION_MARK.test(written) && this.#isEmpty(before);
      return isSpeech ? this.#afterQuotationMark : undefined;
    }
    const isSpaced = this.#vocabulary.unit === 'word' && before.endsWith(' ');
    // A word includes the space before it; after the prompt's own space, a word without one would continue
    // the prompt's last word.
    if (WORD_END.test(isSpaced ? before.slice(0, -1) : before)) return this.#afterWord;
    if (!this.#isEmpty(before)) return undefined;
    return isSpaced ? this.#firstSpaced : this.#first;
  }

  /** Whether the network reads nothing but spaces of a text. */
  #isEmpty(text: string): boolean {
    return text.trim() === '' || this.#vocabulary.encode(text).ids.length === 0;
  }
}

/**
 * The ids that works begin with: a capital, a digit or a sign; any letter instead of a capital where there
 * are no capitals.
 *
 * @param spaces text that may precede it in an id, as parts of expressions, the preferred first
 * @param signs as part of a character class
 */
function beginnings(
  vocabulary: Vocabulary,
  spaces: readonly string[],
  signs: string,
): AllowedIds | undefined {
  for (const letters of [CAPITALS, String.raw`\p{L}`]) {
    for (const space of spaces) {
      const letter = new RegExp(`^${space}[${letters}]`, 'u');
      if (!idsOf(vocabulary, (text) => letter.test(text))) continue;
      // In a vocabulary of words, `'s` is not a quotation mark.
      const beginning = new RegExp(`^${space}(?:[${letters}${DIGITS}]|[${signs}]$)`, 'u');
      return idsOf(vocabulary, (text) => beginning.test(text));
    }
  }
  return undefined;
}

/** The ids whose texts match, without those that have no text; undefined where there are none. */
function idsOf(vocabulary: Vocabulary, isWanted: (text: string) => boolean): AllowedIds | undefined {
  const allowed = new Uint8Array(vocabulary.size);
  for (let id = 0; id < vocabulary.size; id++) {
    const isText = id !== vocabulary.eosId && id !== vocabulary.unknown;
    if (isText && isWanted(vocabulary.decode(id))) allowed[id] = 1;
  }
  return allowed.includes(1) ? allowed : undefined;
}
