/**
 * What Project Gutenberg and its volunteers put around a work, of every vintage since the nineties: found, and
 * taken away.
 */

/** What a file's header says. */
export interface Header {
  readonly id: string | undefined;
  readonly title: string | undefined;
  readonly author: string | undefined;
  readonly language: string | undefined;
}

/** Where the work begins: the last line before it, whatever the vintage. */
const BEGINNINGS: readonly RegExp[] = [
  /^[ \t]*\*{3}[ \t]*START OF (?:THE|THIS) PROJECT GUTENBERG.*(?:\n.+)*?\*{3}[ \t]*$/im,
  /^[ \t]*\*{3}[ \t]*START OF (?:THE|THIS) PROJECT GUTENBERG.*$/im,
  /^.*\*END[ *]*THE SMALL PRINT!.*$/im,
  /^.*END[ *]+THE SMALL PRINT.*$/im,
];
/** Where it ends: the first line after it. */
const ENDINGS: readonly RegExp[] = [
  /^[ \t]*\*{3}[ \t]*END OF (?:THE|THIS) PROJECT GUTENBERG/im,
  /^[ \t]*(?:\*{3}[ \t]*)?(?:This is )?(?:the )?end of (?:the |this )?project gutenberg/im,
  /^[ \t]*\*{3}[ \t]*START: FULL LICENSE/im,
];
/** Words that stand in no work of fiction, and in every licence. */
export const LICENCE = new RegExp(
  [
    'project gutenberg',
    'gutenberg(?:-tm|\\.net|\\.org|\\.com)',
    '\\b[eg]-?text\\b',
    'the small print!',
    'distributed proofread',
    'pgdp\\.net',
    "transcriber'?s",
    'this ebook is for the use of',
    'almost no restrictions whatsoever',
    'copyright on this publication was renewed',
    'internet archive',
    'public domain material from',
    'digital library',
    'nationalist movement',
  ].join('|'),
  'i',
);

/** Reads the header of a file. */
export function readHeader(text: string): Header {
  const head = text.slice(0, 20_000);
  const field = (name: string) =>
    new RegExp(`^${name}:[ \\t]*(\\S.*(?:\\n[ \\t]+\\S.*)*)`, 'im')
      .exec(head)?.[1]
      ?.replace(/\s+/g, ' ')
      .trim();
  const id = /\[(?:e(?:book|text))[ #]*(\d+)\]/i.exec(head)?.[1];
  const name = /project gutenberg(?:'s)? (?:e(?:book|text),? )?(?:of )?(.+?),? by (.+)$/im.exec(head);
  return {
    id,
    title: field('Title') ?? name?.[1]?.trim(),
    author: field('Author') ?? name?.[2]?.trim(),
    language: field('Language'),
  };
}

/** The work between header and licence; the whole text where there are neither. */
export function withoutLicence(text: string): string {
  let from = 0;
  for (const beginning of BEGINNINGS) {
    const found = beginning.exec(text);
    if (found && found.index < text.length / 2) {
      from = found.index + found[0].length;
      break;
    }
  }
  const body = text.slice(from);
  // A licence is longer than many a story: wherever it begins, the work is over.
  const ends = ENDINGS.map((ending) => ending.exec(body)?.index ?? body.length);
  return body.slice(0, Math.min(...ends));
}

/** Brackets that hold something about the book and nothing of it, with all that they hold. */
const ASIDE =
  /^\[\s*_?(?:illustrat|transcrib|footnote|sidenote|editor|frontispiece|picture|image|handwritten|page|pg\b|note:|music|blank page|decorat|cover|map\b|figure|fig\.|plate\b|advertisement|end of|redactor|proofread|etext)/i;
/** A reference to a footnote, or a page's number. */
const REFERENCE = /\[(?:\d{1,3}|[A-Z*†‡])\]|\{(?:pg |page )?\d{1,4}\}|\[(?:pg|p\.|page)\s*[ivxl\d]+\]/gi;

/** Leaves out asides in square brackets, which may go over many lines and hold brackets themselves. */
export function withoutAsides(text: string): string {
  let kept = '';
  let from = 0;
  for (let at = text.indexOf('['); at >= 0; at = text.indexOf('[', at + 1)) {
    if (at < from || !ASIDE.test(text.slice(at, at + 40))) continue;
    const end = closing(text, at);
    if (end < 0) continue;
    kept += text.slice(from, at);
    from = end + 1;
  }
  return kept + text.slice(from);
}

/** Leaves out references to footnotes and numbers of pages. */
export function withoutReferences(text: string): string {
  return text.replace(REFERENCE, '');
}

/** An aside is over after so much text, closed or not: somebody forgot its bracket. */
const LONGEST_ASIDE = 6_000;

function closing(text: string, opening: number): number {
  let depth = 0;
  for (let at = opening; at < Math.min(text.length, opening + LONGEST_ASIDE); at++) {
    if (text[at] === '[') depth += 1;
    else if (text[at] === ']' && --depth === 0) return at;
  }
  return -1;
}

/** Says who made the file: the first words of a block. */
const CREDIT =
  /^[\s*_[(]*(?:(?:this )?(?:e-?text|ebook|etext|file|book|html version|text)? ?(?:was |were )?(?:originally )?(?:produced|prepared|transcribed|scanned|typed|digitized|created|proofread|proofed|provided|contributed|made available|compiled|converted|formatted|updated|corrected)(?: (?:and|from|,) \w+)* (?:by|from|for|using|at|in)\b|e-?text (?:prepared|produced|scanned|by)|(?:images|scans) (?:generously|courtesy|of)|special thanks to|thanks to|html (?:version|formatting) by|produced from|this (?:project gutenberg )?(?:etext|e-text|ebook|text) (?:was|is|has|conforms)|\(?this file was|with thanks to|updated?:|(?:additional )?(?:proofing|proofreading|editing) by|credits?:|note: (?:images|project gutenberg|this)|note$)/i;
const NOTES_HEADING =
  /^[\W_]*(?:the )?(?:(?:transcriber|transcription|proofreader|editor|producer)['’]?s?['’]? (?:notes?|notation|remarks?|corrections?)\b|transcriber['’]?s?['’]?\b)/i;
const NOTE =
  /extensive research did not uncover|(?:this )?e-?text was (?:produced|prepared|taken) from|(?:spelling|typograph|punctuation|hyphenation|printer|inconsisten)\w*.{0,200}(?:correct|retain|preserv|left|maintain|unchanged|changed|modified|been made)|\bchanged (?:to|from)\b|at the time the story was written|^[\W_]*pages? \d+[:,]|corrected to ["“'_]|minor (?:spelling|typograph|errors)|obvious (?:printer|typograph|error|spelling|punctuation)|moved to the end|(?:italic|bold|small cap)\w*.{0,120}(?:underscore|asterisk|equal sign|represented|surrounded|enclosed|indicated|denoted|rendered|marked)|table of contents (?:was|has been|added)|original (?:text|publication|edition|copy|magazine|book).{0,80}(?:was|has|have|had|is|are)\b.{0,80}(?:retain|correct|preserv|miss|blank)|footnotes? (?:have|has|are|were)|subscript|superscript|diacritical|variant spellings|u\.s\. copyright/i;
const CONTENTS_HEADING = /^[\W_]*(?:table of )?contents\W*$/i;
const ILLUSTRATIONS_HEADING = /^[\W_]*(?:list of )?illustrations\W*$/i;
const FOOTNOTES_HEADING = /^[\W_]*(?:footnotes?|notes)\W*$/i;
/** Imprints: what a publisher puts before a work. */
const IMPRINT =
  /^[\W_]*(?:copyright\b|\(c\)|©|all rights reserved|printed in|first (?:published|printing|edition)|published (?:by|in|at)|reprinted|library of congress|entered according|illustrated by|illustrations? by|illustrator|cover (?:art|design|by|illustration)|frontispiece|drawings by|with illustrations|by the same author|other books by|books by|also by|manufactured in|complete and unabridged|an ace book|set up and electrotyped|press of|publishers?$)|all rights reserved|copyright,? (?:\(c\)|©)? ?,?(?:18|19)\d\d|copyright, (?:18|19)\d\d|^[\W_]*_?(?:\w+ ){0,4}has also written/i;

/** The masthead of a magazine, and what it says of itself before its stories. */
const MASTHEAD =
  /\bon sale the first\b|clayton standard|w\. m\. clayton|clayton magazines|second[- ]class matter|single cop(?:y|ies),? \d|yearly subscription|subscription,? \$|the only magazines? whose name|published monthly|issued monthly|consulting editor/i;
/** Where a magazine's stories are over: its readers' letters, which fill as much as a quarter of it. */
const LETTERS =
  /^[\W_]*(?:the )?readers?['’]?s?['’]?[ -]corner\b|^[\W_]*in the next issue\b|^[\W_]*a meeting place for readers|^[\W_]*dear editor\b/i;
/** What a publisher says of other books, of the author, and of the price. */
const ADVERTISING =
  /books? listed above may be|please (?:send|rush) me|(?:\b\d{2}c\b.*){3}|add \d+c? (?:postage|per copy)|handling charge|each book only|has also written:|appears on newsstands|^[\W_]*advertisements?\W*$|^[\W_]*about the authors?\b|^[\W_]*author['’]s profile|^[\W_]*other (?:\w+ )?\w+ books\b|published by \w+ books/i;

/** Blocks at a beginning and at an end in which there may be notes, credits and imprints. */
const FRONT_BLOCKS = 60;

/** Which blocks of a work are its own: front and back matter, notes, contents and footnotes are left out. */
export function withoutMatter(blocks: readonly string[]): string[] {
  // What is looked for may go over the end of a line.
  const flat = blocks.map((block) => block.replace(/\s+/g, ' '));
  const kept: string[] = [];
  const first = 1 + flat.slice(0, FRONT_BLOCKS).findLastIndex((block) => MASTHEAD.test(block));
  for (let i = first; i < blocks.length; i++) {
    const block = flat[i]!;
    const isFront = i < FRONT_BLOCKS;
    const isBack = i >= blocks.length * 0.85 || i >= blocks.length - 10;
    if (i > blocks.length * 0.5 && LETTERS.test(block)) break;
    if (ADVERTISING.test(block)) {
      if (isBack) break;
      continue;
    }
    if (NOTES_HEADING.test(block) && (isFront || isBack || block.length < 400)) {
      // All that follows at the end; at the beginning what reads like a note.
      if (isBack && !isFront) break;
      while (i + 1 < blocks.length && NOTE.test(flat[i + 1]!)) i++;
      if (isBack && isOnlyNotes(flat.slice(i + 1))) break;
      continue;
    }
    if (CONTENTS_HEADING.test(block) || ILLUSTRATIONS_HEADING.test(block)) {
      while (i + 1 < blocks.length && isListed(blocks[i + 1]!)) i++;
      continue;
    }
    if (FOOTNOTES_HEADING.test(block) && FOOTNOTE.test(flat[i + 1] ?? '')) {
      while (i + 1 < blocks.length && FOOTNOTE.test(flat[i + 1]!)) i++;
      continue;
    }
    if (isFront && block.length < 1_200 && (CREDIT.test(block) || IMPRINT.test(block))) continue;
    if (LICENCE.test(block) && (isFront || isBack || NOTE.test(block))) continue;
    kept.push(blocks[i]!);
  }
  return kept;
}

const FOOTNOTE = /^[\W_]*(?:\[|\(?\d|\*|†|[A-Z]\])/;

function isOnlyNotes(blocks: readonly string[]): boolean {
  return blocks.length > 0 && blocks.filter((block) => NOTE.test(block)).length >= blocks.length / 2;
}

/** Whether a block is entries of a list: chapters, pages, plates. */
function isListed(block: string): boolean {
  const lines = block.split('\n').map((line) => line.trim());
  if (lines.some((line) => line.length > 75)) return false;
  const isEntry = (line: string) =>
    /^(?:chapter|part|book|page|section|prologue|epilogue|introduction|foreword|preface|facing|frontispiece|illustration)\b/i.test(
      line,
    ) ||
    /^(?:[ivxlcdm]+|\d+)[.:)\s-]/i.test(line) ||
    /(?:\.{2,}|\s{2,}|_{2,})\s*[\divxl]+$/i.test(line) ||
    /^[\W_]*(?:page|chapter|no)\W*$/i.test(line);
  const entries = lines.filter(isEntry).length;
  return (
    entries >= Math.max(1, lines.length * 0.5) &&
    !(lines.length === 1 && /^(?:chapter|part|book|prologue|i|1)\b\W*\S{0,12}$/i.test(lines[0]!))
  );
}
