import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cleanWork } from '../../../src/workshop/corpus/clean.ts';
import { paragraph, TRAPS, unwrapped } from './stories.ts';

const clean = (text: string) => cleanWork(Buffer.from(text)).text;
const paragraphsOf = (text: string) => text.trimEnd().split('\n\n');

const FRONTS = [
  '',
  'The Project Gutenberg EBook of X, by Y\n\nTitle: X\n\nAuthor: Y\n\n*** START OF THIS PROJECT GUTENBERG EBOOK X ***\n\nProduced by Some Body at http://www.pgdp.net\n\n\n\n\n',
  "Transcriber's Note:\n\nThis etext was produced from Stories, May 1952. Extensive research did not uncover any evidence.\n\n\n\n\n",
  'ACE BOOKS, INC.\n\nCopyright, 1961, by Ace Books, Inc.\n\nAll Rights Reserved\n\n\n\n\n',
  'CONTENTS\n\nI. The Cook 1\n\nII. The Captain 17\n\n\n\n\n',
];
const BACKS = [
  '',
  '\n\nEnd of the Project Gutenberg EBook of X, by Y\n\n*** END OF THIS PROJECT GUTENBERG EBOOK X ***\n\nLicence.',
  '\n\n\n\n\nTHE END\n\n\n\n\nFOR SCIENCE FICTION FANS--\n\nA space-age collection! Add 15c handling fee.',
  '\n\n\n\n\nTranscriber\'s Notes:\n\nPage 7: "guage" changed to "gauge"',
];

/** Paragraphs of a story with hidden ones that begin like front or back matter. */
const story = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.nat(10_000).map(paragraph) },
      { weight: 1, arbitrary: fc.constantFrom(...TRAPS) },
      { weight: 1, arbitrary: fc.constantFrom('"Yes."', '"No."', '"What?" he said.') },
    ),
    { minLength: 20, maxLength: 60 },
  )
  .map((middle) => [paragraph(1), paragraph(2), ...middle, paragraph(3), paragraph(4)]);

describe('cleanWork, as properties', () => {
  it('never removes a paragraph of a story, for any surroundings and any first words', () => {
    fc.assert(
      fc.property(
        story,
        fc.constantFrom(...FRONTS),
        fc.constantFrom(...BACKS),
        fc.constantFrom('\n\n', '\n\n\n'),
        (paragraphs, front, back, gap) => {
          const cleaned = paragraphsOf(clean(`${front}CHAPTER I\n\n\n${paragraphs.join(gap)}${back}`));
          const from = cleaned.indexOf(unwrapped(paragraphs[0]!));
          assert.deepEqual(cleaned.slice(from, from + paragraphs.length), paragraphs.map(unwrapped));
          assert.ok(cleaned.length - paragraphs.length <= 4, `left around it: ${cleaned.slice(0, from)}`);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('keeps a story without a heading above its first paragraph, and a story of traps alone', () => {
    const traps = fc.shuffledSubarray([...TRAPS], { minLength: TRAPS.length });
    fc.assert(
      fc.property(traps, fc.constantFrom(...BACKS), (paragraphs, back) => {
        const all = [paragraph(1), ...paragraphs, paragraph(2), paragraph(3)];
        const cleaned = paragraphsOf(clean(`THE GAUGE\n\n\n\n${all.join('\n\n')}${back}`));
        assert.deepEqual(cleaned.slice(1, 1 + all.length), all.map(unwrapped));
      }),
      { numRuns: 100 },
    );
  });

  it('does not change cleaned text', () => {
    fc.assert(
      fc.property(story, fc.constantFrom(...FRONTS), fc.constantFrom(...BACKS), (paragraphs, front, back) => {
        const once = clean(`${front}CHAPTER I\n\n\n${paragraphs.join('\n\n')}${back}`);
        assert.equal(clean(once), once);
      }),
      { numRuns: 60 },
    );
  });

  it('accepts any bytes, and returns ASCII characters', () => {
    const pieces = fc.constantFrom(
      '[',
      ']',
      '[Illustration',
      '+----------+\n',
      '| a |\n',
      '_',
      '*',
      '\n\n',
      '* * *',
      'CONTENTS\n\n',
      '"',
      '--\n',
      'é',
      '°',
      '\u0003',
      '\u200d',
    );
    const text = fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 20 })), { maxLength: 60 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 400 }),
          text.map((parts) => Buffer.from(parts.join(''))),
        ),
        (bytes) => {
          const cleaned = cleanWork(bytes).text;
          assert.match(cleaned, /^[\n -~]*\n$/);
          assert.doesNotMatch(cleaned, /\n{3}|^\n./);
          assert.doesNotMatch(cleaned, / $/m);
        },
      ),
      { numRuns: 400 },
    );
  });
});
