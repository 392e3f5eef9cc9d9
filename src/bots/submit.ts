/** Turns a user's input into a reply in the queue, in the same way for every chat. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { StoryError, sentenceFor } from '../errors.ts';
import { refusals } from '../metrics.ts';
import type { Limits } from '../queue/admission/limits.ts';
import type { Requester } from '../queue/admission/store.ts';
import type { Replies } from '../queue/replies.ts';
import type { Replaced } from '../queue/reply-worker.ts';
import { mask } from '../story/filter/find.ts';
import type { StoryRequest } from '../story/story.ts';
import type { RequestReader } from '../story/story-request.ts';
import { clean } from './text.ts';

const TEMPERATURE_STEPS_PER_UNIT = 100;
/** How long to wait for the queue before a user's action is acknowledged. */
export const PATIENCE_MS = 300;

const LINK = /\b(?:[a-z][a-z\d+.-]*:\/\/|www\.)\S+/gi;
/** Emoji with their modifiers and joiners; a digit is a part of one only in a keycap. */
const EMOJI =
  /[0-9#*]\ufe0f?\u20e3|\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|\u200d|\ufe0f/gu;

/** Whether a text has words: a link, an emoji or a row of dots is no prompt. */
export function hasWords(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(wordsOf(text));
}

/** A text without links and emoji. */
export function wordsOf(text: string): string {
  return text.replace(LINK, '').replace(EMOJI, '').trim();
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;

/** @throws StoryError `bad_request` with a sentence that gives the example */
export function numberOf(name: string, value: string, example: string): number {
  if (NUMBER.test(value)) return Number(value);
  const given = value === '' ? 'empty' : `“${value}”`;
  throw new StoryError('bad_request', `The ${name} is ${given}; give a number, such as ${name}=${example}.`);
}

/** How much text one message of a chat holds. */
export interface MessageCapacity {
  /** The name of the chat, for use in a sentence. */
  readonly chat: string;
  readonly max: number;
  readonly cost: (text: string) => number;
}

/**
 * Parses a user's input into a request whose prompt can be posted in a message and read back from it. Null
 * means that an option is not given.
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
 * @param replaces the reply in whose place it is written
 * @throws StoryError with the sentence that refuses it
 */
export async function submit<Handle>(
  { replies, limits }: { readonly replies: Replies<Handle>; readonly limits: Limits },
  id: string,
  request: StoryRequest,
  handle: () => Handle | Promise<Handle>,
  requester: Requester | undefined,
  replaces?: Replaced,
): Promise<void> {
  const admission = await limits.admit(id, requester, replies.lookUp);
  if (!admission) return;
  try {
    await replies.submit(id, request, await handle(), admission.lease, replaces);
  } catch (error) {
    // If this fails too, the lease expires in ten seconds.
    await admission.undo().catch(() => {});
    throw error;
  }
}

/** A user's request, and the message that it continues. */
export interface ParsedRequest {
  readonly request: StoryRequest;
  readonly source?: string | undefined;
  /** The reply in whose place the story is written. */
  readonly replaces?: Replaced;
}

/** A user's action that asks for a story, and how it is answered. */
export interface Asked<Handle> {
  /** The reply's id: the same for every copy of the same action. */
  readonly id: string;
  readonly requester: Requester;
  /** Makes the address of the reply; `source` is the message that the story continues. */
  readonly handle: (source: string | undefined) => Handle | Promise<Handle>;
  /** Acknowledges the action; with a sentence for the requester, if there is one. */
  readonly acknowledge: (sentence?: string) => Promise<void>;
  /** Sends the requester a sentence after the acknowledgement. */
  readonly replyEphemeral: (sentence: string) => Promise<void>;
}

/**
 * Answers an action with a story. The action is acknowledged once the story is stored in the queue, so that a
 * crash loses no acknowledged story; and earlier when the queue is slow, because platforms allow three
 * seconds.
 *
 * @param prepare determines the request, which may take longer than that
 */
export async function answerWithStory<Handle>(
  { id, requester, handle, acknowledge, replyEphemeral }: Asked<Handle>,
  prepare: () => Promise<ParsedRequest>,
  replies: Replies<Handle>,
  limits: Limits,
  logger: Logger,
): Promise<void> {
  const ask = async () => {
    const { request, source, replaces } = await prepare();
    await submit({ replies, limits }, id, request, () => handle(source), requester, replaces);
  };
  const asking = ask().then(
    () => 'accepted' as const,
    (error: unknown) => ({ refusal: refusalFor(error, logger).message }),
  );
  const soon = await Promise.race([asking, sleep(PATIENCE_MS)]);
  if (soon && soon !== 'accepted') return acknowledge(soon.refusal);
  await acknowledge().catch((error) => {
    // The story is in the queue nevertheless.
    logger.warn({ reply: id, reason: (error as Error).message }, 'not acknowledged');
  });
  const outcome = await asking;
  if (outcome !== 'accepted') await replyEphemeral(outcome.refusal);
}

/** The sentence for a user whose request failed; an error that is not the user's is logged by its code. */
export function refusalFor(
  error: unknown,
  logger: Logger,
): { readonly code: string; readonly message: string } {
  const { code, message } = sentenceFor(error);
  refusals.inc({ code });
  if (code === 'internal') logger.error({ err: error }, 'an interaction failed');
  else logger.info({ code }, 'an interaction was refused');
  return { code, message };
}
