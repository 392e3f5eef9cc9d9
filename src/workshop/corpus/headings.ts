/** Headings of a work's own parts, and of the lists and notes around it. */

/** The heading of a chapter, or of another part of a work. */
export const CHAPTER =
  /^[\W_]*(?:(?:chapter|part|book|section|record|episode|canto|volume|act|letter)\s+(?:the\s+)?(?:[ivxlcdm]+|\d+|one|two|three|first|second)\b.{0,80}|prologue\b.{0,60}|prelude\b.{0,60}|overture\b.{0,60}|[ivxl]+(?:[.:]?|[.:]\s.{1,60})|\d{1,2}(?:\.?|[.:]\s.{1,60})|one)[\W_]*$/i;
/** The heading of an author's text before the first chapter. */
export const PREFACE =
  /^[\W_]*(?:preface|foreword|introduction|introductory|author['’]?s (?:note|preface|foreword|introduction)|to the reader)\b.{0,60}$/i;
export const THE_END = /^[\W_]*(?:the )?(?:end|fin|finis)[\W_]*$/i;

export const CONTENTS_HEADING = /^[\W_]*(?:table of )?contents\W*$/i;
export const ILLUSTRATIONS_HEADING = /^[\W_]*(?:list of )?illustrations\W*$/i;
export const FOOTNOTES_HEADING = /^[\W_]*(?:footnotes?|notes)\W*$/i;
