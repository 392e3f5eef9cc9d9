/**
 * What may leave for a chat. `clean` takes away what could disturb a reader or a platform, whoever wrote it;
 * a platform's `Escaping` then makes every character that is left mean itself, once and last.
 */

/** Marks (and joiners) on one character; living scripts need fewer, and hundreds climb over a whole channel. */
const MARKS_KEPT = 4;
const MARK_RUN = new RegExp(`((?:\\p{M}|\\u200c|\\u200d){${MARKS_KEPT}})(?:\\p{M}|\\u200c|\\u200d)+`, 'gu');
const LINE_BREAKS = /[\u0085\u2028\u2029\f\v]/g;
/** Spaces of every width. Chats trim them away at the ends of a message, each in its own way. */
const SPACES = /[\t\p{Zs}]/gu;
/** Characters nobody sees: controls (of `\r\n` the first), what turns text around, tags. Joiners stay. */
const UNSEEN = /[\p{Cc}\p{Cf}]/gu;
const KEPT_UNSEEN = '\n\u200c\u200d';

/**
 * A text that looks the same everywhere: no control or direction character, no half of a surrogate pair, no
 * tower of marks; whitespace is spaces and line ends, at most three spaces and two line ends in a row.
 *
 * It is idempotent, and the cleaned beginning of a text is the beginning of the cleaned text.
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

/** How a platform is made to show clean text as it is, and how that is read back. */
export interface Escaping {
  escape(clean: string): string;
  /** The exact inverse. */
  unescape(escaped: string): string;
}

/** What Discord's markdown, its mentions, emoji, timestamps and links are made of. */
const DISCORD_SPECIAL = /[\\*_~`|>#\-[\]<:/]/g;
const DISCORD_ESCAPED = /\\([\\*_~`|>#\-[\]<:/])|@\u200b/g;

/**
 * Discord: a backslash before every character that could mean something, and an invisible space after `@`,
 * because servers look for `@everyone` without regard to backslashes. Context never matters, so neither does
 * it where a text was cut.
 */
export const discordEscaping: Escaping = {
  escape: (text) => text.replace(DISCORD_SPECIAL, '\\$&').replaceAll('@', '@\u200b'),
  unescape: (text) => text.replace(DISCORD_ESCAPED, (_, special: string | undefined) => special ?? '@'),
};

const SLACK_ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const SLACK_CHARACTERS: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };

/**
 * Slack: three entities. All that it makes mentions and links of stands between `<` and `>`; what else its
 * markup knows means nothing in a `plain_text` object, which is where stories go.
 */
export const slackEscaping: Escaping = {
  escape: (text) => text.replace(/[&<>]/g, (character) => SLACK_ENTITIES[character]!),
  unescape: (text) => text.replace(/&(?:amp|lt|gt);/g, (entity) => SLACK_CHARACTERS[entity]!),
};
