import { setTimeout as sleep } from 'node:timers/promises';
import type { AllowedIds } from '../../src/generator/sampler.ts';
import { Storyteller, type StorytellerModel } from '../../src/generator/storyteller.ts';
import { BOUNDARY, Vocabulary } from '../../src/generator/vocabulary.ts';
import { type Preset, STORY_BOUNDS, type StoryRequest } from '../../src/story/story.ts';
import { FakeEngine, type FakeEngineOptions } from './fake-engine.ts';

const CHARACTERS = [
  BOUNDARY,
  '\n',
  ...Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)),
];

/** The shipped model's vocabulary: end of text, line end and printable ASCII. */
export const vocabulary = new Vocabulary({
  idToChar: Object.fromEntries(CHARACTERS.map((character, id) => [id, character])),
  charToId: Object.fromEntries(CHARACTERS.map((character, id) => [character, id])),
});

const WORDS = [
  'the ',
  'ship ',
  'of ',
  'light ',
  'fell ',
  'and ',
  'rose. ',
  'Nobody ',
  'knew. ',
  'why ',
  'stars ',
];
const WORD_IDS = WORDS.map((word) => vocabulary.encode(word).ids);

/**
 * Draws whole words: each draw depends on all ids that were read and, at the start of a word, on the uniform.
 */
export function nextOfWords(history: readonly number[], uniform: number, allowed?: AllowedIds): number {
  const space = vocabulary.idOf(' ')!;
  const begun = history.slice(history.lastIndexOf(space) + 1);
  const going = WORD_IDS.find((ids) => begun.length > 0 && begun.every((id, index) => ids[index] === id));
  if (going) return orSpace(going[begun.length]!, allowed);
  if (begun.length > 0) return space;
  let sum = 0;
  for (const id of history) sum = (sum * 31 + id) % 1_000_003;
  return orSpace(WORD_IDS[(sum + Math.floor(uniform * 1_000)) % WORDS.length]![0]!, allowed);
}

/** A word without an allowed continuation ends. */
function orSpace(id: number, allowed: AllowedIds | undefined): number {
  return allowed?.[id] === 0 ? vocabulary.idOf(' ')! : id;
}

/** A model for an engine that needs none. */
export function fakeModel(version: string, vocabulary: Vocabulary): StorytellerModel {
  return { name: 'fake', version, vocabulary, layers: [], reading: { kind: 'stateful' } };
}

/**
 * Draws the letters of given words, each of which ends with a space: at every letter the uniform chooses
 * among the words that begin with the letters so far.
 */
export function nextOf(words: readonly string[]): NonNullable<FakeEngineOptions['next']> {
  const all = words.map((word) => vocabulary.encode(word).ids);
  const space = vocabulary.idOf(' ')!;
  return (history, uniform, allowed) => {
    const begun = history.slice(Math.max(history.lastIndexOf(space), 0) + 1);
    const going = all.filter(
      (ids) => ids.length > begun.length && begun.every((id, index) => ids[index] === id),
    );
    return orSpace(going[Math.floor(uniform * going.length)]?.[begun.length] ?? space, allowed);
  };
}

/** A storyteller with a fake network: it writes plausible words without a delay. */
export function fakeStoryteller(options: FakeEngineOptions & { maxWaiting?: number } = {}): {
  storyteller: Storyteller;
  engine: FakeEngine;
} {
  const engine = new FakeEngine({
    next: nextOfWords,
    vocabularySize: vocabulary.size,
    capacity: 8,
    ...options,
  });
  const storyteller = new Storyteller(fakeModel('fake-1', vocabulary), engine, {
    maxWaiting: options.maxWaiting ?? 100,
  });
  return { storyteller, engine };
}

/** The same storyteller, which waits for `gate` before every story. */
export function gated(storyteller: Storyteller, gate: () => Promise<unknown>): Storyteller {
  return withTell(storyteller, async (wanted, options) => {
    await gate();
    return storyteller.tell(wanted, options);
  });
}

/** Characters of a held story after its prompt. */
const HELD_LENGTH = 500;
const REPEAT_MS = 100;

/** The same storyteller, which writes the beginning of a held story, and ends it only when it is stopped. */
export function holding(storyteller: Storyteller, isHeld: (request: StoryRequest) => boolean): Storyteller {
  return withTell(storyteller, async (wanted, options) => {
    if (!isHeld(wanted)) return storyteller.tell(wanted, options);
    const story = await storyteller.tell({ ...wanted, length: wanted.prompt.length + HELD_LENGTH }, options);
    const { signal, onWord } = options!;
    while (!signal!.aborted) {
      // Its last words are sent only with a later word.
      onWord?.(
        () => story.text,
        () => ({}),
      );
      await sleep(REPEAT_MS, undefined, { signal: signal! }).catch(() => {});
    }
    return { ...story, ending: 'stopped' };
  });
}

function withTell(storyteller: Storyteller, tell: Storyteller['tell']): Storyteller {
  return {
    credits: storyteller.credits,
    continues: (credits: Storyteller['credits']) => storyteller.continues(credits),
    unreadable: (wanted: StoryRequest) => storyteller.unreadable(wanted),
    tell,
  } as unknown as Storyteller;
}

/** The story that a storyteller writes with a preset, without a queue and without a chat. */
export async function undisturbedText(
  storyteller: Storyteller,
  prompt: string,
  length: number,
  seed: number,
  preset: Preset,
): Promise<string> {
  const temperature = STORY_BOUNDS.temperature.default;
  const request = { prompt, context: '', preset, temperature, length, seed, model: 'scifi' };
  return (await storyteller.tell(request)).text;
}
