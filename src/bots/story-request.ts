/** Parses a user's input into a `StoryRequest`, in the same way on every platform. */
import { z } from 'zod';
import { StoryError } from '../errors.ts';
import { completeRequest } from '../story/complete-request.ts';
import { type ModelChoice, STORY_BOUNDS, type StoryRequest } from '../story/story.ts';

/** The shape of an adapter's input; `problemWith` checks the bounds and has their sentences. */
const Input = z.object({
  prompt: z.string({ error: 'The opening must be text.' }).default(''),
  context: z.string({ error: 'The context must be text.' }).default(''),
  temperature: z
    .number({ error: 'The temperature must be a number.' })
    .default(STORY_BOUNDS.temperature.default),
  length: z.number({ error: 'The length must be a number.' }).default(STORY_BOUNDS.length.default),
  seed: z.number({ error: 'The seed must be a number.' }).nullish(),
  model: z.string({ error: 'The model must be a name.' }).nullish(),
});

export interface RequestReaderOptions {
  /** The available models; the first is the default. */
  readonly models: readonly ModelChoice[];
  /** Draws a seed: a whole number from 0 to 2^32 - 1. */
  readonly drawSeed: () => number;
}

/**
 * Turns an adapter's input into a request.
 *
 * @throws StoryError `bad_request` or `declined` with a sentence
 */
export type RequestReader = (input: unknown) => StoryRequest;

export function createRequestReader({ models, drawSeed }: RequestReaderOptions): RequestReader {
  if (models.length === 0) throw new TypeError('Expected `models` to hold at least one model, got none.');
  return (input) => {
    const parsed = Input.safeParse(input);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new StoryError('bad_request', issue?.path.length ? issue.message : 'Expected a story request.');
    }
    return completeRequest(parsed.data, models, drawSeed);
  };
}
