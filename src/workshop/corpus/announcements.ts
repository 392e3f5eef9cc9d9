/** Finds a magazine's announcements between its stories. */
import { type Block, isRule, NEW_SECTION } from './blocks.ts';
import { ANNOUNCEMENT, ANNOUNCEMENT_END } from './patterns.ts';

const LONGEST_ANNOUNCEMENT = 25;

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
