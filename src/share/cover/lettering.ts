/**
 * Letters of covers as outlines: a cover needs no font where it is shown, and the width of a line is known exactly.
 * The fonts are Alfa Slab One and Oswald, under the SIL Open Font License.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import opentype, { type Font, type PathCommand } from 'opentype.js';
import { px } from './svg.ts';

const SCRIPTS = ['latin', 'latin-ext', 'vietnamese', 'cyrillic', 'cyrillic-ext'] as const;
const FILES = {
  slab: (script: string) => `@fontsource/alfa-slab-one/files/alfa-slab-one-${script}-400-normal.woff`,
  condensed: (script: string) => `@fontsource/oswald/files/oswald-${script}-700-normal.woff`,
} as const;
/** Alfa Slab One has Latin letters only. */
const SLAB_SCRIPTS = SCRIPTS.slice(0, 3);

/** `slab` has Latin letters, `condensed` Latin and Cyrillic ones. */
export type Face = keyof typeof FILES;

const loaded = new Map<Face, readonly Font[]>();

function fontsOf(face: Face): readonly Font[] {
  const known = loaded.get(face);
  if (known) return known;
  const { resolve } = createRequire(import.meta.url);
  const fonts = (face === 'slab' ? SLAB_SCRIPTS : SCRIPTS).map((script) => {
    const { buffer, byteOffset, byteLength } = readFileSync(resolve(FILES[face](script)));
    return opentype.parse(buffer.slice(byteOffset, byteOffset + byteLength));
  });
  loaded.set(face, fonts);
  return fonts;
}

function fontFor(face: Face, character: string): Font | undefined {
  return fontsOf(face).find((font) => font.hasChar(character));
}

/**
 * The part of a text that a face can draw: one line, without controls. A letter that the face lacks is replaced by
 * its base letter, or left out.
 */
export function drawable(face: Face, text: string): string {
  const characters = [...text.normalize('NFKC').replace(/\s+/gu, ' ')].flatMap((character) => {
    if (/\p{C}/u.test(character)) return [];
    if (fontFor(face, character)) return [character];
    const [base = ''] = character.normalize('NFD');
    return base !== '' && fontFor(face, base) ? [base] : [];
  });
  return characters.join('').replace(/ +/g, ' ').trim();
}

/** A text's width in px at a font size of `size` px; `spacing` px follow every character. */
export function widthOf(face: Face, text: string, size: number, spacing = 0): number {
  let width = 0;
  for (const character of text) width += advanceOf(face, character) * size + spacing;
  return Math.max(0, width - spacing);
}

const advances = new Map<string, number>();

/** The advance of a character in em. */
function advanceOf(face: Face, character: string): number {
  const key = `${face}${character}`;
  const known = advances.get(key);
  if (known !== undefined) return known;
  const font = fontFor(face, character);
  const advance = font ? font.charToGlyph(character).advanceWidth! / font.unitsPerEm : 0;
  advances.set(key, advance);
  return advance;
}

/** The outline of one line, as the data of an SVG path; `x` is its left end, `y` its baseline. */
export function outlineOf(face: Face, text: string, x: number, y: number, size: number, spacing = 0): string {
  let left = x;
  let data = '';
  for (const character of text) {
    const font = fontFor(face, character);
    if (font) data += font.charToGlyph(character).getPath(left, y, size).commands.map(dataOf).join('');
    left += advanceOf(face, character) * size + spacing;
  }
  return data;
}

/** The library's own data lacks values that are almost zero, and the ends of outlines. */
function dataOf(command: PathCommand): string {
  if (command.type === 'Z') return 'Z';
  const end = `${px(command.x)} ${px(command.y)}`;
  if (command.type === 'Q') return `Q${px(command.x1)} ${px(command.y1)} ${end}`;
  if (command.type !== 'C') return command.type + end;
  return `C${px(command.x1)} ${px(command.y1)} ${px(command.x2)} ${px(command.y2)} ${end}`;
}

export interface Fitted {
  readonly lines: readonly string[];
  /** Font size in px. */
  readonly size: number;
}

export interface Fit {
  /** px */
  readonly width: number;
  readonly height: number;
  readonly largest: number;
  readonly smallest: number;
  /** Distance of baselines in em. */
  readonly leading: number;
}

const SHRINK = 0.94;

/**
 * Sets a text as large as fits into a box, in whole words where they fit; a text that does not fit at the smallest
 * size is cut.
 */
export function fit(face: Face, text: string, box: Fit): Fitted {
  for (let size = box.largest; ; size *= SHRINK) {
    const isSmallest = size <= box.smallest;
    const used = isSmallest ? box.smallest : size;
    const lines = wrap(face, text, box.width, used, isSmallest);
    const room = Math.max(1, Math.floor(box.height / (used * box.leading)));
    if (lines && lines.length <= room) return { lines, size: used };
    if (isSmallest) return { lines: cut(face, lines!, room, box.width, used), size: used };
  }
}

/** Lines of at most `width` px; undefined where a word is wider, unless words may be broken. */
function wrap(
  face: Face,
  text: string,
  width: number,
  size: number,
  mayBreak: boolean,
): string[] | undefined {
  const lines: string[] = [];
  let line = '';
  const fits = (words: string) => widthOf(face, words, size) <= width;
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (fits(longer)) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = '';
    if (fits(word)) {
      line = word;
      continue;
    }
    if (!mayBreak) return undefined;
    for (const character of word) {
      if (line !== '' && !fits(line + character)) {
        lines.push(line);
        line = '';
      }
      line += character;
    }
  }
  return line === '' ? lines : [...lines, line];
}

function cut(face: Face, lines: readonly string[], room: number, width: number, size: number): string[] {
  const kept = lines.slice(0, room);
  const last = [...kept.pop()!];
  while (last.length > 0 && widthOf(face, `${last.join('').trimEnd()}…`, size) > width) last.pop();
  return [...kept, `${last.join('').trimEnd()}…`];
}
