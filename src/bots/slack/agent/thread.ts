/** A user's message in a thread of the agent: a line with which the thread's last story goes on. */
import { StoryError } from '../../../errors.ts';
import { inputOf } from '../../../story/story.ts';
import { drawSeed } from '../../../story/story-request.ts';
import type { ChatContext } from '../../chat-context.ts';
import { requestBehind } from '../../read-story.ts';
import type { ParsedRequest } from '../../submit.ts';
import type { SlackApi } from '../api.ts';
import type { SlackConversation, SlackHandle } from '../conversations.ts';
import type { WireMessage } from '../history.ts';
import { readStoryWords } from '../markup.ts';
import { finderIn, seenAs } from '../receive/seen-messages.ts';
import { referenceIn, stoppableIn } from '../reply/buttons.ts';

const STILL_WRITING =
  'The story above is not finished. Send your line when it is, or press Stop and then send it.';
const UNREADABLE = 'Slack does not show me this thread at the moment. Send your line again.';

/**
 * The request for a thread's last story to go on after a user's line.
 *
 * @param text the line; it may have the options of `/scifi`
 * @param before the line's timestamp
 * @returns undefined where the thread has no story: the line begins one
 * @throws StoryError with a sentence
 */
export async function requestAfter(
  text: string,
  thread: SlackConversation,
  before: string,
  botId: string | undefined,
  api: SlackApi,
  chat: ChatContext<SlackHandle>,
): Promise<ParsedRequest | undefined> {
  const messages = await api.history.thread(thread).catch((cause) => {
    throw new StoryError('chat_unavailable', UNREADABLE, { cause });
  });
  const last = lastStory(messages, before, botId);
  const reference = last && referenceIn(last.blocks);
  if (!last || !reference) return undefined;
  const { prompt: line, ...options } = readStoryWords(text);
  const find = finderIn(api, thread, botId);
  const button = { action: 'line', ...reference } as const;
  const behind = await requestBehind(button, seenAs(last, botId), find, chat.readRequest, drawSeed(), line);
  const { preset, temperature, ...settings } = inputOf(behind.request);
  // A preset or a temperature in the line replaces both.
  const isChosen = options.preset !== undefined || options.temperature !== undefined;
  const sampling = isChosen ? {} : { preset, ...(temperature === undefined ? {} : { temperature }) };
  return { ...behind, request: chat.parse({ ...settings, ...sampling, ...options, prompt: line }) };
}

/** @throws StoryError while the last story is being written */
function lastStory(
  messages: readonly WireMessage[],
  before: string,
  botId: string | undefined,
): WireMessage | undefined {
  const own = messages.filter(({ bot_id, ts }) => bot_id === botId && Number(ts) < Number(before));
  const last = own.reverse().find(({ blocks }) => referenceIn(blocks) || stoppableIn(blocks));
  if (last && !referenceIn(last.blocks)) throw new StoryError('bad_request', STILL_WRITING);
  return last;
}
