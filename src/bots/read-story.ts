/** Reading a story back out of a chat's messages, for the buttons under it. */
import { StoryError } from '../errors.ts';
import { STORY_BOUNDS, type StoryRequest } from '../story/story.ts';
import { type Again, endOf, requestAgain } from '../story/variations.ts';
import { joinParts, type Part } from './text/split.ts';

/** What a finished story was asked for with, and where its text is: all that its buttons know. */
export interface StoryReference
  extends Pick<StoryRequest, 'model' | 'temperature' | 'length' | 'seed'>,
    StoryMessages {
  /** Characters of the prompt, with which the story begins. */
  readonly promptLength: number;
}

/** The messages around the one with the buttons; undefined where that is the only one. */
export interface StoryMessages {
  readonly first?: string | undefined;
  readonly previous?: string | undefined;
  /** The message that the story continues. */
  readonly source?: string | undefined;
}

/** A message as far as it matters here. */
export interface SeenMessage {
  readonly id: string;
  /** What it shows of a story, and the whitespace before that; of a person's message, its clean text. */
  readonly part: Part;
  /** What its buttons know; undefined where it has none of ours. */
  readonly reference?: StoryReference | undefined;
}

/** Finds a message of the same channel; rejects when the bot may not read it. */
export type FindMessage = (id: string) => Promise<SeenMessage>;

/** The request behind a button under a finished story. */
export async function requestBehind(
  button: { readonly action: Again } & StoryReference,
  message: SeenMessage,
  find: FindMessage,
  seed: number,
): Promise<{ readonly request: StoryRequest; readonly source: string | undefined }> {
  const { action, model, temperature, length } = button;
  const last = { model, temperature, length, seed: button.seed, prompt: '', context: '' };
  if (action === 'continue') {
    const story = await storyEnd(message, find);
    return { request: requestAgain('continue', last, story, seed), source: message.id };
  }
  const first = button.first && button.promptLength > 0 ? await found(find, button.first) : message;
  const prompt = first.part.text.slice(0, button.promptLength);
  const source = button.source ? await found(find, button.source) : undefined;
  const context = source ? endOf(await storyEnd(source, find)) : '';
  return { request: requestAgain(action, { ...last, prompt, context }, '', seed), source: source?.id };
}

/**
 * The end of the text that a message shows, and of the one before where that belongs to the same story and
 * the message alone has too little for the network to read.
 */
export async function storyEnd({ part, reference }: SeenMessage, find: FindMessage): Promise<string> {
  const { text } = part;
  const previous = reference?.previous;
  if (!previous || text.length >= STORY_BOUNDS.context.max) return endOf(text);
  // Where it cannot be read (any more), what there is must do.
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
