/** A book as plain text. A paragraph is one line, of any length. */
import { type Book, type BookStory, creditsOf, oneLine, paragraphsOfParts, type WriteBook } from './book.ts';

/** A line in front of the credits. */
const CREDITS_RULE = '--';

/** A story without a heading: its title is its opening words. Stories of a book have headings. */
export const writeText: WriteBook = (book) => new TextEncoder().encode(textOf(book));

function textOf({ title, stories }: Book): string {
  if (stories.length === 1) return `${storyText(stories[0]!)}\n`;
  const chapters = stories.map((story) => `${underlined(story.title, '-')}\n\n${storyText(story)}`);
  return `${[underlined(title, '='), ...chapters].join('\n\n\n')}\n`;
}

function storyText(story: BookStory): string {
  const paragraphs = paragraphsOfParts(story.parts).map((segments) =>
    segments.map(({ text }) => text).join(''),
  );
  const credits = creditsOf(story);
  return [...paragraphs, ...(credits.length > 0 ? [[CREDITS_RULE, ...credits].join('\n')] : [])].join('\n\n');
}

function underlined(title: string, stroke: string): string {
  const line = oneLine(title);
  return `${line}\n${stroke.repeat([...line].length)}`;
}
