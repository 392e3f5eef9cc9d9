/** Decodes text files of any age. */

const BYTE_ORDER_MARKS: readonly (readonly [mark: readonly number[], encoding: string])[] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];
/** A file may declare its encoding in its first lines. */
const DECLARED = /^Character set encoding:[ \t]*([\w-]+)/im;
const DECLARED_WITHIN = 4_096;

/** Node before 23 decodes Windows-1252 as Latin-1; they differ in these 32 characters. */
const WINDOWS_1252 = new Map(
  [...'€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'].map((character, i) => [
    String.fromCharCode(0x80 + i),
    character,
  ]),
);
const C1 = /[\u0080-\u009f]/g;

/**
 * Decodes a text by its byte order mark; without one as UTF-8 if it is valid UTF-8, otherwise as it declares,
 * and as Windows-1252 (which includes Latin-1) when it declares nothing plausible.
 *
 * @returns the text with `\n` for every line end, and the name of the encoding
 */
export function decodeText(bytes: Uint8Array): { readonly text: string; readonly encoding: string } {
  const marked = BYTE_ORDER_MARKS.find(([mark]) => mark.every((byte, i) => bytes[i] === byte))?.[1];
  const encoding = marked ?? (isUtf8(bytes) ? 'utf-8' : declaredIn(bytes));
  // Without the `fatal` flag an invalid byte becomes U+FFFD, which `cleanCharacters` removes.
  const decoded = new TextDecoder(encoding).decode(bytes);
  const text =
    encoding === 'windows-1252' ? decoded.replace(C1, (control) => WINDOWS_1252.get(control)!) : decoded;
  return { text: text.replace(/\r\n?/g, '\n'), encoding };
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function declaredIn(bytes: Uint8Array): string {
  const beginning = new TextDecoder('windows-1252').decode(bytes.subarray(0, DECLARED_WITHIN));
  const declared = DECLARED.exec(beginning)?.[1]?.toLowerCase() ?? '';
  // Files with a few accented letters often declare "ASCII", and at this point the text is not valid UTF-8.
  if (declared === '' || /ascii|utf/.test(declared)) return 'windows-1252';
  try {
    return new TextDecoder(declared).encoding;
  } catch {
    return 'windows-1252';
  }
}
