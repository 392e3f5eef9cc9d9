/** Reading a story back out of Discord's messages, for the buttons under it. */

import { StoryError } from '../../errors.ts';
import { STORY_BOUNDS, type StoryRequest } from '../../story.ts';
import { type Again, endOf, requestAgain } from '../again.ts';
import { clean } from '../outgoing-text.ts';
import { type Button, decodeButton, type StoryMark } from './custom-id.ts';
import { readPart, readParts } from './story-text.ts';

/** A message as far as it matters here; discord.js's and the wire's both are made into it. */
export interface SeenMessage {
  readonly id: string;
  readonly authorId: string;
  readonly content: string;
  readonly customIds: readonly string[];
}

/** Finds a message of the same channel; rejects when the bot may not read it. */
export type FindMessage = (id: string) => Promise<SeenMessage>;

/** The request behind a button under a finished story. */
export async function requestBehind(
  button: Extract<Button, { action: Again }>,
  message: SeenMessage,
  find: FindMessage,
  botId: string,
  seed: number,
): Promise<{ readonly request: StoryRequest; readonly source: string | undefined }> {
  const { action, model, temperature, length } = button;
  const last = { model, temperature, length, seed: button.seed, prompt: '', context: '' };
  if (action === 'continue') {
    const story = await storyEnd(message, find, botId);
    return { request: requestAgain('continue', last, story, seed), source: message.id };
  }
  const first = button.first && button.promptLength > 0 ? await found(find, button.first) : message;
  const prompt = readPart(first.content).text.slice(0, button.promptLength);
  const source = button.source ? await found(find, button.source) : undefined;
  const context = source ? endOf(await storyEnd(source, find, botId)) : '';
  return { request: requestAgain(action, { ...last, prompt, context }, '', seed), source: source?.id };
}

/**
 * The end of the text that a message shows, and of the one before where that belongs to the same story and
 * the message alone has too little for the network to read.
 */
export async function storyEnd(message: SeenMessage, find: FindMessage, botId: string): Promise<string> {
  if (message.authorId !== botId) return endOf(clean(message.content));
  const { text } = readPart(message.content);
  const previous = markOf(message)?.previous;
  if (!previous || text.length >= STORY_BOUNDS.context.max) return endOf(text);
  // Where it cannot be read (any more), what there is must do.
  const before = await find(previous).catch(() => undefined);
  return endOf(before ? readParts([before.content, message.content]) : text);
}

function markOf({ customIds }: SeenMessage): StoryMark | undefined {
  for (const id of customIds) {
    const button = decodeButton(id);
    if (button && button.action !== 'stop') return button;
  }
  return undefined;
}

async function found(find: FindMessage, id: string): Promise<SeenMessage> {
  try {
    return await find(id);
  } catch (cause) {
    throw new StoryError(
      'not_found',
      'The beginning of this story cannot be read here (any more). Ask for it with /scifi.',
      { cause },
    );
  }
}
