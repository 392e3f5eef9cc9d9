import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { StoryError } from '../../src/errors.ts';
import { BOUNDARY, Vocabulary } from '../../src/generator/vocabulary.ts';

const file = JSON.parse(
  readFileSync(new URL('../../models/scifi/vocabulary.json', import.meta.url), 'utf8'),
) as { idToChar: Record<string, string>; charToId: Record<string, number> };
const vocabulary = new Vocabulary(file);

/** The text that the network reads, and how many characters it could not read. */
function read(text: string): [string, number] {
  const { ids, skipped } = vocabulary.encode(text);
  return [ids.map((id) => vocabulary.decode(id)).join(''), skipped];
}

describe('the vocabulary file', () => {
  test('knows U+0003, newline and the printable ASCII characters', () => {
    assert.equal(vocabulary.size, 97);
    assert.equal(vocabulary.bosId, 0);
    assert.equal(vocabulary.idOf(BOUNDARY), 0);
    assert.equal(vocabulary.idOf('—'), undefined);
    const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
    assert.deepEqual(read(`\n${ascii}`), [`\n${ascii}`, 0]);
  });

  test('is unchanged after toFile', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(vocabulary.toFile())), file);
  });

  const broken: [string, unknown, RegExp][] = [
    ['no object', null, /dictionaries/],
    ['an array', [], /dictionaries/],
    ['one dictionary', { idToChar: { 0: '\u0003' } }, /dictionaries/],
    ['a gap', { idToChar: { 0: '\u0003', 2: 'a' }, charToId: { '\u0003': 0, a: 2 } }, /id 1 has none/],
    ['two characters for one id', { idToChar: { 0: '\u0003', 1: 'ab' }, charToId: {} }, /id 1 has none/],
    ['a character twice', { idToChar: { 0: '\u0003', 1: '\u0003' }, charToId: {} }, /same character/],
    ['fewer back', { idToChar: { 0: '\u0003', 1: 'a' }, charToId: { a: 1 } }, /2 entries, charToId has 1/],
    ['disagreement', { idToChar: { 0: '\u0003', 1: 'a' }, charToId: { '\u0003': 0, a: 0 } }, /"a" the id 0/],
    ['nothing that begins a text', { idToChar: { 0: 'a' }, charToId: { a: 0 } }, /U\+0003, a line end or/],
  ];
  for (const [what, content, message] of broken) {
    test(`is refused: ${what}`, () => {
      assert.throws(
        () => new Vocabulary(content),
        (error) =>
          error instanceof StoryError && error.code === 'model_unavailable' && message.test(error.message),
      );
    });
  }

  test('names an id without a character', () => {
    for (const id of [97, -1, 0.5, Number.NaN]) {
      assert.throws(() => vocabulary.decode(id), /Expected `id` to be 0 to 96/);
    }
  });
});

describe('an imported vocabulary', () => {
  const of = (characters: string) =>
    new Vocabulary({
      idToChar: Object.fromEntries([...characters].map((character, id) => [id, character])),
      charToId: Object.fromEntries([...characters].map((character, id) => [character, id])),
    });
  const readBy = (known: Vocabulary, text: string) =>
    known
      .encode(text)
      .ids.map((id) => known.decode(id))
      .join('');

  test('begins texts with a line end if it has no U+0003, or else with a space', () => {
    assert.deepEqual([of('ab \u0003\n').bosId, of('ab \u0003\n').eosId], [3, 3]);
    assert.deepEqual([of('ab \n').bosId, of('ab \n').eosId], [3, undefined]);
    assert.deepEqual([of('ab ').bosId, of('ab ').eosId], [2, undefined]);
  });

  test('reads the stand-in character also where it is typed', () => {
    assert.equal(readBy(of('ab \n'), 'a\nb\u0003 a'), 'a\nb a');
    assert.equal(readBy(of('ab '), 'a\nb\r\na'), 'a b a');
  });

  test('reads capitals as small letters if it has no others', () => {
    assert.equal(readBy(of('abiu '), 'A Bib Äu I'), 'a bib au i');
    assert.equal(readBy(of('Aab '), 'A a Aa'), 'A a Aa');
  });
});

describe('encode folds', () => {
  const cases: [string, string, string][] = [
    ['accents', 'Ça señor Ångström naïve e\u0301', 'Ca senor Angstrom naive e'],
    [
      'quotes',
      '\u2018a\u2019 \u201cb\u201d \u201ec\u201f \u00abd\u00bb \u2039e\u203a',
      `'a' "b" "c" "d" 'e'`,
    ],
    ['dashes', 'a\u2013b a\u2014b a\u2015b \u22121 a\u2010b', 'a-b a--b a--b -1 a-b'],
    ['ellipsis', 'so\u2026', 'so...'],
    ['spaces', 'a\u00a0b\u2009c\u3000d\te', 'a b c d e'],
    ['line ends', 'a\r\nb\rc\nd\u2028e\u2029f\r\r\n', 'a\nb\nc\nd\ne\nf\n\n'],
    ['letters', 'straße æon Œuvre smørrebrød Łódź þorn Đ', 'strasse aeon OEuvre smorrebrod Lodz thorn D'],
    ['ligatures and widths', 'ﬁne oﬃce ＡＢＣ １½ ™', 'fine office ABC 11/2 TM'],
  ];
  for (const [what, text, expected] of cases) {
    test(what, () => assert.deepEqual(read(text), [expected, 0]));
  }

  test('invisible characters to nothing, without counting them', () => {
    assert.deepEqual(read('a\u200b\u200d\ufeff\u00ad\u202e\u2066\ufe0f\u0301\u20e3\u0007\u007f\u009bz'), [
      'az',
      0,
    ]);
  });

  test('the end of text cannot be typed', () => {
    assert.deepEqual(read('\u0003a\u0003'), ['a', 0]);
  });

  test('characters without an equivalent to nothing, and counts them by code point', () => {
    assert.deepEqual(read('a😀b👩‍🚀漢字\ud800c\udc00Ж'), ['abc', 8]);
  });

  test('a character of which only a part is known counts as skipped', () => {
    assert.deepEqual(read('\ufdfa'), ['', 1]);
  });

  test('into the characters that a smaller vocabulary knows', () => {
    const small = new Vocabulary({
      idToChar: { 0: '\u0003', 1: 'é', 2: 'e', 3: '-' },
      charToId: { '\u0003': 0, é: 1, e: 2, '-': 3 },
    });
    assert.deepEqual(small.encode('éeè—"…\u00a0'), { ids: [1, 2, 2, 3, 3], characters: 5, skipped: 3 });
  });
});

describe('encode, for any text', () => {
  const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) });

  test('gives ids that can be read back and never the end of text', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string({ unit: 'binary' })), (text) => {
        const { ids, skipped } = vocabulary.encode(text);
        assert.ok(ids.every((id) => Number.isInteger(id) && id > 0 && id < vocabulary.size));
        assert.ok(skipped >= 0 && skipped <= [...text].length);
        const readBack = ids.map((id) => vocabulary.decode(id)).join('');
        assert.deepEqual(vocabulary.encode(readBack), { ids, characters: ids.length, skipped: 0 });
      }),
      { numRuns: 1_000 },
    );
  });

  test('reads a text in pieces as it reads it whole, except for a split line end', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        fc.pre(!a.endsWith('\r'));
        const whole = vocabulary.encode(a + b);
        const [first, second] = [vocabulary.encode(a), vocabulary.encode(b)];
        assert.deepEqual(whole.ids, [...first.ids, ...second.ids]);
        assert.equal(whole.skipped, first.skipped + second.skipped);
      }),
    );
  });

  test('takes time linear in it', () => {
    const characters = 1_000_000;
    for (const unit of ['a', '\u0301', 'é', '😀', '\ufdfa', '\ud800']) {
      const text = unit.repeat(characters / unit.length);
      const started = performance.now();
      vocabulary.encode(text);
      // Quadratic time would be hours, on a machine of any load.
      assert.ok(performance.now() - started < 60_000, `a million of ${JSON.stringify(unit)} took too long`);
    }
  });
});
