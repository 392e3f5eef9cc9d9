/**
 * Finds the beginning and end of a work in a Project Gutenberg file of any year since 1971, and reads its
 * header.
 */

/** Contents of a file's header. */
export interface Header {
  readonly id: string | undefined;
  readonly title: string | undefined;
  readonly author: string | undefined;
  readonly language: string | undefined;
}

interface Mark {
  readonly vintage: string;
  readonly line: RegExp;
}

/** The last line before a work; when several match, the first in this table counts. */
const BEGINNINGS: readonly Mark[] = [
  {
    vintage: '2003 on, over several lines where the title is long',
    line: /^[ \t]*\*{3}[ \t]*START OF (?:THE|THIS) PROJECT GUTENBERG.*(?:\n.+){0,4}?\*{3}[ \t]*$/im,
  },
  {
    vintage: '2003 on, without its closing asterisks',
    line: /^[ \t]*\*{3}[ \t]*START OF (?:THE|THIS) PROJECT GUTENBERG.*$/im,
  },
  { vintage: '1993 to 2003: the small print is over', line: /^.*\*?END[ *]+THE SMALL PRINT.*$/im },
  {
    vintage: '1991 to 1993: no small print yet',
    line: /^\*{5}These (?:e-?texts|ebooks) (?:are|were) prepared.*$/im,
  },
];

/** The first line after a work; when several match, the earliest in the file counts. */
const ENDINGS: readonly Mark[] = [
  { vintage: '2003 on', line: /^[ \t]*\*{3}[ \t]*END OF (?:THE|THIS) PROJECT GUTENBERG/im },
  {
    vintage: '1991 on, within the work’s last lines',
    line: /^[ \t*]*(?:this is )?(?:the )?end of (?:the |this )?project gutenberg/im,
  },
  { vintage: '2003 on, the licence itself', line: /^[ \t]*\*{0,3}[ \t]*START: FULL LICENSE/im },
  { vintage: 'before 2003, at the foot instead of the head', line: /^\*{3}START\*{2}THE SMALL PRINT/im },
];

/** Maximum length of a header in characters. */
const HEADER_CHARACTERS = 20_000;

/** Reads the header of a file. */
export function readHeader(text: string): Header {
  const head = text.slice(0, HEADER_CHARACTERS);
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

/** The work between header and licence; the whole text when there is neither. */
export function withoutLicence(text: string): string {
  const beginning = BEGINNINGS.map(({ line }) => line.exec(text)).find(
    (found) => found && found.index < text.length / 2,
  );
  const body = beginning ? text.slice(beginning.index + beginning[0].length) : text;
  // The licence is longer than many stories: the work ends where the licence begins.
  return body.slice(
    0,
    Math.min(body.length, ...ENDINGS.map(({ line }) => line.exec(body)?.index ?? body.length)),
  );
}
