/** The best of a channel as a book. Pure. */
import { type Book, type BookPart, type BookStory, bookOfStory, titleOf } from '../export/book.ts';
import type { KeptStory } from '../queue/kept-stories.ts';
import { joinOf } from '../story/parts.ts';
import type { ModelChoice } from '../story/story.ts';
import { footerLine } from '../story/wording.ts';

export const CHANNEL_TITLE = 'The best of this channel';
/** The end of a context by which the story that it continues is found. */
const END_COMPARED = 300;
/** A shorter context is the end of many stories. */
const END_MIN = 20;

/** A story with its continuations. */
interface Chain {
  readonly parts: KeptStory[];
  /** The whole text, as `compact` makes it. */
  text: string;
}

/** A book of the best stories, and how many there are to choose from. */
export interface ChannelBook {
  readonly book: Book;
  readonly available: number;
  /** Of the book's first story: it draws the cover. */
  readonly seed: number;
}

/**
 * The best stories as a book: those that were continued most often, and among equals the newest. In the book they
 * are in the order of their requests, each with its continuations as parts.
 *
 * @param kept oldest first
 * @returns undefined without any story
 */
export function channelBook(
  kept: readonly KeptStory[],
  most: number,
  models: readonly ModelChoice[],
): ChannelBook | undefined {
  const chains = chainsOf(kept);
  const best = chains
    .map((chain, index) => ({ chain, index }))
    .sort((one, other) => other.chain.parts.length - one.chain.parts.length || other.index - one.index)
    .slice(0, most)
    .sort((one, other) => one.index - other.index)
    .map(({ chain }) => chain);
  const [first] = best;
  if (!first) return undefined;
  const stories = best.map(({ parts }) => storyOf(parts, models));
  const book = stories.length === 1 ? bookOfStory(stories[0]!.parts) : { title: CHANNEL_TITLE, stories };
  return { book, available: chains.length, seed: first.parts[0]!.request.seed };
}

/** Joins each continuation to the story whose end is its context. A second continuation is a story of its own. */
function chainsOf(kept: readonly KeptStory[]): Chain[] {
  const chains: Chain[] = [];
  for (const one of kept) {
    const context = compact(one.request.context).slice(-END_COMPARED);
    const before =
      context.length < END_MIN ? undefined : chains.findLast(({ text }) => text.endsWith(context));
    const text = compact(one.story.text);
    if (before) {
      before.parts.push(one);
      before.text = `${before.text}${text}`;
    } else chains.push({ parts: [one], text });
  }
  return chains;
}

/** Without whitespace, which chats change. */
function compact(text: string): string {
  return text.replace(/\s+/g, '');
}

function storyOf(parts: readonly KeptStory[], models: readonly ModelChoice[]): BookStory {
  const all = parts.map(({ request, story }, index): BookPart => {
    const { text } = story;
    const before = parts[index - 1]?.story.text ?? '';
    const { joint, promptLength } = joinOf(before, text, request.prompt);
    const segments = [
      { kind: 'prompt', text: promptLength > 0 ? joint + text.slice(0, promptLength) : '' },
      { kind: 'written', text: (promptLength > 0 ? '' : joint) + text.slice(promptLength) },
    ] as const;
    return {
      segments: segments.filter((segment) => segment.text !== ''),
      credits: footerLine(request, story, models),
    };
  });
  return { title: titleOf(all), parts: all };
}
