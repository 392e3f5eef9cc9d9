/**
 * The cover of a book for which none was drawn: its title above a planet, in colours that the title chooses. An SVG
 * without fonts or pictures of its own, so that a browser draws it without a server.
 */
import { sha256 } from '@noble/hashes/sha2';
import { escapeMarkup } from '../story/paragraphs.ts';
import { type Cover, oneLine } from './book.ts';

const WIDTH = 1_200;
const HEIGHT = 1_800;
const MARGIN = 100;
/** Most lines of a title, and most characters in one, at the size of its letters. */
const LINES_MAX = 7;
const LINE_LENGTH = 16;
const FONT_SIZE = 96;
const STARS = 60;
const FONT = 'font-family="Georgia, serif" fill="#fdf3dc" text-anchor="middle"';

/** Draws the cover of a title: the same one for the same title. */
export function plainCover(title: string): Cover {
  const line = oneLine(title);
  const draws = sha256(new TextEncoder().encode(line));
  const at = (index: number) => draws[index % draws.length]! / 256;
  const hue = Math.round(at(0) * 360);
  const stars = Array.from({ length: STARS }, (_, index) => {
    const x = Math.round(((at(index) * 7 + index * 0.618) % 1) * WIDTH);
    const y = Math.round(((at(index + 1) * 5 + index * 0.382) % 1) * HEIGHT);
    return `<circle cx="${x}" cy="${y}" r="${2 + (index % 3)}"/>`;
  });
  const planetX = Math.round(WIDTH * (0.2 + at(1) * 0.6));
  const lines = linesOf(line).map(
    (words, index) =>
      `<text x="${WIDTH / 2}" y="${MARGIN * 3 + index * FONT_SIZE * 1.2}" font-size="${FONT_SIZE}" font-weight="bold" ${FONT}>${escapeMarkup(words)}</text>`,
  );
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="hsl(${hue}, 45%, 14%)"/>`,
    `<g fill="#fdf3dc">${stars.join('')}</g>`,
    `<circle cx="${planetX}" cy="${HEIGHT}" r="620" fill="hsl(${(hue + 150) % 360}, 45%, 38%)"/>`,
    `<circle cx="${planetX + 90}" cy="${HEIGHT + 90}" r="620" fill="hsl(${(hue + 150) % 360}, 45%, 26%)"/>`,
    ...lines,
    `<text x="${WIDTH / 2}" y="${HEIGHT - MARGIN}" font-size="52" ${FONT}>WRITE ME A SCI-FI</text>`,
    '</svg>',
  ].join('\n');
  return { mediaType: 'image/svg+xml', bytes: new TextEncoder().encode(svg) };
}

/** A title as lines that fit the cover's width; a longer word is cut. */
function linesOf(title: string): string[] {
  const words = title
    .split(' ')
    .flatMap((word) => ([...word].length > LINE_LENGTH ? chunksOf(word) : [word]));
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= LINE_LENGTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  if (lines.length <= LINES_MAX) return lines;
  return [...lines.slice(0, LINES_MAX - 1), `${lines[LINES_MAX - 1]!.replace(/…$/, '')}…`];
}

function chunksOf(word: string): string[] {
  const characters = [...word];
  const chunks: string[] = [];
  for (let at = 0; at < characters.length && chunks.length <= LINES_MAX; at += LINE_LENGTH) {
    chunks.push(characters.slice(at, at + LINE_LENGTH).join(''));
  }
  return chunks;
}
