/** From a file as somebody found it to a work that a network can learn from. */
import { franc } from 'franc-min';
import { withoutAnnotations, withoutBoxes, withoutReferences } from './asides.ts';
import { blocksOf, isRule } from './blocks.ts';
import { decodeText } from './decode.ts';
import { type Header, readHeader, withoutLicence } from './gutenberg.ts';
import { withoutFrontAndBackMatter } from './matter.ts';
import { plain, SCENE, unwrap } from './paragraphs.ts';

export interface CleanedWork {
  readonly header: Header;
  readonly encoding: string;
  /** The work's paragraphs, a blank line between two; without a U+0003. */
  readonly text: string;
}

/** Below this there is no work: a file of pictures, an index. */
export const LEAST_CHARACTERS = 1_000;
/** Characters from the middle of a work that its language is told by. */
const SAMPLE = 6_000;

/** Cleans a file. Pure; takes time linear in its size. */
export function cleanWork(bytes: Uint8Array): CleanedWork {
  const { text, encoding } = decodeText(bytes);
  const header = readHeader(text);
  const { text: own, annotations } = withoutAnnotations(withoutBoxes(withoutLicence(text)));
  const paragraphs: string[] = [];
  for (const block of withoutFrontAndBackMatter(blocksOf(own), header, annotations)) {
    const paragraph = isRule(block) ? SCENE : plain(unwrap(withoutReferences(block.text)));
    // A scene ends once, and neither before a work nor after it.
    const isNeeded = paragraph === SCENE ? (paragraphs.at(-1) ?? SCENE) !== SCENE : /\w/.test(paragraph);
    if (isNeeded) paragraphs.push(paragraph);
  }
  if (paragraphs.at(-1) === SCENE) paragraphs.pop();
  return { header, encoding, text: `${paragraphs.join('\n\n')}\n` };
}

/**
 * Why a work is not English, in words; undefined when it is. What it says of itself is asked first, then the
 * statistics of its letters.
 */
export function notEnglish({ header, text }: CleanedWork): string | undefined {
  const { language } = header;
  if (language && !/^en(?:glish)?\b/i.test(language)) return `it says that its language is ${language}`;
  const middle = Math.max(0, Math.floor(text.length / 2) - SAMPLE / 2);
  const found = franc(text.slice(middle, middle + SAMPLE));
  // Scots is English to a trigram, and so is what is too short to tell.
  if (found === 'eng' || found === 'sco' || found === 'und') return undefined;
  return `its letters are those of another language (${found})`;
}
