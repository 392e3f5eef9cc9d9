/** A story that is kept as a page of its own: what is stored, and its bounds. Pure. */
import type { Segment } from '../story/paragraphs.ts';
import type { StoryEnding, StoryRequest } from '../story/story.ts';

/** One part of a shared story: a reply, or a continuation of one. */
export interface SharedPart {
  /** Its text, the prompt first. */
  readonly text: string;
  /** Characters of the prompt at the beginning of the text. */
  readonly promptLength: number;
  readonly settings: Pick<StoryRequest, 'preset' | 'temperature' | 'length' | 'seed' | 'model'>;
  readonly modelVersion: string;
  readonly engine: string;
  readonly ending: StoryEnding;
}

export interface Share {
  readonly parts: readonly SharedPart[];
  /** Milliseconds since 1970. */
  readonly sharedAt: number;
  /** Whether search engines may list the page. */
  readonly isListed: boolean;
}

export const SHARE_BOUNDS = {
  parts: 50,
  /** Characters of all parts. */
  characters: 100_000,
  /** Pages that are kept at the same time. */
  pages: 10_000,
} as const;

/** The text of a shared story. */
export function wholeText({ parts }: Pick<Share, 'parts'>): string {
  return parts.map(({ text }) => text).join('');
}

/** The text of a shared story, users' own words as segments. */
export function segmentsOf({ parts }: Pick<Share, 'parts'>): Segment[] {
  return parts
    .flatMap(({ text, promptLength }): Segment[] => [
      { kind: 'prompt', text: text.slice(0, promptLength) },
      { kind: 'written', text: text.slice(promptLength) },
    ])
    .filter(({ text }) => text !== '');
}

const DESCRIPTION_MAX = 200;

/** The beginning of a story, for previews. */
export function descriptionOf(text: string): string {
  return cutAtWord(text.replace(/\s+/gu, ' ').trim(), DESCRIPTION_MAX);
}

function cutAtWord(line: string, max: number): string {
  if (line.length <= max) return line;
  const cut = line.slice(0, max);
  const space = cut.lastIndexOf(' ');
  return `${(space > max / 2 ? cut.slice(0, space) : cut).toWellFormed().replace(/[\s,\ufffd]+$/u, '')}…`;
}
