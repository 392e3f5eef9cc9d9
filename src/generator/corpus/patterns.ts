/**
 * By what the things around a work are known: one table a kind, each row with what it is there for. A block is matched
 * with its lines joined, so that what is looked for may go over the end of a line.
 */

type Row = readonly [pattern: RegExp, why: string];

/** One expression of a table's rows. */
function anyOf(...rows: readonly Row[]): RegExp {
  return new RegExp(rows.map(([pattern]) => `(?:${pattern.source})`).join('|'), 'i');
}

/** Words that stand in no work of fiction, and in every licence, credit and transcriber's note. */
export const LICENCE = anyOf(
  [/project gutenberg|gutenberg(?:-tm|\.net|\.org|\.com)/, 'the name, which is a trademark'],
  [/\b[eg]-?texts?\b/, 'what it calls its files'],
  [/the small print!|almost no restrictions whatsoever|this ebook is for the use of/, 'the licence'],
  [/distributed proofread|pgdp\.net/, 'who made most of them'],
  [/transcriber'?s notes?\b/, 'what they remark'],
  [/copyright on this publication was renewed/, 'why they may'],
  [/archive\.org|public domain material from/, 'where the pictures came from'],
);

/** Who made the file. */
export const CREDIT = anyOf(
  [
    /^[\s*_[(]*(?:(?:this|the|an?) )?(?:e-?text|ebook|e-book|text|file|book|html version)? ?(?:was |were )?(?:originally )?(?:produced|prepared|transcribed|scanned|typed|digiti[sz]ed|created|proofread|proofed|provided|contributed|compiled|converted|formatted) (?:and \w+ )?(?:by|for|from|at)\b/,
    'Produced by Greg Weeks and the Online Distributed Proofreading Team',
  ],
  [/^[\s*_[(]*e-?text (?:prepared|produced|scanned)/, 'E-text prepared by'],
  [
    /^[\s*_[(]*(?:images|scans) (?:generously|courtesy of|made available)/,
    'Images generously made available by',
  ],
  [/^[\s*_[(]*(?:special |with )?thanks to .*(?:proof|scan|text|images|team)/, 'Thanks to those who scanned'],
  [/^[\s*_[(]*html (?:version|formatting) by/, 'HTML version by Al Haines'],
  [/^[\s*_[(]*(?:additional )?(?:proofing|proofreading|editing) by/, 'Proofreading by'],
  [/^[\s*_[(]*credits?:/, 'Credits:'],
  [/^[\s*_[(]*\(?this file was/, 'This file was produced from images'],
  [
    /^[\s*_[(]*this (?:project gutenberg )?(?:e-?text|ebook) (?:was|is|has|conforms)/,
    'This etext was prepared by',
  ],
  [/^[\s*_[(]*edition \d+,? \(/, 'Edition 1, (December 20, 2006)'],
  [/^[\s*]*this (?:e-?text|ebook) (?:is|was|has) /, 'boxes of asterisks'],
  [/^jtable \d/, 'a table that an old converter left'],
);

/** Notes of those who made the file, by their heading. */
export const NOTES_HEADING =
  /^[\W_]*(?:the )?(?:transcriber|transcription|proofreader|producer|digiti[sz]er|submitter|etext editor)(?:['’]?s?['’]?)? (?:notes?|notation|remarks?|comments?|corrections?)\b|^[\W_]*transcriber['’]?s?['’]?\W*$|^[\W_]*(?:list of )?(?:errata|fixed issues|corrections made)\W*$|^[\W_]*the following (?:\w+ )?(?:typos?|typographical|corrections?|changes?|hyphenated|compounds?|misprints?)\b|^[\W_]*notes?:(?=.{0,300}(?:omitted|hyphen|spelling|typograph|changes? to the text|scann|e-?text|project gutenberg|images))/i;

/** What such notes say. */
export const NOTE = anyOf(
  [/extensive research did not uncover/, 'the copyright was not renewed'],
  [/(?:no evidence|not uncover any evidence).{0,80}(?:copyright|renewed)/, 'the same in other words'],
  [/u\.s\. copyright/, 'the same again'],
  [/(?:this )?e-?text was (?:produced|prepared|taken) from/, 'from which magazine'],
  [/this is (?:the|an) .{0,40}version of the (?:e-?text|ebook)/, 'there is another version'],
  [
    /(?:spelling|typograph|punctuation|hyphenation|printer|inconsisten|capitali[sz]ation)\w*.{0,200}(?:correct|retain|preserv|left|maintain|unchanged|changed|modified|normali[sz]ed|standardi[sz]ed|been made)/,
    'what was corrected and what was kept',
  ],
  [/\bchanged (?:to|from)\b/, 'lists of corrections'],
  [/\bcorrected to ["“'_]/, 'lists of corrections'],
  [/^[\W_]*pages? \d+[:,]/, 'lists of corrections, by page'],
  [
    /obvious (?:printer|typograph|error|spelling|punctuation)|minor (?:spelling|typograph|punctuation|errors)/,
    'what was corrected',
  ],
  [/moved to the end/, 'where footnotes went'],
  [
    /(?:italic|bold|small cap)\w*.{0,120}(?:underscore|asterisk|equal sign|represented|surrounded|enclosed|indicated|denoted|rendered|marked)/,
    'how emphasis is written',
  ],
  [/table of contents (?:was|has been) added/, 'what was added'],
  [
    /original (?:text|publication|edition|copy|magazine|book).{0,80}(?:was|has|have|had|is|are)\b.{0,80}(?:retain|correct|preserv|miss|blank)/,
    'how the printed copy was',
  ],
  [
    /^footnotes? (?:have|has|are|were)|subscript|superscript|diacritical|variant spellings/,
    'how things are written',
  ],
);

/** What a publisher prints before a work, and behind it: who may do what, when, where and for how much. */
export const IMPRINT = anyOf(
  [
    /^[\W_]*copyright\b|copyright,? ?(?:\(c\)|©)? ?,?(?:by |18|19|20)\d*|^[\W_]*(?:\(c\)|©) ?(?:18|19|20)\d\d/,
    'Copyright, 1961, by Ace Books',
  ],
  [/all rights reserved/, 'all rights'],
  [
    /^[\W_]*(?:printed (?:in|by)|manufactured in|published simultaneously)\b|printed in (?:the )?u\. ?s\. ?a/,
    'where it was printed',
  ],
  [/library of congress (?:catalog|card)/, 'the catalogue card'],
  [/^[\W_]*entered according to act/, 'the act of congress'],
  [
    /^[\W_]*(?:first|second|new|\d\w\w|pyramid|ace|bantam|pocket book) (?:\w+ )?(?:published|printing|edition)\b/,
    'First printing: October 1961',
  ],
  [/^[\W_]*printing history/, 'the printings'],
  [
    /\b(?:press|books?|publications?|company),? inc\b|p\. ?o\. box \d+|^[\W_]*(?:new york|london|boston|philadelphia|chicago)[\W_]*$|\bpublishers?\b.{0,30}\bnew york\b|& co(?:mpany)?\b.{0,12}(?:18|19)\d\d|reprinted in book form|& co(?:mpany)?\.?,? (?:inc\.?,? )?(?:\w+ ){0,3}(?:new york|london|boston|chicago)/,
    'the house',
  ],
  [
    /^[\W_]*(?:ace|pyramid|avon|bantam|avalon|monarch|pocket|ballantine|signet|lancer|dell|galaxy) (?:science fiction )?books?\b/,
    'the house’s name alone',
  ],
  [
    /^[\W_]*(?:an?|this) (?:ace|pyramid|avon|bantam|monarch|pocket|ballantine|signet|galaxy) (?:science fiction )?(?:book|original|edition)\b|\b(?:pyramid|ace|avon|bantam) book [a-z]-?\d{3}/,
    'An Ace Book',
  ],
  [
    /\b(?:new york|n\. ?y\.)[ ,]+(?:\d{1,2}|10\d{3})?,? ?n\. ?y\.?\b|\bnew york,? n\. ?y\.|\bn\. ?y\. ?10\d{3}/,
    'the house’s address',
  ],
  [
    /this book is fiction|(?:resemblance|similarity) .{0,80}(?:persons?|living or dead).{0,60}coincidental/,
    'any resemblance is coincidental',
  ],
  [
    /(?:may (?:not )?be )?reproduced .{0,40}(?:in any form|in whole or in part|without)/,
    'no part may be reproduced',
  ],
  [
    /turn this book over|complete text of the original|brand-new plates|higher-priced edition/,
    'what a paperback says of itself',
  ],
  [
    /(?:version of this (?:story|work|novel)|part of this book) (?:appeared|was published)/,
    'where it appeared before',
  ],
  [/^[\W_]*set up and electrotyped|^[\W_]*press of\b|^[\W_]*typography by/, 'who set it'],
  [/^[\W_]*(?:_?printed for_?|london:|new york:)/, 'imprints of the nineteenth century'],
  [/^[\W_]*dust[- ]jacket blurb/, 'the jacket'],
);

/** Lines of a title page that are no part of a work even where nothing else of a publisher's is there. */
export const TITLE_PAGE = anyOf(
  [
    /^[\W_]*(?:jacket |cover )?(?:illustrat(?:ed|ions?|ors?)|drawings|pictures|decorations)(?: by\b|:| [A-Z][\w.]+(?: [A-Z]\w+)?$)/,
    'Illustrated by Emsh',
  ],
  [/^[\W_]*(?:cover|jacket) (?:art|design|by|illustration|painting|photo)/, 'Cover painting by Jack Gaughan'],
  [/^[\W_]*with (?:\w+ )?(?:illustrations|drawings)/, 'With illustrations'],
  [
    /^[\W_]*(?:by the same author|other (?:\w+ )?books by|(?:\w+ )?books by|also by|novels by)\b/,
    'Also by Alan E. Nourse',
  ],
  [/^[\W_]*_?(?:[\w.]+ ){0,4}has also written/, 'Charles L. Fontenay has also written'],
  [
    /^[\W_]*(?:a )?(?:book-length novel )?complete in this issue|^[\W_]*a complete original book/,
    'what a magazine says of a story',
  ],
  [
    /^[\W_]*(?:first|second|third|last|part \w+) of (?:two|three|four|\w+) parts?\b|^[\W_]*beginning a thrilling new serial/,
    'First of two parts',
  ],
  [/^[\W_]*set up\b|^[\W_]*complete and unabridged/, 'Complete and unabridged'],
  [/^[\W_]*author of ["_]/, 'Author of "Skylark of Space"'],
);

/** What an editor says before a story, of it and to his readers. */
export const EDITORIAL = anyOf(
  [/\b(?:this magazine|our readers|this issue|last issue|readers of \w+ stories)\b/, 'to his readers'],
  [/\b(?:scientifiction|science fiction (?:fans?|magazines?))\b/, 'of what he sells'],
  [/\bthe author (?:may|has|is|of this)\b|\breturns with (?:a|another) (?:story|tale)\b/, 'of the author'],
);

/** To whom a work is given: before its first chapter only, where nothing else begins like this. */
export const DEDICATION =
  /^[\W_]*(?:to|for)\b.{0,240}$|\bis (?:gratefully |affectionately )?dedicated\b|\bthis (?:book|story|tale) is (?:for\b|dedicated)|^[\W_]*dedicat(?:ed|ion)\b/i;

/** The masthead of a magazine, and what it says of itself before its stories. */
export const MASTHEAD = anyOf(
  [/\bon sale the first\b|appears on newsstands/, 'when it is on sale'],
  [
    /clayton standard|w\. m\. clayton|clayton magazines|the only magazines? whose name/,
    'Astounding Stories, 1930 to 1933',
  ],
  [
    /second[- ]class matter|single cop(?:y|ies),? \d|yearly subscription|subscription,? \$/,
    'its price and its postage',
  ],
  [/published monthly|issued monthly|consulting editor/, 'who makes it'],
);

/** Where a magazine's stories are over: its readers' letters, which fill as much as a quarter of it. */
export const LETTERS = anyOf(
  [/^[\W_]*(?:the )?readers?['’]?s?['’]?[ -]corner\b|^[\W_]*a meeting place for readers/, 'the department'],
  [/^[\W_]*dear (?:mr\. )?editors?\b|^[\W_]*editors?, [a-z ]+:$/, 'the first letter'],
);
/** A magazine's announcement among its stories. */
export const ANNOUNCEMENT =
  /^[\W_]*(?:in (?:the|our) next (?:issue|number)\b|coming(?:,? next (?:month|issue)|-+\W*$)|everyone is invited|no one must forget|(?:remember\W+)?(?:[\w -]+ stories\W+)?appears on newsstands)/i;
export const ANNOUNCEMENT_END = /^[\W_]*and (?:many )?(?:others?|other stories)\b/i;
/** That a serial goes on. */
export const SERIAL =
  /^[\W_]*(?:to be )?(?:continued|concluded)(?: (?:in|from|next|on) [\w ,]{0,60})?[\W_]*$/i;

/** What a publisher says of other books, of the author, and of the price. */
export const ADVERTISING = anyOf(
  [
    /books? listed above may be|please (?:send|rush) me|each book only|send price indicated|order (?:direct|by number)/,
    'how to order',
  ],
  [
    /add \d+ ?[c¢]? (?:postage|per copy|handling)|handling (?:charge|fee)|\bpostage free\b|allow \d weeks for delivery/,
    'what that costs',
  ],
  [/(?:\b\d{2}[c¢]\W.*){3}|(?:\$\d\.\d\d.*){3}|(?:_?price \d+s\.)|[a-z]\d{2,3} \d\d ?[c¢]/, 'prices'],
  [/^[\W_]*(?:\d+ )?[A-Z]-?\d{3}\b.*\bby\b|^[A-Z]{1,2}\d{2,3} [A-Z .,:']{6,}/, 'numbers of paperbacks'],
  [
    /(?:available|on sale) (?:at|wherever|from) (?:your|all|paperbacks|ace|better|local)|newsdealer|at your favorite book ?store/,
    'where to buy',
  ],
  [
    /^[\W_]*advertisements?\W*$|^[\W_]*about the authors?\b|author['’]s profile|free illustrated catalog/,
    'their headings',
  ],
  [
    /^[\W_]*for science fiction fans|science[- ]fiction (?:hits|doubles|novels|books|lists)\b|great science-fiction from|checklist of recent/,
    'what is praised',
  ],
  [
    /^[\W_]*(?:[\w."' ]+ )?(?:other|more|new) (?:\w+ ){0,3}books? (?:by|for)\b|^[\W_]*books by\b|^[\W_]*(?:\w+ ){0,4}books by [A-Z]/,
    'other books',
  ],
  [
    /don't miss these|be sure not to miss|you're sure to enjoy|calling all boys and girls|books for boys and girls|\bwinston (?:science fiction|books)/,
    'cries',
  ],
  [
    /has still available|is the largest publisher|guarantee of the best in reading|genuine pocket book|presents? robert bloch/,
    'houses on themselves',
  ],
  [/published by \w+ books|^[\W_]*the tom corbett,? space cadet stories/, 'series'],
  [
    /\bsend (?:me )?(?:for )?(?:your |this |the )?free\b|\bwrite (?:to-?day|now|for (?:free|full))\b|\bno obligation\b|\bdept\. [\w-]+|when answering advertisements|money[- ]back/,
    'a magazine’s advertisers',
  ],
  [/["”]--(?:the )?[a-z ]{3,40}\.?$/, 'reviews that praise'],
  [/^[\W_]*editorial note:/, 'an editor after a story'],
);

/** What in a box or between two stories speaks of the file or of the magazine. */
export const ABOUT_THE_FILE =
  /transcriber|e-?text|project gutenberg|readers['’]? corner|next issue|opening installment|readers of [A-Z ]+stories|copyright on this publication/i;

/** The heading of a chapter, or of whatever a work calls its parts. */
export const CHAPTER =
  /^[\W_]*(?:(?:chapter|part|book|section|record|episode|canto|volume|act|letter)\s+(?:the\s+)?(?:[ivxlcdm]+|\d+|one|two|three|first|second)\b.{0,80}|prologue\b.{0,60}|prelude\b.{0,60}|overture\b.{0,60}|[ivxl]+(?:[.:]?|[.:]\s.{1,60})|\d{1,2}(?:\.?|[.:]\s.{1,60})|one)[\W_]*$/i;
/** The heading of what an author says before the first chapter. */
export const PREFACE =
  /^[\W_]*(?:preface|foreword|introduction|introductory|author['’]?s (?:note|preface|foreword|introduction)|to the reader)\b.{0,60}$/i;
/** A preface by another hand, which says so. */
export const THE_END = /^[\W_]*(?:the )?(?:end|fin|finis)[\W_]*$/i;

export const CONTENTS_HEADING = /^[\W_]*(?:table of )?contents\W*$/i;
export const ILLUSTRATIONS_HEADING = /^[\W_]*(?:list of )?illustrations\W*$/i;
export const FOOTNOTES_HEADING = /^[\W_]*(?:footnotes?|notes)\W*$/i;
