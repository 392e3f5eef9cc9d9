/** Decides which blocks of a file belong to the work. */
import { withoutBackMatter } from './back-matter.ts';
import type { Block } from './blocks.ts';
import { withoutFrontMatter } from './front-matter.ts';
import type { Header } from './gutenberg.ts';
import { ANNOUNCEMENT_START, endOfAnnouncement, isAnnouncement, SERIAL } from './magazines.ts';
import { FOOTNOTES_HEADING, LICENCE, NOTE, NOTES_HEADING } from './patterns.ts';

const LONGEST_NOTE = 400;
const FOOTNOTE = /^(?:\[\w{1,3}\]|\{\d+\}|\(\d{1,3}\)|\d{1,3}[.)\]] |\* ?\w|†)/;
/** A separate footnote begins with its reference mark. */
const REFERENCE = /^(?:\[(?:\d{1,3}|[A-Z*†‡])\]|\{\d{1,3}\})(?= )/;

/**
 * Removes front and back matter, notes, contents, footnotes and a magazine's announcements. Within a work it
 * removes only blocks that identify themselves as foreign.
 *
 * @param annotations the texts from brackets, such as the captions of pictures
 */
export function withoutFrontAndBackMatter(
  blocks: readonly Block[],
  header: Header,
  annotations: readonly string[],
): Block[] {
  return withoutInserts(withoutBackMatter(withoutFrontMatter(blocks, header, annotations), header));
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
    } else if (isAnnouncement(block)) {
      while (kept.length > 0 && ANNOUNCEMENT_START.test(kept.at(-1)!.flat)) kept.pop();
      i = endOfAnnouncement(blocks, i);
    } else if (!(LICENCE.test(flat) && NOTE.test(flat))) {
      kept.push(block);
    }
  }
  return kept;
}
