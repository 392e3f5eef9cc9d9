import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanWork } from '../../../src/workshop/corpus/clean.ts';
import { PROSE, paragraph, unwrapped } from './stories.ts';

/**
 * Blocks as volunteers lay them out: a number before a block gives the blank lines above it; the default is
 * one.
 */
function clean(...blocks: readonly (string | number)[]): string[] {
  let [text, gap] = ['', 1];
  for (const block of blocks) {
    if (typeof block === 'number') {
      gap = block;
      continue;
    }
    text += `${'\n'.repeat(gap + 1)}${block}`;
    gap = 1;
  }
  return cleanWork(
    Buffer.from(
      `Title: The Gauge\n\nAuthor: Ann Other\n\n*** START OF THIS PROJECT GUTENBERG EBOOK X ***${text}`,
    ),
  )
    .text.trimEnd()
    .split('\n\n');
}

const STORY = PROSE.map(unwrapped);
/** Enough of a story that its front and back matter is a small part of the file. */
const NOVEL = Array.from({ length: 120 }, (_, i) => paragraph(100 + i));
const CHAPTER = [4, 'CHAPTER I', 'WRONG', 2, ...NOVEL];
const CLEAN_CHAPTER = ['CHAPTER I', 'WRONG', ...NOVEL.map(unwrapped)];

describe('front and back matter', () => {
  it('a paperback: removes imprint, praise, author’s portrait and prices; keeps title and author', () => {
    const front = [
      'THREE DAYS TO LIVE!',
      2,
      'A cook, a captain and a gauge are all that stands between the ship\nand the end of everything....',
      4,
      'THE GAUGE',
      'by',
      'ANN OTHER',
      4,
      'ACE BOOKS, INC.\n1120 Avenue of the Americas\nNew York, N.Y. 10036',
      'Copyright ©, 1961, by Ace Books, Inc.',
      'All Rights Reserved',
      2,
      'To Joan Patricia Jenkins',
      4,
      'ABOUT THE AUTHOR',
      2,
      'Ann Other was born in Ohio and keeps bees.',
    ];
    const back = [
      2,
      '       *       *       *       *       *',
      'ACE SCIENCE FICTION DOUBLES',
      'Two books back-to-back',
      '13805 Dark Planet Rackham 75c',
      'I enclose $____ Add 15c handling fee per copy.',
    ];
    assert.deepEqual(clean(...front, ...CHAPTER, ...back), ['The Gauge', 'by Ann Other', ...CLEAN_CHAPTER]);
  });

  it('keeps a motto with its source, and an introduction that is too long to be a publisher’s', () => {
    const imprint = ['THE GAUGE', 4, 'Copyright, 1961, by Ace Books, Inc.', 'All Rights Reserved'];
    const motto = [
      'Did I request thee, Gauge, to lie to me,\nOr ask thee for the truth?--',
      'Paradise Lost.',
    ];
    const introduction = Array.from({ length: 14 }, (_, i) => paragraph(500 + i));
    assert.deepEqual(clean(...imprint, 4, ...motto, ...CHAPTER).slice(2, 4), motto);
    assert.deepEqual(
      clean(...imprint, 4, 'The Mysterious Ninth World', 2, ...introduction, ...CHAPTER).slice(2),
      ['The Mysterious Ninth World', ...introduction.map(unwrapped), ...CLEAN_CHAPTER],
    );
  });

  it('contents: with a heading, over several lists, with page numbers, and by lines that recur below', () => {
    const chapters = ['THE COOK SPEAKS', 'A LADLE FALLS', 'CERES AGAIN', 'THE GAUGE IS READ'];
    const body = chapters.flatMap((chapter, i) => [
      4,
      `CHAPTER ${i + 1}`,
      chapter,
      2,
      ...NOVEL.slice(i * 30, i * 30 + 30),
    ]);
    const expected = ['THE GAUGE', ...body.filter((block) => typeof block === 'string').map(unwrapped)];
    const lists = [
      ['CONTENTS', ...chapters.map((chapter, i) => `${i + 1}. ${chapter}`)],
      [
        'Table of Contents',
        'CHAPTER                    PAGE',
        chapters.map((one, i) => `${one} .... ${i * 30}`).join('\n'),
      ],
      [
        'CONTENTS',
        'BOOK THE FIRST',
        chapters
          .slice(0, 2)
          .map((one, i) => `${'I'.repeat(i + 1)}. ${one}`)
          .join('\n'),
      ],
      [chapters.join('\n')],
      chapters,
    ];
    for (const list of lists)
      assert.deepEqual(clean('THE GAUGE', 4, ...list, ...body), expected, String(list));
  });

  it('illustrations: removes a list of them, with page numbers or by captions; keeps the story', () => {
    const captions = [
      'The cook laid down his ladle at last',
      'Nobody laughed at the gauge that day',
      '"It is wrong," said he.',
    ];
    const pictures = captions.map((caption) => `[Illustration: ${caption}]`);
    const list = [
      'ILLUSTRATIONS',
      ...captions.slice(0, 2).map((caption) => `${caption}      ${caption.length}`),
    ];
    assert.deepEqual(clean('THE GAUGE', 4, ...list, ...CHAPTER, ...pictures), [
      'THE GAUGE',
      ...CLEAN_CHAPTER,
    ]);
    assert.deepEqual(clean('THE GAUGE', 4, captions[0]!, captions[1]!, ...CHAPTER, ...pictures), [
      'THE GAUGE',
      ...CLEAN_CHAPTER,
    ]);
    const said = clean('THE GAUGE', ...PROSE, captions[2]!, ...NOVEL, ...pictures);
    assert.ok(said.includes(captions[2]!), 'what is said in the story and under a picture is said');
  });

  it('a magazine: removes its masthead, announcements between the stories, serial notices, letters', () => {
    const masthead = [
      'ASTONISHING TALES',
      '_On Sale the First Thursday of Each Month_',
      'W. M. CLAYTON, Publisher',
      'Single Copy, 20 Cents; Yearly Subscription, $2.00',
    ];
    const letters = Array.from({ length: 4 }, (_, i) => [
      '_Likes It_',
      'Dear Editor:',
      `I like the story of gauge ${i}. It is the best.`,
    ]);
    const announcement = ['IN THE NEXT ISSUE', 'THE LADLE', '_A Thrilling Novelet_', '--AND OTHERS!'];
    assert.deepEqual(
      clean(
        ...masthead,
        2,
        'The Gauge',
        'By Ann Other',
        2,
        ...PROSE,
        '(_To be continued in the next issue_)',
        4,
        ...announcement,
        4,
        'The Ladle',
        ...NOVEL,
        4,
        "[Illustration: _The Readers' Corner_\n\n_A Meeting Place for Readers of Astonishing Tales_]",
        2,
        '_Our Thanks_',
        'The Editor thanks everybody.',
        ...letters.flat(),
      ),
      ['The Gauge', 'By Ann Other', ...STORY, 'The Ladle', ...NOVEL.map(unwrapped)],
    );
  });

  it('boxes: removes a transcriber’s note, keeps a sign on a door', () => {
    const box = (...lines: string[]) =>
      ['+------------------+', ...lines.map((line) => `| ${line.padEnd(16)} |`), '+------------------+'].join(
        '\n',
      );
    assert.deepEqual(
      clean(
        'THE GAUGE',
        box("Transcriber's Note", 'Typos were mended'),
        ...PROSE,
        box('KEEP OUT'),
        ...PROSE.slice(0, 3),
      ),
      ['THE GAUGE', ...STORY, 'KEEP OUT', ...STORY.slice(0, 3)],
    );
  });

  it('notes: at the beginning, at the end with or without a heading, and in the middle', () => {
    const note = [
      "Transcriber's Note:",
      'This etext was produced from Stories, May 1952. Extensive\nresearch did not uncover any evidence of a renewal.',
      'Minor spelling and typographical errors have been corrected without\nnote.',
    ];
    const ends = [
      [
        4,
        'Notes:\nInconsistent hyphenation; the former were changed:\nSpace-Scourge (7) vs. Space Scourge (41)',
      ],
      [4, 'The following typographical errors have been corrected:', 'Page 7: "guage" changed to "gauge"'],
      [4, "Transcriber's Notes", 'Page 7: "guage" changed to "gauge"', 'Page 9: comma added'],
    ];
    for (const end of ends)
      assert.deepEqual(clean(...note, 4, 'THE GAUGE', ...PROSE, ...end), ['THE GAUGE', ...STORY]);
    assert.deepEqual(
      clean('THE GAUGE', ...PROSE, "[Transcriber's Note: a line is missing]", ...note.slice(0, 2), ...NOVEL),
      ['THE GAUGE', ...STORY, ...NOVEL.map(unwrapped)],
    );
  });

  it('footnotes: in brackets, in unclosed brackets, under a heading, and separate', () => {
    assert.deepEqual(
      clean(
        'THE GAUGE',
        'He looked at it[1] for a long time.{23} It was painted.[A]',
        '[Footnote 1: Gauges were\nof brass [see above] then.]',
        '[* Footnote: Brass is a metal.]',
        '[Footnote 2: Of copper, and nobody\nclosed this',
        ...PROSE,
        '[A] By the cook.',
        'FOOTNOTES:',
        '[1] Brass, mostly.',
        '{23} Or zinc.',
      ),
      ['THE GAUGE', 'He looked at it for a long time. It was painted.', ...STORY],
    );
  });

  it('keeps the letters of a story that is told in letters to an editor', () => {
    const letters = ['Dear Editor:', ...PROSE, 'Dear Editor:', 'These men may be drunk. But if not?'];
    assert.deepEqual(clean('THE GAUGE', ...letters), ['THE GAUGE', ...letters.map(unwrapped)]);
  });
});
