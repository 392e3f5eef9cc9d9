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
 * Invisible characters: controls (of `\r
 * ` the first), direction controls, tags. Joiners are kept.
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
