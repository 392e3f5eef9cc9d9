/**
 * What a magazine prints around its stories: masthead, introductions, letters, and announcements between
 * stories.
 */
import { type Block, isRule, NEW_SECTION } from './blocks.ts';
import { anyOf } from './patterns.ts';

/** Maximum number of blocks of an announcement. */
const LONGEST_ANNOUNCEMENT = 25;

/** An editor's introduction to a story, addressed to the readers. */
export const EDITORIAL = anyOf(
  [/\b(?:this magazine|our readers|readers of [A-Z][\w ]+ stories)\b/i, 'it addresses the readers'],
  [/\bscientifiction\b|\bscience fiction (?:fans?|magazines?)\b/i, 'it names the genre'],
  [/\breturns with (?:a|another) (?:story|tale)\b/i, 'it presents the author'],
);

/** A magazine's masthead and its text before the stories. */
export const MASTHEAD = anyOf(
  [/\bon sale the first\b|appears on newsstands/i, 'when it is on sale'],
  [
    /clayton standard|w\. m\. clayton|clayton magazines|the only magazines? whose name/i,
    'Astounding Stories, 1930 to 1933',
  ],
  [
    /second[- ]class matter|single cop(?:y|ies),? \d|yearly subscription|subscription,? \$/i,
    'its price and postage',
  ],
  [/^[\W_]*(?:published|issued) monthly|consulting editor/i, 'its publisher'],
);

/** Where a magazine's stories end: at its readers' letters, which fill up to a quarter of it. */
export const LETTERS = anyOf(
  [/^[\W_]*(?:the )?readers?['’]?s?['’]?[ -]corner\b|^[\W_]*a meeting place for readers/i, 'the heading'],
  [/^[\W_]*Editor, [A-Z ]{6,}:$/, 'Editor, AMAZING STORIES:'],
);
/**
 * One of many letters: a story may contain a letter to an editor. A block that closes a quotation is direct
 * speech in a story.
 */
export const LETTER = /^[\W_]*dear (?:mr\. )?editors?\b(?![,.:;!?-]*["'”’])/i;

/** A magazine's announcement between its stories, by its first line. */
const ANNOUNCEMENT = anyOf(
  [/^[^\w"“]*in (?:the|our) next (?:issue|number)[\W_]*$/i, 'IN THE NEXT ISSUE'],
  [/^[^\w"“]*coming(?:,? next (?:month|issue)|--+)[\W_]*$/i, 'COMING, NEXT MONTH'],
  [
    /^[^\w"“]*(?:everyone is invited|(?:advertisement: )?no one must forget)(?:[\W_]*$|\b.{0,60}"come over)/i,
    'invitations to write',
  ],
  [/^[^\w"“]*(?:remember\W+)?(?:[\w -]+ stories\W*)?appears on newsstands\b/i, 'when the magazine appears'],
);
/** The lines above such an announcement. */
export const ANNOUNCEMENT_START = /^\W*(?:REMEMBER|Remember|(?:[A-Z-]+ ){1,4}STORIES)\W*$/;
const ANNOUNCEMENT_END = /^[\W_]*and (?:many )?(?:others?|other stories)\b/i;
/** Notice that a serial continues. */
export const SERIAL =
  /^[\W_]*(?:to be (?:continued|concluded)|(?:continued|concluded) (?:in|from) (?:the|our) \w+ (?:issue|number))[\w ,]{0,50}[\W_]*$/i;

/** Whether a block's first line, or the whole block, heads an announcement. */
export function isAnnouncement({ text, flat }: Block): boolean {
  const first = text.trimStart().split('\n', 1)[0]!.replaceAll('_', '').trim();
  return /\w/.test(first) && (ANNOUNCEMENT.test(first) || ANNOUNCEMENT.test(flat));
}

/** The last block of an announcement; only its heading when no end is found. */
export function endOfAnnouncement(blocks: readonly Block[], at: number): number {
  for (let i = at + 1; i < Math.min(blocks.length, at + LONGEST_ANNOUNCEMENT); i++) {
    if (ANNOUNCEMENT_END.test(blocks[i]!.flat)) return i;
    if (isRule(blocks[i]!) || blocks[i]!.gap >= NEW_SECTION) return i - 1;
  }
  return at;
}
