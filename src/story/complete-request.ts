/** Completes and checks a user's request whose types are already correct. Runs in browsers too. */
import { StoryError } from '../errors.ts';
import { hasSlur } from './filter/find.ts';
import { type ModelChoice, problemWith, type StoryRequest } from './story.ts';

const COMMAND = /^\s*\/scifi(?:\s+|$)/;
const DECLINED = 'I do not write on from one of the words in there. Please try other words.';

/** A request that may omit model and seed. */
export interface Asked extends Omit<StoryRequest, 'seed' | 'model'> {
  readonly seed?: number | null | undefined;
  readonly model?: string | null | undefined;
}

/**
 * @param models the available models, at least one; the first is the default
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

/** @throws StoryError `declined` when the prompt or the context has a slur */
export function declineSlurs({ prompt, context }: Pick<StoryRequest, 'prompt' | 'context'>): void {
  if (hasSlur(context + prompt)) throw new StoryError('declined', DECLINED);
}

/**
 * A text that every chat and every database can store: half a surrogate pair becomes U+FFFD, and U+0000,
 * which Postgres cannot store, is removed.
 */
function carriable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '');
}
