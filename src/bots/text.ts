/**
 * Text that may be sent to a chat. `clean` removes what could disturb a reader or a platform, regardless of
 * the author; a platform's `Escaping` then makes every remaining character literal, once and as the last
 * step.
 */

/**
 * Marks and joiners kept on one character; living scripts need fewer, and hundreds overlap a whole channel.
 */
const MARKS_KEPT = 4;
const MARK_RUN = new RegExp(`((?:\\p{M}|\\u200c|\\u200d){${MARKS_KEPT}})(?:\\p{M}|\\u200c|\\u200d)+`, 'gu');
const LINE_BREAKS = /[\u0085\u2028\u2029\f\v]/g;
/** Spaces of every width. Each chat trims them at the ends of a message in its own way. */
const SPACES = /[\t\p{Zs}]/gu;
/**
 * Invisible characters: controls, carriage returns among them, direction controls, tags. Joiners are kept.
 */
const UNSEEN = /[\p{Cc}\p{Cf}]/gu;
const KEPT_UNSEEN = '\n\u200c\u200d';

/**
 * Returns a text that looks the same everywhere: no control or direction character, no half of a surrogate
 * pair, no stack of marks; whitespace is spaces and line ends, at most three spaces and two line ends in a
 * row.
 *
 * The function is idempotent, and the cleaned beginning of a text is the beginning of the cleaned text.
 */
export function clean(text: string): string {
  return text
    .toWellFormed()
    .replace(LINE_BREAKS, '\n')
    .replace(SPACES, ' ')
    .replace(UNSEEN, (character) => (KEPT_UNSEEN.includes(character) ? character : ''))
    .replace(/\n +/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/ {4,}/g, '   ')
    .replace(MARK_RUN, '$1');
}

/** Escapes clean text so that a platform shows it literally, and reads it back. */
export interface Escaping {
  escape(clean: string): string;
  /** The exact inverse. */
  unescape(escaped: string): string;
}

/** The characters of Discord's markdown, mentions, emoji, timestamps and links. */
const DISCORD_SPECIAL = /[\\*_~`|>#\-[\]<:/]/g;
const DISCORD_ESCAPED = /\\([\\*_~`|>#\-[\]<:/])|@\u200b/g;

/**
 * Discord: a backslash before every special character, and an invisible space after `@`, because servers look
 * for `@everyone` without regard to backslashes. The escaping is independent of context, so a cut text stays
 * escaped correctly.
 */
export const discordEscaping: Escaping = {
  escape: (text) => text.replace(DISCORD_SPECIAL, '\\$&').replaceAll('@', '@\u200b'),
  unescape: (text) => text.replace(DISCORD_ESCAPED, (_, special: string | undefined) => special ?? '@'),
};

const SLACK_ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const SLACK_CHARACTERS: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };

/**
 * Slack: three entities. Its mentions and links are enclosed in `<` and `>`; the rest of its markup has no
 * effect in a `plain_text` object, which holds the story.
 */
export const slackEscaping: Escaping = {
  escape: (text) => text.replace(/[&<>]/g, (character) => SLACK_ENTITIES[character]!),
  unescape: (text) => text.replace(/&(?:amp|lt|gt);/g, (entity) => SLACK_CHARACTERS[entity]!),
};

/** One message's share of a text. */
export interface Part {
  readonly text: string;
  /**
   * The whitespace between the part before and this one, which no message shows; absent for the first part.
   */
  readonly separator?: string;
}

export interface SplitOptions {
  /** The highest cost of one part. */
  readonly limit: number;
  /** The cost of a string on the platform; additive over characters. */
  readonly cost: (text: string) => number;
  /** Characters at the beginning that are not split, as far as they fit. */
  readonly together?: number;
}

/** A paragraph's end is preferred when it fills at least this share of the limit. */
const LEAST_SHARE = 0.25;

/**
 * Splits a long text into messages, in the same way while it grows and when it is complete: the content of an
 * earlier message never changes.
 *
 * Splits between paragraphs where possible, otherwise between words, otherwise between characters; never
 * inside a surrogate pair or between a letter and its marks. `text` is clean (see `clean`).
 */
export function splitText(text: string, options: SplitOptions): Part[] {
  const parts: Part[] = [];
  let start = leadingSpace(text, 0);
  let separator = '';
  while (start < text.length) {
    const cut = cutAfter(text, start, options);
    const part = text.slice(start, cut.end).trimEnd();
    if (part !== '') parts.push(parts.length > 0 ? { text: part, separator } : { text: part });
    separator = text.slice(cut.end, cut.next);
    start = cut.next;
  }
  return parts;
}

/** The text of consecutive parts. */
export function joinParts(parts: readonly Part[]): string {
  return parts.map(({ text, separator = '' }, index) => (index === 0 ? text : separator + text)).join('');
}

function cutAfter(text: string, start: number, options: SplitOptions): { end: number; next: number } {
  const { full, least } = fill(text, start, options);
  if (full === text.length) return { end: full, next: full };
  // Whitespace directly after the window also ends a word.
  const earliest = Math.max(start, options.together ?? 0);
  const lineEnd = text.lastIndexOf('\n', full);
  const space = text.lastIndexOf(' ', full);
  const at = lineEnd > Math.max(least, earliest) ? lineEnd : Math.max(space, lineEnd);
  if (at > earliest) {
    let end = at;
    while (isSpace(text[end - 1])) end -= 1;
    if (end > start) return { end, next: leadingSpace(text, at) };
  }
  return { end: full, next: full };
}

/** How far a part can reach, and the point from which it is filled enough. */
function fill(
  text: string,
  start: number,
  { limit, cost }: SplitOptions,
): { readonly full: number; readonly least: number } {
  let spent = 0;
  let least = start;
  let full = start;
  let cluster = start;
  for (const character of text.slice(start, start + limit + 2)) {
    const price = cost(character);
    if (spent + price > limit) {
      // Marks stay with their letter, unless the part has nothing else.
      if (/[\p{M}\u200d]/u.test(character) && cluster > start) full = cluster;
      return { full, least };
    }
    if (!/[\p{M}\u200d]/u.test(character)) cluster = full;
    spent += price;
    full += character.length;
    if (spent <= limit * LEAST_SHARE) least = full;
  }
  return { full, least };
}

function leadingSpace(text: string, from: number): number {
  let index = from;
  while (isSpace(text[index])) index += 1;
  return index;
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\n';
}
