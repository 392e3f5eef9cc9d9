/** From what somebody asked for, its types being right, to a complete request. Runs in browsers too. */
import { StoryError } from '../errors.ts';
import { hasSlur } from './filter/find.ts';
import { type ModelChoice, problemWith, type StoryRequest } from './story.ts';

const COMMAND = /^\s*\/scifi(?:\s+|$)/;
const DECLINED = 'I do not write on from one of the words in there. Please try other words.';

/** A request in which model and seed may be left to us. */
export interface Asked extends Omit<StoryRequest, 'seed' | 'model'> {
  readonly seed?: number | null | undefined;
  readonly model?: string | null | undefined;
}

/**
 * @param models the models on offer, at least one; the first is the default
 * @param drawSeed draws a whole number from 0 to 2^32 - 1
 * @throws StoryError `bad_request` or `declined` with a sentence
 */
export function completeRequest(
  { prompt, context, temperature, length, seed, model }: Asked,
  models: readonly ModelChoice[],
  drawSeed: () => number,
): StoryRequest {
  const name = model || models[0]!.name;
  if (!models.some((choice) => choice.name === name)) {
    const names = models.map((choice) => choice.name).join(', ');
    throw new StoryError('bad_request', `There is no model of that name. Choose one of: ${names}.`);
  }
  const request: StoryRequest = {
    prompt: carriable(prompt).replace(COMMAND, ''),
    context: carriable(context),
    temperature,
    length,
    seed: seed ?? drawSeed(),
    model: name,
  };
  const problem = problemWith(request);
  if (problem) throw new StoryError('bad_request', problem);
  declineSlurs(request);
  return request;
}

/** @throws StoryError `declined` when nobody is to write on from the prompt, or from what is before it */
export function declineSlurs({ prompt, context }: Pick<StoryRequest, 'prompt' | 'context'>): void {
  if (hasSlur(context + prompt)) throw new StoryError('declined', DECLINED);
}

/**
 * A text as every chat and every database can carry it: half a surrogate pair becomes U+FFFD, and U+0000,
 * which Postgres has no room for, goes.
 */
function carriable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '');
}
