/** What is exported: a story, or several stories of a channel, as text with the user's words marked. Pure. */
import { neutralise, paragraphsOf, type Segment } from '../story/paragraphs.ts';
import { storyTitle } from '../story/title.ts';

/** One part of a story: what one request brought. */
export interface BookPart {
  /** The text, with the user's prompt as a segment of its own, and the whitespace that joins it to the part before. */
  readonly segments: readonly Segment[];
  /** The line that names the model, the settings and the seed; empty where it is unknown. */
  readonly credits: string;
}

/** A story of one or more parts, each continuing the one before. */
export interface BookStory {
  readonly title: string;
  readonly parts: readonly BookPart[];
}

/** One or more stories in one file. */
export interface Book {
  readonly title: string;
  readonly stories: readonly BookStory[];
}

/** A book's cover. */
export interface Cover {
  readonly bytes: Uint8Array;
  readonly mediaType: 'image/svg+xml' | 'image/png' | 'image/jpeg';
}

/** What a format needs besides the book. The same book and options give the same bytes. */
export interface WriteOptions {
  /** The time of the export, in ms since 1970. */
  readonly at: number;
  /** For formats that have a cover; a plain one is drawn where it is absent. */
  readonly cover?: Cover;
}

/** A format writes a book as a file. */
export type WriteBook = (book: Book, options: WriteOptions) => Uint8Array;

/** Segments of one paragraph, with words in the first and in the last one. */
export type Paragraph = readonly Segment[];

/** Most characters (UTF-16 code units) of all texts in one book. */
export const BOOK_CHARACTERS_MAX = 4_000_000;

/** A book of one story, with its opening words as its title. */
export function bookOfStory(parts: readonly BookPart[]): Book {
  const title = titleOf(parts);
  return { title, stories: [{ title, parts }] };
}

/** The title of a story in parts. */
export function titleOf(parts: readonly BookPart[]): string {
  return storyTitle(parts.flatMap(({ segments }) => segments.map(({ text }) => text)).join(''));
}

/**
 * The paragraphs of consecutive parts, as one text. Whitespace around a paragraph has no meaning in any format, and
 * is removed.
 */
export function paragraphsOfParts(parts: readonly BookPart[]): Paragraph[] {
  return paragraphsOf(parts.flatMap(({ segments }) => segments)).map(trimmed);
}

/** The credits of a story's parts, without empty ones. */
export function creditsOf({ parts }: BookStory): string[] {
  return parts.map(({ credits }) => oneLine(credits)).filter((line) => line !== '');
}

/** A text as one line that is safe to display. */
export function oneLine(text: string): string {
  return neutralise(text).replace(/\s+/g, ' ').trim();
}

/** @throws RangeError when a book has no story, or more text than a file may hold */
export function checkBook({ title, stories }: Book): void {
  const parts = stories.flatMap((story) => story.parts);
  if (parts.length === 0) throw new RangeError('Expected a book with a story, got none');
  const texts = parts.flatMap(({ segments, credits }) => [credits, ...segments.map(({ text }) => text)]);
  const length = [title, ...texts].reduce((sum, text) => sum + text.length, 0);
  if (length > BOOK_CHARACTERS_MAX) {
    throw new RangeError(`Expected at most ${BOOK_CHARACTERS_MAX} characters in a book, got ${length}`);
  }
}

function trimmed(paragraph: Paragraph): Paragraph {
  const segments = [...paragraph];
  const trimEnd = (index: 0 | -1, trim: (text: string) => string) => {
    for (let end = segments.at(index); end; end = segments.at(index)) {
      const text = trim(end.text);
      if (text !== '') return segments.splice(index, 1, { ...end, text });
      segments.splice(index, 1);
    }
    return undefined;
  };
  trimEnd(0, (text) => text.trimStart());
  trimEnd(-1, (text) => text.trimEnd());
  return segments;
}
