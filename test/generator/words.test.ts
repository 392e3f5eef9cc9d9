import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { StoryError } from '../../src/errors.ts';
import { Vocabulary, wordsFile } from '../../src/generator/vocabulary.ts';
import { countWords, mayFollow, splitWords } from '../../src/generator/words.ts';

/** Texts as users write them, and texts of characters that split words. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(..."ab s't.-\n\"' ré\u03015".split('')) }),
);

describe('words', () => {
  test('include the space before them; signs and line ends are words, too', () => {
    const text = "It's 1851, \"don't!\" said he -- no...\n\n  So 'twas; the o'clock.";
    assert.deepEqual(splitWords(text), [
      ...[
        'It',
        "'s",
        ' 1851',
        ',',
        ' "',
        'don',
        "'t",
        '!',
        '"',
        ' said',
        ' he',
        ' --',
        ' no',
        '...',
        '\n',
        '\n',
      ],
      ...[' ', ' So', " '", 'twas', ';', ' the', ' o', "'", 'clock', '.'],
    ]);
  });

  test('make up the text, one after the other', () => {
    fc.assert(
      fc.property(anyText, (text) => assert.equal(splitWords(text).join(''), text)),
      { numRuns: 2_000 },
    );
  });

  test('may follow a text where no two words run together', () => {
    for (const [text, word] of [
      ['', 'the'],
      ['the', ' red'],
      ['the', ','],
      ['the', "'s"],
      ['the\n', 'Red'],
      ['18', ' 51'],
      ['"', 'the'],
      ['a  ', '\n'],
    ] as const) {
      assert.ok(mayFollow(text, word), JSON.stringify([text, word]));
    }
    for (const [text, word] of [
      ['the', 're'],
      ["the'", 's'],
      ["the's", 'aid'],
      ['-', '-'],
      ['18', '51'],
      ['the ', 'red'],
      ['the ', '"'],
    ] as const) {
      assert.ok(!mayFollow(text, word), JSON.stringify([text, word]));
    }
  });

  test('that may follow, one after the other, are the words into which the text is split', () => {
    const words = [...new Set(splitWords("it's o'clock -- the the 've ten 10 ... é \n ' \" s t"))];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 40 }), (drawn) => {
        const kept: string[] = [];
        for (const word of drawn) if (mayFollow(kept.join(''), word)) kept.push(word);
        assert.deepEqual(splitWords(kept.join('')), kept);
      }),
      { numRuns: 2_000 },
    );
  });

  test('are counted with typewriter quotation marks and dashes, the most frequent first', () => {
    assert.deepEqual(countWords(['a b\u2014\u201cb a\u201d', 'a']).slice(0, 4), [
      ['"', 2],
      ['a', 2],
      [' a', 1],
      [' b', 1],
    ]);
  });
});

describe('a vocabulary of words', () => {
  const vocabulary = new Vocabulary(wordsFile(['\n', 'The', ' ship', ' fell', '.', ' ', ' café', "'s"]));

  test('reads words that it knows, and one id for all others', () => {
    assert.deepEqual(vocabulary.encode('The ship fell.\r\n'), {
      ids: [3, 4, 5, 6, 2],
      characters: 15,
      skipped: 0,
    });
    const { unknown } = vocabulary;
    assert.deepEqual(vocabulary.encode('The \u201cZorb\u201d fell'), {
      ids: [3, unknown, unknown, unknown, 5],
      characters: 15,
      skipped: 7,
    });
    assert.deepEqual(vocabulary.encode(' café').ids, [8], 'a letter that one of its words has stays');
    assert.deepEqual(vocabulary.encode('Thé ship').ids, [unknown, 4]);
  });

  test('is unchanged after its file, which states its format', () => {
    const file = vocabulary.toFile();
    assert.equal(file.unit, 'word');
    assert.deepEqual([file.idToChar[0], file.idToChar[1]], ['<eos>', '<unk>']);
    const again = new Vocabulary(JSON.parse(JSON.stringify(file)));
    assert.deepEqual(again.toFile(), file);
    assert.deepEqual([again.unit, again.bosId, again.unknown], ['word', 0, 1]);
  });

  test('the end of text and the unknown word cannot be typed', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('\u0003', '<eos>', '<unk>', '\ufffd', ''), (text, mark) => {
        const { ids, characters, skipped } = vocabulary.encode(text + mark);
        assert.ok(!ids.includes(vocabulary.bosId));
        assert.ok(skipped <= characters);
        assert.equal(ids.includes(vocabulary.unknown!), skipped > 0);
      }),
    );
  });

  test('is refused when it is broken', () => {
    for (const [content, message] of [
      [{ ...wordsFile(['a']), unit: 'syllable' }, /its unit is "syllable"/],
      [wordsFile(['a b']), /one word for each of the ids 0 to 2; id 2 has none/],
      [wordsFile(['']), /id 2 has none/],
      [wordsFile(['a', 'a']), /two ids have the same word/],
      [
        { unit: 'word', idToChar: { 0: '<unk>' }, charToId: { '<unk>': 0 } },
        /no id for the beginning of a text: <eos>, a line end/,
      ],
      [{ unit: 'word', idToChar: { 0: '<eos>' }, charToId: { '<eos>': 0 } }, /lacks <unk>/],
    ] as const) {
      assert.throws(
        () => new Vocabulary(content),
        (error) => error instanceof StoryError && message.test(error.message),
      );
    }
  });
});
