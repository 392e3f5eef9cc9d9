/** From the bytes of a text file, of whatever age, to characters. */

const BYTE_ORDER_MARKS: readonly (readonly [mark: readonly number[], encoding: string])[] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];
/** A file says in its first lines what it is encoded in. */
const DECLARED = /^Character set encoding:[ \t]*([\w-]+)/im;
const DECLARED_WITHIN = 4_096;

/** Node before 23 decodes Windows-1252 as Latin-1: these 32 characters are the difference. */
const WINDOWS_1252 = new Map(
  [...'€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'].map((character, i) => [
    String.fromCharCode(0x80 + i),
    character,
  ]),
);
const C1 = /[\u0080-\u009f]/g;

/**
 * Decodes a text: by its byte order mark, as UTF-8 where it is that, otherwise as it declares, and where it
 * declares nothing that can be true as Windows-1252, which Latin-1 is a part of.
 *
 * @returns the text with `\n` for every line end, and the name of the encoding
 */
export function decodeText(bytes: Uint8Array): { readonly text: string; readonly encoding: string } {
  const marked = BYTE_ORDER_MARKS.find(([mark]) => mark.every((byte, i) => bytes[i] === byte))?.[1];
  const encoding = marked ?? (isUtf8(bytes) ? 'utf-8' : declaredIn(bytes));
  // Without a `fatal` flag a wrong byte becomes U+FFFD, which `cleanCharacters` leaves out.
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
  // "ASCII" is what files with a few accents say of themselves, and UTF-8 has been refuted.
  if (declared === '' || /ascii|utf/.test(declared)) return 'windows-1252';
  try {
    return new TextDecoder(declared).encoding;
  } catch {
    return 'windows-1252';
  }
}
