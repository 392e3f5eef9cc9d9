/** Reads a story back from a chat's messages, for the buttons under it. */
import { StoryError } from '../errors.ts';
import { inputOf, presetOf, STORY_BOUNDS, type StoryRequest } from '../story/story.ts';
import type { RequestReader } from '../story/story-request.ts';
import { type Again, endOf, type Line, type Poll, requestAgain } from '../story/variations.ts';
import type { ParsedRequest } from './submit.ts';
import { joinParts, type Part } from './text.ts';

/** The request of a finished story, and where its text is: everything that its buttons store. */
export interface StoryReference
  extends Pick<StoryRequest, 'model' | 'preset' | 'temperature' | 'length' | 'seed'>,
    StoryMessages {
  /** Characters of the prompt at the beginning of the story. */
  readonly promptLength: number;
}

/** A button that makes a request from a finished story. */
export type StoryButton = { readonly action: Again | Line | Poll } & StoryReference;

/** The messages around the one with the buttons; undefined where there is only one message. */
export interface StoryMessages {
  readonly first?: string | undefined;
  readonly previous?: string | undefined;
  /** The message that the story continues. */
  readonly source?: string | undefined;
}

/** The parts of a message that are needed here. */
export interface SeenMessage {
  readonly id: string;
  /**
   * The part of a story that it shows, with the whitespace before it; for a user's message, its clean text.
   */
  readonly part: Part;
  /** The reference in its buttons; undefined where it has no buttons of this bot. */
  readonly reference?: StoryReference | undefined;
  /** The reply that it shows; undefined where it has no buttons of its owner. */
  readonly replyId?: string | undefined;
}

/** Finds a message of the same channel; rejects when the bot may not read it. */
export type FindMessage = (id: string) => Promise<SeenMessage>;

/**
 * The request behind a button under a finished story.
 *
 * @param seed for a story that is to differ
 * @param line the user's sentence with which the story goes on
 */
export async function requestBehind(
  button: StoryButton,
  message: SeenMessage,
  find: FindMessage,
  readRequest: RequestReader,
  seed: number,
  line = '',
): Promise<ParsedRequest> {
  // A vote continues the story, as Continue does.
  const action = button.action === 'vote' ? 'continue' : button.action;
  const readAgain = (next: StoryRequest) => readRequest(inputOf(next));
  if (action === 'continue' || action === 'line') {
    const story = await storyEnd(message, find);
    const last = settingsOf(button);
    return { request: readAgain(requestAgain(action, last, story, seed, line)), source: message.id };
  }
  const { request: last, source } = await requestShown(button, message, find);
  return { request: readAgain(requestAgain(action, last, '', seed)), source };
}

/** The request of a story as its messages show it, and the message that it continues. */
export async function requestShown(
  reference: StoryReference,
  message: SeenMessage,
  find: FindMessage,
): Promise<ParsedRequest> {
  const first = reference.first && reference.promptLength > 0 ? await found(find, reference.first) : message;
  const prompt = first.part.text.slice(0, reference.promptLength);
  const source = reference.source ? await found(find, reference.source) : undefined;
  const context = source ? endOf(await storyEnd(source, find)) : '';
  return { request: { ...settingsOf(reference), prompt, context }, source: source?.id };
}

function settingsOf(reference: StoryReference): StoryRequest {
  const { model, temperature, length, seed } = reference;
  return { model, preset: presetOf(reference), temperature, length, seed, prompt: '', context: '' };
}

/**
 * The end of the text that a message shows. It includes the message before where that belongs to the same
 * story and one message is too short a context for the network.
 */
export async function storyEnd({ part, reference }: SeenMessage, find: FindMessage): Promise<string> {
  const { text } = part;
  const previous = reference?.previous;
  if (!previous || text.length >= STORY_BOUNDS.context.max) return endOf(text);
  // If the message before cannot be read, this one's text is used alone.
  const before = await find(previous).catch(() => undefined);
  return endOf(before ? joinParts([before.part, part]) : text);
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
