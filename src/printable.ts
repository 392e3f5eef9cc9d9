/**
 * Makes external text safe to print. A file's name, a title, a model's card or a server's name may hold
 * sequences that a terminal interprets (colours, titles, the clipboard) and characters that reorder or hide
 * the text around them.
 */

/**
 * Control characters, format characters and lone surrogates. Not the joiners U+200C and U+200D, which
 * spelling and emoji need.
 */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** The same, without the line ends and tabs of a multi-line text. */
const UNPRINTABLE_IN_TEXT = new RegExp(String.raw`(?!\n|\t|\r\n)${UNPRINTABLE.source}`, 'gu');

/**
 * The text in one line: every character that a terminal would interpret is shown as `\u001b`, line ends
 * included.
 */
export function printableLine(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** The same for a text of several lines, which keeps its line ends and tabs. */
export function printableText(text: string): string {
  return text.replace(UNPRINTABLE_IN_TEXT, escaped);
}

/** JSON's escape form, so that an escaped line of a log still parses to the logged value. */
function escaped(character: string): string {
  let escapes = '';
  for (let unit = 0; unit < character.length; unit++) {
    escapes += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }
  return escapes;
}
