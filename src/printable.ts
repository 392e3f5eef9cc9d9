/**
 * Text from outside made safe to print. A file's name, a title, a model's card or a server's name may hold sequences
 * that a terminal obeys (colours, titles, the clipboard) and characters that reorder or hide what stands around them.
 */

/**
 * Control characters, format characters and lone surrogates. Not the joiners U+200C and U+200D, which spelling and
 * emoji need.
 */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** The same, without what lays out a text of several lines. */
const UNPRINTABLE_IN_TEXT = new RegExp(String.raw`(?!\n|\t|\r\n)${UNPRINTABLE.source}`, 'gu');

/** The text in one line: every character that a terminal would obey is shown as `\u001b`, line ends included. */
export function printableLine(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** The same for a text of several lines, which keeps its line ends and tabs. */
export function printableText(text: string): string {
  return text.replace(UNPRINTABLE_IN_TEXT, escaped);
}

/** In the form that JSON has, too, so that an escaped line of a log still parses to what was logged. */
function escaped(character: string): string {
  let escapes = '';
  for (let unit = 0; unit < character.length; unit++) {
    escapes += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }
  return escapes;
}
