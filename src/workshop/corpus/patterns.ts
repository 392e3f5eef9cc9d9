/**
 * Patterns that identify front and back matter: one table for each kind; each row has an example or its
 * purpose. A block is matched with its lines joined, so that a pattern can match across line ends.
 *
 * A pattern that decides about a whole section must never occur in a story. Patterns that may occur in a
 * story are in the tables whose range is bounded (`CREDIT`, `TITLE_PAGE`, `ADDRESS`, `DEDICATION`: before the
 * first paragraph) or that are only a hint (`HINT`).
 */

type Row = readonly [pattern: RegExp, why: string];

/** Whether any row of a table matches; rows that depend on capitals have no `i`. */
interface Table {
  test(flat: string): boolean;
}

/** A table of patterns. */
export function anyOf(...rows: readonly Row[]): Table {
  const patterns = ['i', ''].map((flags) => {
    const sources = rows
      .filter(([pattern]) => pattern.flags === flags)
      .map(([pattern]) => `(?:${pattern.source})`);
    return sources.length > 0 ? new RegExp(sources.join('|'), flags) : undefined;
  });
  return { test: (flat) => patterns.some((pattern) => pattern?.test(flat)) };
}

/** Words that occur in no work of fiction, and in every licence, credit and transcriber's note. */
export const LICENCE = anyOf(
  [/project gutenberg|gutenberg(?:-tm|\.net|\.org|\.com)/i, 'the name, which is a trademark'],
  [/\b[eg]-?texts?\b/i, 'its name for its files'],
  [/the small print!|almost no restrictions whatsoever|this ebook is for the use of/i, 'the licence'],
  [/distributed proofread|pgdp\.net/i, 'its volunteers'],
  [/transcriber'?s notes?\b/i, 'their notes'],
  [/copyright on this publication was renewed/i, 'the legal basis'],
  [/archive\.org|public domain material from/i, 'the source of the pictures'],
);

/** Credits of those who made the file. */
export const CREDIT = anyOf(
  [
    /^[\s*_[(]*(?:[Tt]his |[Tt]he )?(?:[Ee]-?text |[Ee]-?[Bb]ook |[Tt]ext |[Ff]ile )?(?:was )?(?:[Pp]roduced|[Pp]repared|[Tt]ranscribed|[Ss]canned|[Tt]yped|[Dd]igiti[sz]ed|[Cc]reated|[Pp]roofread|[Cc]ontributed|[Cc]ompiled|[Cc]onverted|[Ff]ormatted)(?: and \w+)? (?:by|for|from|at)(?: the| an?)? [A-Z\d]/,
    'Produced by Greg Weeks; Transcribed from the 1915 Mills & Boon edition',
  ],
  [/^[\s*_[(]*e-?text (?:prepared|produced|scanned)/i, 'E-text prepared by'],
  [
    /^[\s*_[(]*(?:images|scans) (?:generously|courtesy of|made available)/i,
    'Images generously made available by',
  ],
  [/^[\s*_[(]*(?:special |with )?thanks to .*(?:proofread|scann|e-?text)/i, 'Thanks to those who scanned'],
  [/^[\s*_[(]*html (?:version|formatting) by/i, 'HTML version by Al Haines'],
  [/^[\s*_[(]*(?:additional )?(?:proofing|proofreading|editing) by/i, 'Proofreading by'],
  [/^[\s*_[(]*credits?:/i, 'Credits:'],
  [
    /^[\s*_[(]*\(?this (?:file was|(?:project gutenberg )?(?:e-?text|ebook) (?:was|is|has|conforms))/i,
    'This file was produced from images',
  ],
  [/^[\s*_[(]*edition \d+,? \(/i, 'Edition 1, (December 20, 2006)'],
  [/^jtable \d/i, 'a table that an old converter left'],
);

/** Headings of transcriber's notes, at any position. */
export const NOTES_HEADING =
  /^[\W_]*(?:the )?(?:(?:transcriber|transcription|proofreader|digiti[sz]er|submitter|etext editor)['’]?s?['’]? (?:notes?|notation|remarks?|comments?|corrections?)\b|transcriber['’]?s?['’]?\W*$)/i;
/** The same at the end of a work, where no story would begin like this. */
export const NOTES_AT_END = anyOf(
  [/^[\W_]*(?:list of )?(?:errata|fixed issues|corrections made)\W*$/i, 'Errata'],
  [
    /^[\W_]*the following (?:\w+ )?(?:typos?|typographical|corrections|hyphenated|compounds?|misprints?)\b/i,
    'The following typos have been corrected',
  ],
  [
    /^[\W_]*notes?:(?=.{0,900}(?:omitted|hyphen|spelling|typograph|scanned|e-?text|project gutenberg))/i,
    'Notes: Inconsistent hyphenation',
  ],
);

/** Contents of such notes. */
export const NOTE = anyOf(
  [/extensive research did not uncover/i, 'the copyright was not renewed'],
  [
    /(?:no evidence|not uncover any evidence).{0,80}(?:copyright|renewed)|u\.s\. copyright/i,
    'the same in other words',
  ],
  [/(?:this )?e-?text was (?:produced|prepared|taken) from/i, 'the source'],
  [/this is (?:the|an) .{0,40}version of the (?:e-?text|ebook)/i, 'there is another version'],
  [
    /(?:spelling|typograph|punctuation|hyphenation|printer|inconsisten|capitali[sz]ation)\w*.{0,200}(?:correct|retain|preserv|left|maintain|unchanged|changed|modified|normali[sz]ed|standardi[sz]ed|been made)/i,
    'what was corrected and what was kept',
  ],
  [/\bchanged (?:to|from)\b|\bcorrected to ["“'_]|^[\W_]*pages? \d+[:,]/i, 'lists of corrections'],
  [
    /obvious (?:printer|typograph|error|spelling|punctuation)|minor (?:spelling|typograph|punctuation|errors)/i,
    'what was corrected',
  ],
  [/moved to the end/i, 'the position of footnotes'],
  [
    /(?:italic|bold|small cap)\w*.{0,120}(?:underscore|asterisk|equal sign|represented|surrounded|enclosed|indicated|denoted|rendered|marked)/i,
    'notation of emphasis',
  ],
  [/table of contents (?:was|has been) added/i, 'what was added'],
  [
    /original (?:text|publication|edition|copy|magazine|book).{0,80}(?:was|has|have|had|is|are)\b.{0,80}(?:retain|correct|preserv|miss|blank)/i,
    'the state of the printed copy',
  ],
  [
    /^footnotes? (?:have|has|are|were)|subscript|superscript|diacritical|variant spellings/i,
    'conventions of notation',
  ],
);

/** What a publisher prints before and after a work: rights, dates, places and prices. */
export const IMPRINT = anyOf(
  [
    /^[\W_]*copyright\b.{0,20}(?:\d{4}|©|\(c\)|by [A-Z])|^[\W_]*(?:\([Cc]\)|©) ?(?:18|19|20)\d\d|copyright,? (?:\([Cc]\) ?)?(?:18|19)\d\d|^COPYRIGHT\b/,
    'COPYRIGHT, 1953, BY ROCKHILL RADIO',
  ],
  [
    /^[\W_]*copyright,? ?(?:\(c\)|©)? ?,? ?(?:18|19|20)\d\d|\(copyrighted \w+/i,
    'Copyright, 1961, by Ace Books',
  ],
  [/all rights reserved/i, 'all rights'],
  [
    /^[\W_]*(?:printed|manufactured|published simultaneously) in (?:the )?(?:u\.|united|great britain|canada|dominion)/i,
    'Printed in U.S.A.',
  ],
  [/^[\W_]*[Pp]rinted by [A-Z]{3}/, 'Printed by BALLANTYNE, HANSON & CO.'],
  [/library of congress (?:catalog|card)/i, 'the catalogue card'],
  [/^[\W_]*entered according to act/i, 'the act of congress'],
  [
    /^[\W_]*(?:first|second|\d\w\w|new|pyramid|ace|bantam|pocket book) (?:\w+ )?(?:printing|edition)\b.{0,40}\d{4}|^[\W_]*printing history/i,
    'First Ace printing: January, 1973',
  ],
  [
    /\b(?:press|books?|publications?|company),? inc\b|p\. ?o\. box \d+|& co(?:mpany)?\b.{0,12}(?:18|19)\d\d|\bpublishers?\b.{0,30}\bnew york\b/i,
    'the publisher',
  ],
  [
    /& Co(?:mpany|\.)?,? (?:Inc\.?,? )?(?:\w+ ){0,3}(?:New York|London|Boston|Chicago)/,
    'Doubleday & Company, Garden City',
  ],
  [
    /^[\W_]*(?:an? |this )?(?:ace|pyramid|avon|bantam|avalon|monarch|pocket|ballantine|signet) (?:science fiction )?(?:books?|original|edition)\b|\b(?:pyramid|ace|avon|bantam) book [a-z]-?\d{3}/i,
    'An Ace Book',
  ],
  [
    /this book is fiction|(?:resemblance|similarity) .{0,80}(?:persons?|living or dead).{0,60}coincidental/i,
    'any resemblance is coincidental',
  ],
  [
    /(?:may (?:not )?be )?reproduced .{0,40}(?:in any form|in whole or in part|without)/i,
    'no part may be reproduced',
  ],
  [
    /turn this book over|complete text of the original|brand-new plates|higher-priced edition/i,
    'a paperback about itself',
  ],
  [
    /was originally published (?:under|as)\b|(?:version of this (?:story|work|novel)|part of this book) (?:appeared|was published)/i,
    'its first publication',
  ],
  [/^[\W_]*(?:set up and electrotyped|typography by)|^[\W_]*press of\W*[A-Z]{3}/i, 'the printer'],
  [/^[\W_]*(?:printed for\b|dust[- ]jacket blurb)|reprinted in book form/i, 'older publishers, and jackets'],
);

/** A publisher's address: on a title page, but also in many stories. */
export const ADDRESS = anyOf(
  [/^[\W_]*(?:new york|london|boston|philadelphia|chicago)\b[\W\d_]*$/i, 'LONDON: 1818'],
  [
    /\b(?:new york|n\. ?y\.)[ ,]+(?:\d{1,2}|10\d{3})?,? ?n\. ?y\.?\b|\bnew york,? n\. ?y\.|\bn\. ?y\. ?10\d{3}/i,
    '1120 Avenue of the Americas, New York, N.Y. 10036',
  ],
);

/** Part of an advertisement if others are near; elsewhere it may belong to a story. */
export const HINT = anyOf(
  [/["”]--(?:The )?[A-Z][\w ]{2,40}\.?$/, '"One of the cleverest books ever written."--Birmingham Post'],
  [/\$\d+\.\d\d|\b\d\d ?[c¢](?=\W|$)/, 'a price'],
  [/^[\W_]*Name[ _.]{4,}|^[\W_]*Address[ _.]{4,}|\bCoupon\b|FREE\b/, 'coupons'],
);

/** Lines of a title page that are not part of a work, even without other publisher's text. */
export const TITLE_PAGE = anyOf(
  [
    /^[\W_]*(?:jacket |cover )?(?:illustrat(?:ed|ions?|ors?)|drawings|decorations)(?: by\b|: ?\w| [A-Z][\w.]+(?: [A-Z]\w+)?$)/i,
    'Illustrated by Emsh',
  ],
  [
    /^[\W_]*(?:cover|jacket)(?: \w+)? (?:art|design|by|illustration|painting|photo)\b/i,
    'Cover painting by Jack Gaughan',
  ],
  [/^[\W_]*with (?:\w+ )?(?:illustrations|drawings) by/i, 'With illustrations by'],
  [
    /^[\W_]*(?:by the same author|other (?:\w+ )?books by [A-Z]|also by [A-Z]|BOOKS BY|Books by [A-Z])/,
    'Also by Alan E. Nourse',
  ],
  [/^[\W_]*(?:[\w.]+ ){0,4}has also written:?\W*$/i, 'Charles L. Fontenay has also written:'],
  [
    /^[\W_]*(?:book-length novel )?complete in this issue|^[\W_]*a complete original book|^[\W_]*complete and unabridged/i,
    'a magazine about a story',
  ],
  [
    /^[\W_]*(?:first|second|third|last|part \w+) of (?:two|three|four|\w+) parts?\W*$|^[\W_]*beginning a thrilling new serial/i,
    'First of two parts',
  ],
  [/^[\W_]*author of "/i, 'Author of "Skylark of Space"'],
);

/** Dedications; only before the first chapter. */
export const DEDICATION = anyOf(
  [/^[\W_]*(?:to|for)\b.{0,200}[^.?!"”'’]$/i, 'To Joan Patricia Jenkins'],
  [/\bis (?:\w+ )?dedicated\b|\bthis (?:book|story|tale) is dedicated/i, 'This tale is gratefully dedicated'],
  [/^[\W_]*dedicat(?:ed to|ion)\b/i, 'DEDICATION'],
);

/** A publisher's text about other books and the author, and a magazine's advertisements. */
export const ADVERTISING = anyOf(
  [
    /books? listed above may be|please (?:send|rush) me|each book only|send price indicated|order (?:direct from|by number)/i,
    'how to order',
  ],
  [
    /add \d+ ?[c¢]? (?:postage|per copy|handling)|handling (?:charge|fee)|\bpostage free\b|allow \d weeks for delivery/i,
    'the cost of that',
  ],
  [/(?:\b\d{2}[c¢]\W.*){3}|(?:\$\d\.\d\d.*){3}|\bprice \d+s\.|\b[a-z]\d{2,3} \d\d ?[c¢]/i, 'prices in a row'],
  [/^[\W_]*(?:\d+ )?[A-Z]-?\d{3}\b.* by [A-Z]|^[A-Z]{1,2}\d{2,3} [A-Z .,:']{6,}/, 'numbers of paperbacks'],
  [
    /(?:available|on sale) (?:at|wherever|from) (?:your|all|paperbacks|ace|better|local)|your (?:local )?newsdealer|at your favorite book ?store/i,
    'where to buy',
  ],
  [
    /^[\W_]*(?:advertisements?|about the authors?|author['’]s profile|free illustrated catalog.*)[\W_]*$/i,
    'headings of advertisements',
  ],
  [
    /SCIENCE[- ]FICTION (?:HITS|DOUBLES|NOVELS|BOOKS|FANS)|GREAT SCIENCE-FICTION|S-F HITS|^For Science Fiction Fans/,
    'headings of lists',
  ],
  [
    /^[\W_]*more \w+ science[- ]fiction\W*$|checklist of recent (?:releases|titles)|^[\W_]*(?:two|three) more [A-Z]+/i,
    'lists of other books',
  ],
  [
    /^[\W_]*(?:[\w.' ]+ )?(?:Other|More|New|OTHER|MORE|NEW) (?:\w+ ){0,3}(?:[Bb]ooks?|BOOKS?) (?:[Bb]y|BY) [A-Z]|^[\W_]*(?:Ace|Avon|Pyramid) (?:\w+ ){0,2}Books by|^Books by [A-Z]/,
    'other books by an author',
  ],
  [
    /don't miss these [\w -]*(?:books|adventures)|be sure not to miss\W*$|calling all boys and girls|books for boys and girls|\bwinston (?:science fiction|books)/i,
    'exclamations',
  ],
  [
    /has still available|is the largest publisher of|guarantee of the best in reading|genuine pocket book|^[\W_]*pyramid presents/i,
    'publishers about themselves',
  ],
  [/published by \w+ books|^[\W_]*the tom corbett,? space cadet stories/i, 'series'],
  [
    /\bsend (?:me |for )(?:your |this |the )?free\b|\bwrite (?:to-?day )?for (?:free|full)\b|\(dept\. |\bdept\. [A-Z]?-?\d|when answering advertisements/i,
    'a magazine’s advertisers',
  ],
  [/^[\W_]*editorial note:/i, 'an editor after a story'],
);

/** Text in a box or between two stories that concerns the file or the magazine. */
export const ABOUT_THE_FILE =
  /transcriber|e-?text|project gutenberg|readers['’]? corner|next issue|opening installment|readers of [A-Z ]+stories|copyright on this publication/i;

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
