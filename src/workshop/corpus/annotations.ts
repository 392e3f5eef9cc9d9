/** Annotations within a work's text: brackets and boxes about the book, and references to footnotes. */
import { ABOUT_THE_FILE } from './patterns.ts';

/** The first words in a bracket that describes the book and is not part of its text. */
const ANNOTATION =
  /^\[[\s*_]*(?:illustrat|transcrib|foot ?note|sidenote|frontispiece|picture|image|handwritten|page|pg\b|note:|music|blank page|decorat|cover|map\b|figure|fig\.|plate\b|advertisement|end of|redactor|proofread|e-?text|device\b|missing text|subscript|superscript|at this point an? \w+ text|[\w ]{0,40}(?:omitted|(?:appears?|occurs?) here)\])/i;
/** A reference to a footnote, or a page number. */
const REFERENCE = /\[(?:\d{1,3}|[A-Z*†‡])\]|\{(?:pg |page )?\d{1,4}\}|\[(?:pg|p\.|page)\s*[ivxl\d]+\]/gi;
/** An annotation ends after this many characters even when its bracket is never closed. */
const LONGEST_ANNOTATION = 6_000;
const OPENING_WORDS = 60;
/**
 * The picture at the head of a magazine's letters: it is removed, but its words stay to show where the
 * letters begin.
 */
const DEPARTMENT = /readers?['’]s? corner/i;

/** Removes annotations in square brackets, which may span lines and contain brackets. */
export function withoutAnnotations(text: string): {
  readonly text: string;
  readonly annotations: readonly string[];
} {
  const annotations: string[] = [];
  let kept = '';
  let from = 0;
  for (let at = text.indexOf('['); at >= 0; at = text.indexOf('[', at + 1)) {
    if (at < from || !ANNOTATION.test(text.slice(at, at + OPENING_WORDS))) continue;
    const end = closing(text, at);
    const annotation = text.slice(at + 1, end);
    annotations.push(annotation);
    kept += text.slice(from, at);
    if (DEPARTMENT.test(annotation)) kept += annotation.replace(/^[^:]*:/, '').replace(/\s+/g, ' ');
    from = end + 1;
  }
  return { text: kept + text.slice(from), annotations };
}

/** Removes references to footnotes and page numbers. */
export function withoutReferences(text: string): string {
  return text.replace(REFERENCE, '');
}

/** Where a bracket closes; the end of its paragraph when it does not close. */
function closing(text: string, opening: number): number {
  let depth = 0;
  for (let at = opening; at < Math.min(text.length, opening + LONGEST_ANNOTATION); at++) {
    if (text[at] === '[') depth += 1;
    else if (text[at] === ']' && --depth === 0) return at;
  }
  const blank = text.indexOf('\n\n', opening);
  return blank < 0 ? text.length : blank;
}

const BOX = /^[ \t]*\+?[-=]{10,}\+?[ \t]*\n(?:[ \t]*[|:].*[|:]?[ \t]*\n)+[ \t]*\+?[-=]{10,}\+?[ \t]*$/gm;

/**
 * Unwraps boxes drawn with `+---+` and `|`: lines about the file or the magazine are removed, the rest stays
 * as text.
 */
export function withoutBoxes(text: string): string {
  return text.replace(BOX, (box) => {
    const inside = box
      .split('\n')
      .slice(1, -1)
      .map((line) => line.replace(/^[ \t]*[|:] ?|[ \t]*[|:]?[ \t]*$/g, ''))
      .join('\n');
    return ABOUT_THE_FILE.test(inside.replace(/\s+/g, ' ')) ? '' : `\n\n\n\n${inside}\n\n\n\n`;
  });
}
