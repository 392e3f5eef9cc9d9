/** Turns a raw text file into a work for training. */
import { franc } from 'franc-min';
import { withoutAnnotations, withoutBoxes, withoutReferences } from './annotations.ts';
import { blocksOf, isRule } from './blocks.ts';
import { decodeText } from './decode.ts';
import { withoutFrontAndBackMatter } from './front-and-back-matter.ts';
import { type Header, readHeader, withoutLicence } from './gutenberg.ts';
import { plain, SCENE, unwrap } from './paragraphs.ts';

export interface CleanedWork {
  readonly header: Header;
  readonly encoding: string;
  /** The work's paragraphs, separated by a blank line, without a U+0003. */
  readonly text: string;
}

/** A shorter text is not a work: for example a file of pictures, or an index. */
export const LEAST_CHARACTERS = 1_000;
/** Number of characters from the middle of a work that decide its language. */
const SAMPLE = 6_000;

/** Cleans a file. Pure; takes time linear in the file's size. */
export function cleanWork(bytes: Uint8Array): CleanedWork {
  const { text, encoding } = decodeText(bytes);
  const header = readHeader(text);
  const { text: own, annotations } = withoutAnnotations(withoutBoxes(withoutLicence(text)));
  const paragraphs: string[] = [];
  for (const block of withoutFrontAndBackMatter(blocksOf(own), header, annotations)) {
    const paragraph = isRule(block) ? SCENE : plain(unwrap(withoutReferences(block.text)));
    // A scene break is written once, and neither before nor after the work.
    const isNeeded = paragraph === SCENE ? (paragraphs.at(-1) ?? SCENE) !== SCENE : /\w/.test(paragraph);
    if (isNeeded) paragraphs.push(paragraph);
  }
  if (paragraphs.at(-1) === SCENE) paragraphs.pop();
  return { header, encoding, text: `${paragraphs.join('\n\n')}\n` };
}

/**
 * Why a work is not English, as a phrase; undefined when it is English. The language that the file declares
 * is checked before the letter statistics.
 */
export function notEnglish({ header, text }: CleanedWork): string | undefined {
  const { language } = header;
  if (language && !/^en(?:glish)?\b/i.test(language)) return `it declares the language ${language}`;
  const middle = Math.max(0, Math.floor(text.length / 2) - SAMPLE / 2);
  const found = franc(text.slice(middle, middle + SAMPLE));
  // Trigrams do not tell Scots from English, and short texts give too little evidence.
  if (found === 'eng' || found === 'sco' || found === 'und') return undefined;
  return `its letters suggest another language (${found})`;
}
