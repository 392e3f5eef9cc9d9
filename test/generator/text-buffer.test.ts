import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LANDING_CHARACTERS, Resampling, TextBuffer } from '../../src/generator/text-buffer.ts';
import { sized } from '../helpers/sized.ts';

/** Writes `text` until the story is over; the certain text may only grow from step to step. */
function write(prompt: string, length: number, text: string): { finished: string; buffer: TextBuffer } {
  const buffer = new TextBuffer(prompt, length);
  let certain = buffer.certain();
  for (const character of text) {
    if (buffer.over) break;
    buffer.add(character);
    const next = buffer.certain();
    assert.ok(next.startsWith(certain), `${JSON.stringify(next)} continues ${JSON.stringify(certain)}`);
    certain = next;
  }
  const finished = buffer.finish();
  if (buffer.over) assert.ok(finished.startsWith(certain), `${finished} continues ${certain}`);
  return { finished, buffer };
}

const SENTENCE = 'The ship had gone down among the red hills of the planet, and nobody came. ';

describe('TextBuffer', () => {
  it('ends with the last sentence that fits', () => {
    const { finished } = write('It all began', 200, ` with a crash. ${SENTENCE.repeat(9)}`);
    assert.equal(finished, `It all began with a crash. ${SENTENCE}${SENTENCE}`.trimEnd());
  });

  it('does not begin a sentence that hardly fits', () => {
    const text = `${'x'.repeat(240)} ended. And then more and more`;
    const { buffer, finished } = write('', 300, text);
    assert.equal(buffer.over, true);
    assert.equal(finished, `${'x'.repeat(240)} ended.`);
  });

  it('takes no title, initial or abbreviation for the end of a sentence', () => {
    for (const name of ['Mr. Smith', 'Dr. Wu', 'J. Verne', 'the U.S. ship', 'Capt. Nemo', 'etc. and']) {
      const { finished } = write('', 120, `He came home. Then he met ${name} ${'very slowly '.repeat(20)}`);
      assert.equal(finished, 'He came home.', name);
    }
  });

  it('keeps the quotation mark that closes a speech, and closes an open one', () => {
    assert.equal(
      write('', 50, `He said, "I am here." ${'and '.repeat(20)}`).finished,
      'He said, "I am here."',
    );
    assert.equal(
      write('', 60, `He said, "I am here. You are there, ${'and '.repeat(20)}`).finished,
      'He said, "I am here."',
    );
  });

  it('ends by force, after a whole word that may end a story, when no sentence ends', () => {
    const { finished } = write(
      'It all began',
      100,
      ` with the stars of the sea, ${'and the men of the '.repeat(20)}`,
    );
    assert.match(finished, /^It all began with the stars of the sea, .*\bmen\.$/);
    assert.ok(finished.length <= 100);
  });

  it('ends at an eosId after a sentence', () => {
    const buffer = new TextBuffer('', 1_000);
    for (const character of SENTENCE.trimEnd()) buffer.add(character);
    assert.equal(buffer.endOfWork(), true);
    assert.equal(buffer.finish(), SENTENCE.trimEnd());
    const theEnd = new TextBuffer('', 1_000);
    for (const character of `${SENTENCE.trimEnd()}\n\nTHE END\n`) theEnd.add(character);
    assert.equal(theEnd.endOfWork(), true);
    assert.equal(theEnd.finish(), `${SENTENCE.trimEnd()}\n\nTHE END`);
  });

  it('ignores an eosId in the middle of a sentence, or at the beginning of a story', () => {
    const middle = new TextBuffer('', 1_000);
    for (const character of `${SENTENCE}And then`) middle.add(character);
    assert.equal(middle.endOfWork(), false);
    const short = new TextBuffer('', 1_000);
    for (const character of 'No.') short.add(character);
    assert.equal(short.endOfWork(), false);
  });

  it('refuses a length that the prompt fills, and characters after the end', () => {
    assert.throws(() => new TextBuffer('12345', 5), /Expected `length`/);
    const { buffer } = write('', 50, SENTENCE);
    assert.throws(() => buffer.add('x'), /over/);
  });

  it('only grows, stays within the length and ends properly, for any text', () => {
    const piece = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom(' the ', ' of ', 'ship', ' man', ', ', '. ', '! ', '." ', ' "', '\n\n'),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 30 }) },
      { weight: 1, arbitrary: fc.constantFrom('Mr. ', 'THE END\n', '...', '--', '"', "'", '?" ') },
    );
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.integer({ min: 50, max: 500 }),
        fc.array(piece, { minLength: 1, maxLength: 400 }),
        (prompt, room, pieces) => {
          const text = pieces.join('');
          const { finished, buffer } = write(prompt, prompt.length + room, text.repeat(20));
          fc.pre(buffer.over);
          assert.ok(finished.startsWith(prompt));
          assert.ok(finished.length <= prompt.length + room, `${finished.length} > ${prompt.length + room}`);
          assert.match(finished, /(?:[.!?]["')\]]*|["')\]]|--|THE END|The End)$/);
        },
      ),
      { numRuns: sized(500, 2_000) },
    );
  });

  it('comes to the same end when it is resumed from a snapshot', () => {
    const words = fc.constantFrom(
      'the',
      'ship',
      'went',
      'down.',
      'and',
      'rose!',
      '"So',
      'it',
      'is,"',
      'he',
      'said.',
    );
    fc.assert(
      fc.property(
        fc.array(words, { minLength: 200, maxLength: 200 }),
        fc.integer({ min: 1, max: 600 }),
        (all, cut) => {
          const text = all.join(' ');
          const whole = write('Once', 600, ` ${text}`).finished;
          const first = new TextBuffer('Once', 600);
          for (const character of ` ${text}`.slice(0, cut)) if (!first.over) first.add(character);
          const snapshot = first.certain().slice('Once'.length);
          assert.ok(` ${text}`.startsWith(snapshot));
          assert.equal(write('Once', 600, ` ${text}`).finished, whole);
          const second = new TextBuffer('Once', 600);
          for (const character of snapshot) second.add(character);
          for (const character of ` ${text}`.slice(snapshot.length)) if (!second.over) second.add(character);
          assert.equal(second.finish(), whole);
        },
      ),
      { numRuns: sized(150, 500) },
    );
  });

  it('shows words as they come until the landing begins', () => {
    const buffer = new TextBuffer('', 1_000);
    for (const character of SENTENCE.repeat(3)) buffer.add(character);
    buffer.add('H');
    assert.equal(buffer.certain(), SENTENCE.repeat(3).trimEnd());
    assert.ok(buffer.written < 1_000 - LANDING_CHARACTERS);
  });

  it('takes a word back, and shows it again only before a word of a first draw', () => {
    const buffer = new TextBuffer('It ', 1_000);
    const add = (text: string) => {
      for (const character of text) buffer.add(character);
    };
    add('fell on the stone');
    buffer.takeBack('fell on the '.length);
    assert.equal(buffer.attempt('fell on the '.length), 1);
    add('moon ');
    assert.equal(buffer.certain(), 'It fell on the');
    add('and ');
    assert.equal(buffer.certain(), 'It fell on the moon and');
    add('sea ');
    assert.equal(buffer.certain(), 'It fell on the moon and sea');
  });

  it('treats the end of a replacement as uncertain as the word that it replaces', () => {
    const buffer = new TextBuffer('', 1_000);
    for (const character of 'one two') buffer.add(character);
    buffer.takeBack('one '.length, 'stranger ');
    assert.equal(buffer.certain(), 'one');
    for (const character of 'fell ') buffer.add(character);
    assert.equal(buffer.certain(), 'one stranger fell');
  });

  it('replaces a word only by one that fits', () => {
    const buffer = new TextBuffer('', 60);
    for (const character of `${'word '.repeat(11)}two`) buffer.add(character);
    buffer.takeBack('word '.repeat(11).length, 'stranger ');
    assert.ok(buffer.over);
    assert.equal(buffer.finish(), `${'word '.repeat(10)}word.`);
  });
});

describe('Resampling', () => {
  it('counts attempts at every position that is resampled', () => {
    const resampling = new Resampling();
    resampling.resample(10, 13);
    resampling.resample(12, 15);
    assert.deepEqual(
      [9, 10, 11, 12, 13, 14, 15, 16].map((position) => resampling.attempt(position)),
      [0, 1, 1, 2, 2, 1, 1, 0],
    );
  });

  it('is settled where no first attempt can follow a later one', () => {
    const resampling = new Resampling();
    assert.ok(resampling.isSettled(0) && resampling.isSettled(100));
    resampling.resample(10, 13);
    assert.deepEqual(
      [9, 10, 11, 13, 14].map((length) => resampling.isSettled(length)),
      [true, true, false, false, true],
    );
  });
});
