import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanWork, notEnglish } from '../../../src/workshop/corpus/clean.ts';
import { decodeText } from '../../../src/workshop/corpus/decode.ts';
import { LICENCE } from '../../../src/workshop/corpus/patterns.ts';

const PROSE = Array.from(
  { length: 30 },
  (_, i) =>
    `The ship fell for ${i + 2} days before anybody spoke, and on the day after that the cook\nlaid down his ladle and said that the gauge had been wrong since Ceres. Nobody\nlaughed, since everybody had known.`,
);
const UNWRAPPED = PROSE.map((block) => block.replaceAll('\n', ' '));

const clean = (...blocks: string[]) => cleanWork(Buffer.from(blocks.join('\n\n'))).text;
const paragraphs = (text: string) => text.trimEnd().split('\n\n');

describe('cleanWork', () => {
  it('removes the current header, credits and licence', () => {
    const text = clean(
      '\ufeffThe Project Gutenberg EBook of The Gauge, by A. N. Other',
      'This eBook is for the use of anyone anywhere at no cost and with\nalmost no restrictions whatsoever.',
      'Title: The Gauge',
      'Author: A. N. Other',
      'Release Date: May 1, 2007 [EBook #12345]\n\nLanguage: English',
      '*** START OF THIS PROJECT GUTENBERG EBOOK THE GAUGE ***',
      'Produced by Some Body and the Online Distributed\nProofreading Team at http://www.pgdp.net',
      "Transcriber's Note:\n\n    This etext was produced from Stories, May 1952. Extensive\n    research did not uncover any evidence that the U.S.\n    copyright on this publication was renewed.",
      'THE GAUGE\n\nBy A. N. OTHER',
      ...PROSE,
      'End of the Project Gutenberg EBook of The Gauge, by A. N. Other',
      '*** END OF THIS PROJECT GUTENBERG EBOOK THE GAUGE ***',
      'THE FULL PROJECT GUTENBERG LICENSE\n'.repeat(400),
    );
    assert.deepEqual(paragraphs(text), ['THE GAUGE', 'By A. N. OTHER', ...UNWRAPPED]);
  });

  it('removes the small print of the nineties', () => {
    const text = clean(
      'Project Gutenberg Etext of The Gauge, by A. N. Other',
      'Copyright laws are changing all over the world, be sure to check them.',
      '***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***\nWhy is this "Small Print!" statement here? You know: lawyers.',
      '*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*',
      'This etext was prepared by Some Body.',
      'THE GAUGE',
      ...PROSE,
      'End of Project Gutenberg Etext of The Gauge',
    );
    assert.deepEqual(paragraphs(text), ['THE GAUGE', ...UNWRAPPED]);
  });

  it('removes contents, illustrations, footnotes and page numbers, also across lines and when nested', () => {
    const text = clean(
      'THE GAUGE',
      'CONTENTS',
      '   I. The Cook          1\n  II. The Captain [and his\n      maps]              17',
      'CHAPTER I',
      '[Illustration: "It is wrong," said the cook. [Page 7]\n\nDrawn from the life.]',
      ...PROSE,
      'He looked at it[1] for a long time.{23} It was painted.[A]',
      '[Footnote 1: Gauges were\nof brass [see above] then.]',
      'FOOTNOTES:',
      '[1] Brass, mostly.',
    );
    assert.deepEqual(paragraphs(text), [
      'THE GAUGE',
      'CHAPTER I',
      ...UNWRAPPED,
      'He looked at it for a long time. It was painted.',
    ]);
  });

  it('removes notes at the end of a book, and a magazine’s masthead and letters', () => {
    const text = clean(
      'ASTONISHING TALES\n\nOn Sale the First Thursday of Each Month\n\nSingle Copy, 20 Cents; Yearly Subscription, $2.00',
      'The Gauge',
      ...PROSE,
      "The Readers' Corner",
      'Dear Editor: I like the story of the gauge. It is the best.',
      "Transcriber's Notes:",
      'Page 7: "guage" changed to "gauge"',
    );
    assert.deepEqual(paragraphs(text), ['The Gauge', ...UNWRAPPED]);
  });

  it('keeps text that only looks like front or back matter', () => {
    const kept = [
      'The Editor stood up with a sigh. "What a pity it is you are not a writer of stories!" he said.',
      '"Produced by whom?" asked the captain, squinting at the small print.',
      'He typed by hand, on the transcriber, for an hour.',
      '"Contents unknown," read the label on the box.',
    ];
    assert.deepEqual(paragraphs(clean(...UNWRAPPED, ...kept, ...UNWRAPPED)), [
      ...UNWRAPPED,
      ...kept,
      ...UNWRAPPED,
    ]);
    // Three letters to an editor form a magazine's department; three people who read one aloud do not.
    const read = Array.from({ length: 3 }, (_, i) => `"Dear Editor," he read aloud for the ${i + 2}th time.`);
    assert.deepEqual(paragraphs(clean(...UNWRAPPED, ...read)), [...UNWRAPPED, ...read]);
    const letters = Array.from({ length: 3 }, (_, i) => `Dear Editor: The ${i + 2}th gauge was wrong.`);
    assert.deepEqual(paragraphs(clean(...UNWRAPPED, ...letters)), UNWRAPPED);
  });

  it('keeps the lines of verse and headings, and joins the lines of prose with any indentation', () => {
    const verse = 'O gauge of brass upon the wall,\nWhat do you know of space at all?';
    const blurb =
      '     _Clearly, the gauge was wrong: the answer was\n   a brush, but the process was so very\n              long...._';
    assert.deepEqual(paragraphs(clean('PART ONE\nThe Cook', verse, blurb)), [
      'PART ONE\nThe Cook',
      verse,
      'Clearly, the gauge was wrong: the answer was a brush, but the process was so very long....',
    ]);
  });

  it('reduces typography to ASCII, and scene breaks to one form', () => {
    assert.equal(
      clean(
        '“It’s—well—_wrong_,” said Cosmo Versál… *Really* =wrong=, 5 * 3 = 15.',
        '*       *       *       *       *',
        '—————',
        'It was 30° there, £5 or 40¢ a day, and 4½ hours--\nno more--to the self-\nmade station of Æolus.',
        '. . . .',
      ),
      '"It\'s--well--wrong," said Cosmo Versal... Really wrong, 5 * 3 = 15.\n\n* * *\n\n' +
        'It was 30 degrees there, L5 or 40c a day, and 4-1/2 hours--no more--to the self-made station of Aeolus.\n',
    );
  });

  it('drops a line that has only signs without a replacement', () => {
    assert.equal(
      clean('O gauge of brass--\n\u0000\n \u200d\nupon the wall'),
      'O gauge of brass--\nupon the wall\n',
    );
  });

  it('reads a file in any encoding', () => {
    const said = 'Cosmo Versál’s gauge';
    assert.equal(decodeText(Buffer.from(said)).text, said);
    assert.equal(decodeText(Buffer.from(`\ufeff${said}`)).text, said);
    assert.equal(decodeText(Buffer.from(`\ufeff${said}`, 'utf16le')).text, said);
    assert.deepEqual(decodeText(Uint8Array.of(0x56, 0xe1, 0x92)), { text: 'Vá’', encoding: 'windows-1252' });
    const koi = Buffer.concat([
      Buffer.from('Character set encoding: KOI8-R\r\n\r\n'),
      Uint8Array.of(0xc4, 0xc1),
    ]);
    assert.deepEqual(decodeText(koi), { text: 'Character set encoding: KOI8-R\n\nда', encoding: 'koi8-r' });
    assert.equal(decodeText(Buffer.from('a\r\nb\rc')).text, 'a\nb\nc');
  });

  it('tells English from other languages, by the declared language and by the letters', () => {
    const work = (text: string) => cleanWork(Buffer.from(text));
    assert.equal(notEnglish(work(UNWRAPPED.join('\n\n'))), undefined);
    assert.match(
      notEnglish(work(`Language: French\n\n${UNWRAPPED.join('\n\n')}`))!,
      /declares the language French/,
    );
    const german =
      'Das Schiff fiel neun Tage lang, ehe jemand ein Wort sprach, und am zehnten legte der Koch den Löffel weg. ';
    assert.match(notEnglish(work(german.repeat(30)))!, /another language \(deu\)/);
  });

  it('takes linear time on unclosed brackets', () => {
    const started = performance.now();
    const text = clean('[Illustration '.repeat(20_000), '_'.repeat(200_000), '* '.repeat(100_000), ...PROSE);
    assert.ok(performance.now() - started < 20_000);
    assert.match(text, /The ship fell/);
  });

  it('leaves nothing that the scan for leftovers finds', () => {
    assert.ok(LICENCE.test('See www.gutenberg.org for more'));
    assert.ok(!LICENCE.test(UNWRAPPED.join(' ')));
  });
});
