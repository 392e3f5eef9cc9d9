/** A book as Markdown (CommonMark). The user's prompts are bold; nothing in a story is markup. */
import type { Segment } from '../story/paragraphs.ts';
import {
  type Book,
  type BookStory,
  creditsOf,
  oneLine,
  type Paragraph,
  paragraphsOfParts,
  type WriteBook,
} from './book.ts';

/** Characters with a meaning anywhere in a line; `@` begins an e-mail address in some dialects. */
const INLINE = /[\\`*_[\]<>&~|@$^]/g;
/** What dialects turn into links by themselves. */
const LINKS = /:(?=\/\/)|(?<=\bwww)\./gi;
/** Marks of a heading, a list, a rule, or a definition at the beginning of a line. */
const LINE_START = /^([#+=:-])/;
const NUMBERED = /^(\d+)([.)])/;

export const writeMarkdown: WriteBook = (book) => new TextEncoder().encode(markdownOf(book));

function markdownOf({ title, stories }: Book): string {
  if (stories.length === 1) return `${storyMarkdown(stories[0]!, '#', title)}\n`;
  const chapters = stories.map((story) => storyMarkdown(story, '##', story.title));
  return `${[`# ${heading(title)}`, ...chapters].join('\n\n')}\n`;
}

function storyMarkdown(story: BookStory, level: string, title: string): string {
  const credits = creditsOf(story).map((line) => escapeLine(line));
  const paragraphs = paragraphsOfParts(story.parts).map(paragraphMarkdown);
  return [
    `${level} ${heading(title)}`,
    ...paragraphs,
    ...(credits.length > 0 ? ['---', ...credits] : []),
  ].join('\n\n');
}

/** A `#` at the end of a heading closes it. */
function heading(title: string): string {
  return escapeInline(oneLine(title)).replaceAll('#', '\\#');
}

function paragraphMarkdown(paragraph: Paragraph): string {
  const line = merged(paragraph)
    .map(({ kind, text }, index, all) => {
      if (kind === 'written') return escapeInline(text);
      return bold(text, all[index - 1]?.text.at(-1) ?? ' ', all[index + 1]?.text.at(0) ?? ' ');
    })
    .join('');
  return escapeStart(line);
}

/** Joins neighbours of one kind. */
function merged(paragraph: Paragraph): Segment[] {
  const all: Segment[] = [];
  for (const { kind, text } of paragraph) {
    const last = all.at(-1);
    if (last?.kind === kind) all[all.length - 1] = { kind, text: last.text + text };
    else all.push({ kind, text });
  }
  return all;
}

/**
 * A text in bold. What CommonMark does not accept beside the delimiter `**` is left out: whitespace on the inner
 * side, and punctuation there with a letter on the outer side.
 *
 * @param before the character in front of the text
 * @param after the character behind it
 */
function bold(text: string, before: string, after: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && !mayMeet(text[start]!, text[start - 1] ?? before)) start += 1;
  while (start < end && !mayMeet(text[end - 1]!, text[end] ?? after)) end -= 1;
  if (start === end) return escapeInline(text);
  const [head, core, tail] = [text.slice(0, start), text.slice(start, end), text.slice(end)].map(
    escapeInline,
  );
  return `${head}**${core}**${tail}`;
}

/** Whether a delimiter may stand between two characters. Half a surrogate pair can be part of anything. */
function mayMeet(inner: string, outer: string): boolean {
  if (/\s/.test(inner)) return false;
  const isLetter = !/[\p{P}\p{S}\p{Cs}]/u.test(inner);
  return isLetter || /[\s\p{P}\p{S}]/u.test(outer);
}

function escapeLine(line: string): string {
  return escapeStart(escapeInline(line));
}

function escapeInline(text: string): string {
  return text.replace(INLINE, '\\$&').replace(LINKS, '\\$&');
}

/** Tabs and spaces at the beginning are removed already: they would make a block of code. */
function escapeStart(line: string): string {
  return line.replace(LINE_START, '\\$1').replace(NUMBERED, '$1\\$2');
}
