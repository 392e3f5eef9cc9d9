/** Which blocks of a file are the work's own. */
import { withoutBack } from './back.ts';
import { type Block, isRule, NEW_SECTION } from './blocks.ts';
import { withoutFront } from './front.ts';
import type { Header } from './gutenberg.ts';
import {
  ANNOUNCEMENT,
  ANNOUNCEMENT_END,
  FOOTNOTES_HEADING,
  LICENCE,
  NOTE,
  NOTES_HEADING,
  SERIAL,
} from './patterns.ts';

const LONGEST_NOTE = 400;
const LONGEST_ANNOUNCEMENT = 25;
const FOOTNOTE = /^[\W_]*(?:\[|\{|\(?\d|\*|†|[A-Z]\])/;
/** A footnote that stands by itself begins with what refers to it. */
const REFERENCE = /^(?:\[(?:\d{1,3}|[A-Z*†‡])\]|\{\d{1,3}\})(?= )/;

/**
 * Leaves out front and back matter, notes, contents, footnotes and a magazine's announcements. In the middle of a work
 * only what says of itself that it is none of it.
 *
 * @param asides what stood in brackets, such as the captions of pictures
 */
export function withoutMatter(blocks: readonly Block[], header: Header, asides: readonly string[]): Block[] {
  return withoutInserts(withoutBack(withoutFront(blocks, header, asides), header));
}

function withoutInserts(blocks: readonly Block[]): Block[] {
  const kept: Block[] = [];
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i]!;
    const { flat } = block;
    if (SERIAL.test(flat) || REFERENCE.test(flat)) continue;
    if (NOTES_HEADING.test(flat) && flat.length < LONGEST_NOTE) {
      while (i + 1 < blocks.length && NOTE.test(blocks[i + 1]!.flat)) i++;
    } else if (FOOTNOTES_HEADING.test(flat) && FOOTNOTE.test(blocks[i + 1]?.flat ?? '')) {
      while (i + 1 < blocks.length && FOOTNOTE.test(blocks[i + 1]!.flat)) i++;
    } else if (ANNOUNCEMENT.test(flat)) {
      i = endOfAnnouncement(blocks, i);
    } else if (!(LICENCE.test(flat) && NOTE.test(flat))) {
      kept.push(block);
    }
  }
  return kept;
}

/** The last block of an announcement; its heading alone where no end is in sight. */
function endOfAnnouncement(blocks: readonly Block[], at: number): number {
  for (let i = at + 1; i < Math.min(blocks.length, at + LONGEST_ANNOUNCEMENT); i++) {
    if (ANNOUNCEMENT_END.test(blocks[i]!.flat)) return i;
    if (isRule(blocks[i]!) || blocks[i]!.gap >= NEW_SECTION) return i - 1;
  }
  return at;
}
