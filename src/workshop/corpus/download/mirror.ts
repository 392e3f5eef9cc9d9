/** Paths of a book's text on a mirror of Project Gutenberg. */

/** The paths of a book's text below a mirror's root; those that keep more of its characters come first. */
export interface Names {
  /** Generated for every book, as UTF-8. Not every mirror has them. */
  readonly generated: readonly string[];
  /**
   * Made by hand, as UTF-8, Latin-1 (or another 8-bit encoding) or ASCII; books from before 2003 may have
   * irregular names.
   */
  readonly main: readonly string[];
}

export function namesOf(id: string): Names {
  // Book 12345 is in 1/2/3/4/12345, book 7 in 0/7.
  const folder = `${id.length === 1 ? '0' : [...id.slice(0, -1)].join('/')}/${id}`;
  return {
    generated: [`cache/epub/${id}/pg${id}.txt`],
    main: [`${folder}/${id}-0.txt`, `${folder}/${id}-8.txt`, `${folder}/${id}.txt`],
  };
}
