/** Turns a user's request into a reply in the queue, in the same way for every chat. */
import { randomInt } from 'node:crypto';
import type { Logger } from 'pino';
import { StoryError, sentenceFor } from '../errors.ts';
import { refusals } from '../metrics.ts';
import type { Limits } from '../queue/admission/limits.ts';
import type { Requester } from '../queue/admission/store.ts';
import type { Replies } from '../queue/replies.ts';
import { declineSlurs } from '../story/complete-request.ts';
import { mask } from '../story/filter/find.ts';
import type { StoryRequest } from '../story/story.ts';
import type { RequestReader } from './story-request.ts';
import { clean } from './text/sanitise.ts';

const SEEDS = 2 ** 32;
const TEMPERATURE_STEPS_PER_UNIT = 100;

export interface AskTools<Handle> {
  readonly replies: Replies<Handle>;
  readonly limits: Limits;
  readonly readRequest: RequestReader;
  readonly logger: Logger;
}

/** A user's request, and the message that it continues. */
export interface ParsedRequest {
  readonly request: StoryRequest;
  readonly source?: string | undefined;
}

/** Emoji with their modifiers and joiners, keycap digits included, and white space. */
const EMOJI =
  /[0-9#*]\ufe0f?\u20e3|\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u200d|\ufe0f|\s/gu;

/** Whether a prompt, without the chat's own markup, is only emoji and white space. */
export function isWordless(prompt: string): boolean {
  return prompt.replace(EMOJI, '') === '';
}

/** How much text one message of a chat holds. */
export interface MessageCapacity {
  /** The name of the chat, for use in a sentence. */
  readonly chat: string;
  readonly max: number;
  readonly cost: (text: string) => number;
}

export function drawSeed(): number {
  return randomInt(SEEDS);
}

/**
 * Parses a user's input into a request whose prompt can be posted in a message and read back from it.
 *
 * @throws StoryError `bad_request` or `declined` with a sentence
 */
export function parseRequest(
  readRequest: RequestReader,
  input: { readonly prompt: string; readonly temperature?: number | null } & Record<string, unknown>,
  { chat, max, cost }: MessageCapacity,
): StoryRequest {
  const { temperature, ...others } = input;
  const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== null));
  const rounded =
    typeof temperature === 'number' &&
    Math.round(temperature * TEMPERATURE_STEPS_PER_UNIT) / TEMPERATURE_STEPS_PER_UNIT;
  const request = readRequest({
    ...given,
    ...(rounded === false ? {} : { temperature: rounded }),
    prompt: clean(input.prompt).trimStart(),
  });
  if (cost(mask(request.prompt)) > max) {
    throw new StoryError('bad_request', `That opening is too long for one message of ${chat}. Shorten it.`);
  }
  return request;
}

/**
 * Adds a reply to the queue if it is admitted. A reply that is already in the queue was admitted before.
 *
 * @param handle makes the handle that shows the reply, once it is admitted
 * @param requester undefined for what the bot does by itself
 * @throws StoryError with the sentence that refuses it
 */
export async function submit<Handle>(
  { replies, limits }: Pick<AskTools<Handle>, 'replies' | 'limits'>,
  id: string,
  request: StoryRequest,
  handle: () => Handle | Promise<Handle>,
  requester: Requester | undefined,
): Promise<void> {
  // The continued text is known only now.
  declineSlurs(request);
  const admission = await limits.admit(id, requester, replies.lookUp);
  if (!admission) return;
  try {
    await replies.submit(id, request, await handle(), admission.lease);
  } catch (error) {
    // If this fails too, the lease expires in ten seconds.
    await admission.undo().catch(() => {});
    throw error;
  }
}

/** The sentence for a user; an error that is not the user's is logged by its code. */
export function logged(error: unknown, logger: Logger): { readonly code: string; readonly message: string } {
  const { code, message } = sentenceFor(error);
  refusals.inc({ code });
  if (code === 'internal') logger.error({ err: error }, 'an interaction failed');
  else logger.info({ code }, 'an interaction was refused');
  return { code, message };
}
