/** From what a person wishes for to a reply in the queue: the same in every chat. */
import { randomInt } from 'node:crypto';
import type { Logger } from 'pino';
import { StoryError, sentenceFor } from '../errors.ts';
import { refusals } from '../metrics.ts';
import type { Limits } from '../queue/admission/limits.ts';
import type { Requester } from '../queue/admission/requester.ts';
import type { Replies } from '../queue/replies.ts';
import { declineSlurs } from '../story/complete-request.ts';
import { mask } from '../story/filter/mask.ts';
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

/** What a person asked for, and the message that it continues. */
export interface ParsedRequest {
  readonly request: StoryRequest;
  readonly source?: string | undefined;
}

/** Emoji with all that belongs to one, digits in a keycap included, and white space. */
const EMOJI =
  /[0-9#*]\ufe0f?\u20e3|\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u200d|\ufe0f|\s/gu;

/** Whether a prompt, from which a chat's own markup is taken already, is nothing but emoji and white space. */
export function isWordless(prompt: string): boolean {
  return prompt.replace(EMOJI, '') === '';
}

/** How much of a text one message of a chat can carry. */
export interface MessageCapacity {
  /** Of the chat, as a sentence names it. */
  readonly chat: string;
  readonly max: number;
  readonly cost: (text: string) => number;
}

export function drawSeed(): number {
  return randomInt(SEEDS);
}

/**
 * Reads what somebody typed, so that it can stand in a message and be read back out of it.
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
 * Puts a reply into the queue, if there is room for it. What is there already was admitted before.
 *
 * @param handle makes what shows the reply, once it is admitted
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
  // What a message is continued from is known only now.
  declineSlurs(request);
  const admission = await limits.admit(id, requester, replies.lookUp);
  if (!admission) return;
  try {
    await replies.submit(id, request, await handle(), admission.lease);
  } catch (error) {
    // Where even this fails, the place is found to be free in ten seconds.
    await admission.undo().catch(() => {});
    throw error;
  }
}

/** The sentence for a person; what is no mistake of theirs is logged by its code. */
export function logged(error: unknown, logger: Logger): { readonly code: string; readonly message: string } {
  const { code, message } = sentenceFor(error);
  refusals.inc({ code });
  if (code === 'internal') logger.error({ err: error }, 'an interaction failed');
  else logger.info({ code }, 'an interaction was refused');
  return { code, message };
}
