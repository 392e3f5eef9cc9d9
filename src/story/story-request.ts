/** Parses a user's input into a `StoryRequest`, in the same way on every platform. Runs in browsers too. */
import { StoryError } from '../errors.ts';
import { hasSlur } from './filter/find.ts';
import {
  DEFAULT_PRESET,
  type ModelChoice,
  PRESETS,
  type Preset,
  problemWith,
  STORY_BOUNDS,
  type StoryRequest,
} from './story.ts';

const COMMAND = /^\s*\/scifi(?:\s+|$)/;
const DECLINED = 'I do not write on from one of the words in there. Please try other words.';
/** The type of each field, and the sentence for a value of another type. */
const FIELDS = {
  prompt: ['string', 'The opening must be text.'],
  context: ['string', 'The context must be text.'],
  preset: ['string', 'The preset must be a name.'],
  temperature: ['number', 'The temperature must be a number.'],
  length: ['number', 'The length must be a number.'],
  seed: ['number', 'The seed must be a number.'],
  model: ['string', 'The model must be a name.'],
  probabilities: ['boolean', 'Probabilities are asked for with true or false.'],
  continuesWord: ['boolean', 'Whether the story continues a word must be true or false.'],
  brief: ['boolean', 'Whether the story is brief must be true or false.'],
} as const;
/** Half a surrogate pair. `toWellFormed` would do the same, but Firefox has it only since version 119. */
const HALF_PAIR = /\p{Surrogate}/gu;
/** Fields that may be null, which means the same as absent. */
const NULLABLE: readonly string[] = ['preset', 'seed', 'model'];

/** Draws a seed: a whole number from 0 to 2^32 - 1. */
export function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

export interface RequestReaderOptions {
  /** The available models; the first is the default. */
  readonly models: readonly ModelChoice[];
  /** Draws a seed: a whole number from 0 to 2^32 - 1. */
  readonly drawSeed: () => number;
}

/**
 * Turns an adapter's input, whose fields may all be absent, into a request.
 *
 * @throws StoryError `bad_request` or `declined` with a sentence
 */
export type RequestReader = (input: unknown) => StoryRequest;

export function createRequestReader({ models, drawSeed }: RequestReaderOptions): RequestReader {
  if (models.length === 0) throw new TypeError('Expected `models` to hold at least one model, got none.');
  return (input) => completeRequest(input, models, drawSeed);
}

/**
 * Checks an input, and completes it to a request. The only place where a request is searched for slurs: every
 * request is made here, also those of buttons.
 *
 * @param models the available models, at least one; the first is the default
 * @param drawSeed draws a whole number from 0 to 2^32 - 1
 * @throws StoryError `bad_request` or `declined` with a sentence
 */
export function completeRequest(
  input: unknown,
  models: readonly ModelChoice[],
  drawSeed: () => number,
): StoryRequest {
  const fields = fieldsOf(input);
  const { prompt = '', context = '', preset, temperature, length, seed, model } = fields;
  const { probabilities, continuesWord, brief } = fields;
  const name = model || models[0]!.name;
  if (!models.some((choice) => choice.name === name)) {
    const names = models.map((choice) => choice.name).join(', ');
    throw new StoryError('bad_request', `There is no model of that name. Choose one of: ${names}.`);
  }
  const request: StoryRequest = {
    prompt: carriable(prompt).replace(COMMAND, ''),
    context: carriable(context),
    ...samplingGiven({ preset, temperature }),
    length: length ?? STORY_BOUNDS.length.default,
    seed: seed ?? drawSeed(),
    model: name,
    ...(probabilities ? { probabilities } : {}),
    ...(continuesWord ? { continuesWord } : {}),
    ...(brief ? { brief } : {}),
  };
  const problem = problemWith(request);
  if (problem) throw new StoryError('bad_request', problem);
  if (hasSlur(request.context + request.prompt)) throw new StoryError('declined', DECLINED);
  return request;
}

/**
 * The preset and temperature of a request, from those that an input gives. A temperature alone means
 * `classic`, the only preset that has one.
 *
 * @throws StoryError `bad_request` with a sentence
 */
export function samplingGiven(given: {
  readonly preset?: string | undefined;
  readonly temperature?: number | undefined;
}): Required<Pick<StoryRequest, 'preset' | 'temperature'>> {
  const preset = presetNamed(given.preset ?? (given.temperature === undefined ? DEFAULT_PRESET : 'classic'));
  if (preset !== 'classic' && given.temperature !== undefined) {
    throw new StoryError(
      'bad_request',
      'The temperature belongs to the preset classic; leave out one of them.',
    );
  }
  return { preset, temperature: given.temperature ?? STORY_BOUNDS.temperature.default };
}

/** @throws StoryError `bad_request` with a sentence when there is no preset of that name */
export function presetNamed(name: string): Preset {
  const preset = PRESETS.find((known) => known === name);
  if (preset) return preset;
  const sentence = `There is no preset of that name. Choose one of: ${PRESETS.join(', ')}.`;
  throw new StoryError('bad_request', sentence);
}

/** The fields of an input. Their types are checked, their values are not. */
type Fields = Omit<Partial<StoryRequest>, 'preset'> & { readonly preset?: string };

function fieldsOf(input: unknown): Fields {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new StoryError('bad_request', 'Expected a story request.');
  }
  const fields: Record<string, unknown> = {};
  for (const [name, [type, sentence]] of Object.entries(FIELDS)) {
    const value = (input as Record<string, unknown>)[name];
    if (value === undefined || (value === null && NULLABLE.includes(name))) continue;
    if (typeof value !== type) throw new StoryError('bad_request', sentence);
    fields[name] = value;
  }
  return fields;
}

/**
 * A text that every chat and every database can store: half a surrogate pair becomes U+FFFD, and U+0000,
 * which Postgres cannot store, is removed.
 */
function carriable(text: string): string {
  return text.replace(HALF_PAIR, '\ufffd').replaceAll('\u0000', '');
}
