import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { touchedSentences } from '../../../scripts/filter/sentences.ts';
import { findWords, hasSlur, wordStart } from '../../../src/story/filter/find.ts';
import { INNOCENT_WORDS } from '../../../src/story/filter/innocent-words.ts';
import { WORD_CLASSES } from '../../../src/story/filter/list.ts';

/** The words found in a text, as they are in the text. */
function found(text: string): string[] {
  return findWords(text).map(({ start, end, kind }) => `${kind}: ${text.slice(start, end)}`);
}

/** Every word of the list in all its spellings, without its continuations. */
const LISTED = WORD_CLASSES.flatMap(({ kind, words }) =>
  words.flatMap((word) => {
    const plain = word.replaceAll('*', '');
    return [plain.replaceAll(/\[.\]/g, ''), plain.replaceAll(/[[\]]/g, '')].map((spelling) => ({
      kind,
      spelling,
    }));
  }),
);
const listed = fc.constantFrom(...LISTED);
const singleWord = fc.constantFrom(...LISTED.filter(({ spelling }) => !spelling.includes(' ')));

const LEET: Readonly<Record<string, string>> = {
  a: '@4',
  e: '3',
  g: '6',
  i: '1!',
  l: '|',
  o: '0',
  s: '$5',
  t: '7',
};
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: 'аàａ𝐚', // Cyrillic, an accent, full width, mathematics
  c: 'сｃ',
  e: 'еéｅ',
  i: 'іíｉ',
  o: 'оöｏ',
  p: 'рｐ',
  s: 'ѕｓ',
  y: 'уｙ',
};
const UNSEEN = ['\u200b', '\u200d', '\u00ad', '\u2060', '\ufe0f', '\u0301', '\u202e'];

/** A choice for every letter of a word. */
function disguised(
  word: fc.Arbitrary<{ spelling: string }>,
  choose: (letter: string, choice: number) => string,
): fc.Arbitrary<{ spelling: string; disguise: string }> {
  return fc
    .tuple(word, fc.array(fc.nat(99), { minLength: 20, maxLength: 20 }))
    .map(([{ spelling }, choices]) => ({
      spelling,
      disguise: [...spelling]
        .map((letter, index) => choose(letter, choices[index % choices.length]!))
        .join(''),
    }));
}

function pick(from: string | undefined, choice: number): string | undefined {
  const all = from ? [...from] : [];
  return all[choice % (all.length + 1)];
}

describe('the words of the list', () => {
  it('are found as they are written, with any neighbours and signs around them', () => {
    const around = fc.constantFrom('', '"', '(', '--', '_', "'", '...');
    const property = fc.property(listed, around, around, fc.boolean(), ({ kind, spelling }, a, b, isLoud) => {
      const word = isLoud ? spelling.toUpperCase() : spelling;
      const text = `The captain saw ${a}${word}${b} and went on.`;
      const hit = findWords(text).find(({ end }) => end === 16 + a.length + word.length);
      assert.equal(hit?.kind, kind, text);
      assert.equal(hit.start, 16 + a.length);
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  it('are found with doubled letters, signs, lookalikes, accents and invisible characters', () => {
    const ways: Readonly<Record<string, (letter: string, choice: number) => string>> = {
      doubled: (letter, choice) => letter.repeat(1 + (choice % 3)),
      lookalike: (letter, choice) => pick(LOOKALIKES[letter], choice) ?? letter,
      unseen: (letter, choice) => letter + (choice % 2 ? UNSEEN[choice % UNSEEN.length] : ''),
    };
    for (const [way, choose] of Object.entries(ways)) {
      const property = fc.property(disguised(singleWord, choose), ({ spelling, disguise }) => {
        fc.pre(!INNOCENT_WORDS.includes(disguise));
        assert.notDeepEqual(found(`He said ${disguise}, and left.`), [], `${way}: ${spelling}`);
      });
      fc.assert(property, { numRuns: 500 });
    }
    const leet = fc.property(singleWord, fc.nat(9), fc.nat(9), ({ spelling }, at, choice) => {
      const index = at % spelling.length;
      const sign = pick(LEET[spelling[index]!], choice) ?? spelling[index]!;
      // At the ends of a word an exclamation mark is punctuation.
      fc.pre((index > 0 && index < spelling.length - 1) || !/[!|]/.test(sign));
      const disguise = spelling.slice(0, index) + sign + spelling.slice(index + 1);
      assert.notDeepEqual(found(`He said ${disguise}, and left.`), [], disguise);
    });
    fc.assert(leet, { numRuns: 1_000 });
  });

  it('are found in pieces: over hyphens, apostrophes and full stops, and letter by letter', () => {
    const joint = fc.constantFrom('-', "'", '.', '\u2019', '_', '/');
    const cut = fc.property(singleWord, fc.nat(), joint, ({ spelling }, at, sign) => {
      const index = 1 + (at % (spelling.length - 1));
      // Who're is two words.
      fc.pre(!/^(?:re|ll|ve|[dmst])$/.test(spelling.slice(index)));
      const pieces = spelling.slice(0, index) + sign + spelling.slice(index);
      assert.notDeepEqual(found(`A poor-${pieces}-like thing`), [], pieces);
    });
    fc.assert(cut, { numRuns: 500 });
    const spelled = fc.property(singleWord, fc.constantFrom(' ', '-', '. ', ' - '), ({ spelling }, sign) => {
      assert.notDeepEqual(found(`Then: ${[...spelling].join(sign)} was heard`), [], spelling);
    });
    fc.assert(spelled, { numRuns: 500 });
  });

  it('are found with q or 9 for g, an inverted mark for i, a letter left out, and doubled besides', () => {
    const slurs =
      'niqqer niqger n1qqa ni99er n!qq3r n¡gger niggr ngger nggr niiger n1ger niqer niga nigga qook ' +
      'faggt fggots wtback towlhead pickninny';
    for (const word of slurs.split(' ')) {
      assert.deepEqual(found(`He said ${word}, and left.`), [`slur: ${word}`], word);
    }
    for (const word of 'f¡ck f¡cker sh¡t fck fcking motherfcker sht btch bullsht ashole'.split(' ')) {
      const [first] = findWords(`He said ${word}, and left.`);
      assert.equal(first?.kind, 'vulgar', word);
    }
    const disguise = fc.property(
      singleWord,
      fc.nat(),
      fc.constantFrom('q', '9'),
      ({ spelling }, at, sign) => {
        const places = [...spelling].flatMap((letter, index) => (letter === 'g' ? [index] : []));
        fc.pre(places.length > 0 && spelling.length > 3);
        const index = places[at % places.length]!;
        const text = spelling.slice(0, index) + sign + spelling.slice(index + 1);
        fc.pre(!INNOCENT_WORDS.includes(text));
        assert.notDeepEqual(found(`He said ${text}, and left.`), [], text);
      },
    );
    fc.assert(disguise, { numRuns: 300 });
    const inverted = fc.property(singleWord, ({ spelling }) => {
      const index = spelling.indexOf('i', 1);
      fc.pre(index > 0 && index < spelling.length - 1);
      const text = `${spelling.slice(0, index)}¡${spelling.slice(index + 1)}`;
      assert.notDeepEqual(found(`He said ${text}, and left.`), [], text);
    });
    fc.assert(inverted, { numRuns: 300 });
  });

  it('are found with any vowel left out of a long one, unless that is a word', () => {
    const long = LISTED.filter(
      ({ kind, spelling }) => kind !== 'ambiguous' && spelling.length >= 6 && !spelling.includes(' '),
    );
    const property = fc.property(fc.constantFrom(...long), fc.nat(), ({ spelling }, at) => {
      const vowels = [...spelling].flatMap((letter, index) =>
        index > 0 && index < spelling.length - 1 && 'aeiou'.includes(letter) ? [index] : [],
      );
      fc.pre(vowels.length > 0);
      const index = vowels[at % vowels.length]!;
      const text = spelling.slice(0, index) + spelling.slice(index + 1);
      fc.pre(!INNOCENT_WORDS.includes(text));
      assert.notDeepEqual(found(`He said ${text}, and left.`), [], text);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('report their category: the worst one where a word has several', () => {
    assert.deepEqual(found('a n1gg3r, a half-breed and a coon dog; sh!t'), [
      'slur: n1gg3r',
      'ambiguous: half-breed',
      'ambiguous: coon',
      'vulgar: sh!t',
    ]);
    assert.deepEqual(found('the half breed, the halfbreed'), [
      'ambiguous: half breed',
      'ambiguous: halfbreed',
    ]);
    assert.ok(hasSlur('some\u200bthing s\u200bp\u200bi\u200bc here'));
    assert.ok(!hasSlur('light fell through a chink in the fucking wall'));
  });
});

describe('clean text', () => {
  it('passes: words that contain a listed one, names, and innocent words of the period', () => {
    const clean =
      'Descriptions of Egypt and the flame, in Scunthorpe and Penistone. Niggardly, he sniggered in Niger and Nigeria. ' +
      'A raccoon in a cocoon drank a cocktail; Dick Hancock, cocksure, cocked his pistol. The pussy willow, the great tit, ' +
      'an ass, a thorn that pricked. The gay crowd felt queer. A dyke held back the sea. Spices, a spade, suspicion. ' +
      'Japan and the Japanese, China and the Chinese; japanned boxes. A gypsy, a savage, the natives. Pakistan, ' +
      'Montenegro, Inspector Japp. The Jew, the Moslem and the Hindoo. Idiots, lunatics, cripples; the dumb and the lame. ' +
      'Homo sapiens. Shiitake, assassins, classes, a bass, Essex, Sussex, therapist, analysis, a titanic arsenal. ' +
      'Iraq and Qatar, a quick qi, 9mm, 1999. Nigeria and the Nigerians. FAQs by a jack-of-all-trades: p-s-s-t! Banners on a testing-ground, pros and cons, up the slope, a bong, Cons. ' +
      "Who're they? He'll go. 600k people. Go--OK? Damn it, what the hell, you bastard! Con, cod, fog, dog, gob, hebrew.";
    assert.deepEqual(found(clean), []);
    const { sentences, touched } = touchedSentences(`${clean}\nThe negro bowed. "Shit!" he said.`);
    assert.deepEqual([sentences > 15, touched], [true, 2]);
  });

  it('passes in any combination, when no word of it is listed', () => {
    const words = fc.constantFrom(
      ...'the ship of light fell and rose nobody knew why stars engine captain planet silver machine desert'.split(
        ' ',
      ),
      ...INNOCENT_WORDS.map((word) => word.replace('*', '')),
    );
    const joint = fc.constantFrom(' ', ', ', '. ', '--', '-', '\n', '!" "', "'s ", ' 1950 ', ' (a) ');
    const property = fc.property(fc.array(fc.tuple(words, joint), { maxLength: 60 }), (pieces) => {
      assert.deepEqual(found(pieces.flat().join('')), []);
    });
    fc.assert(property, { numRuns: 500 });
  });
});

/** Texts with every evasion in them. */
const anyText = fc
  .array(
    fc.oneof(
      listed.map(({ spelling }) => spelling),
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom(' ', ' ', '\n', '-', 'a', 's', '1', '\u200b', 'fu', 'ck', 'half', 'i n'),
    ),
    { maxLength: 25 },
  )
  .map((pieces) => pieces.join(''));

describe('findWords', () => {
  it('finds the same words up to a word end when the text continues with whitespace', () => {
    const property = fc.property(anyText, anyText, (text, more) => {
      const whole = findWords(`${text} ${more}`);
      assert.deepEqual(
        findWords(text),
        whole.filter(({ end }) => end <= text.length),
      );
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it('finds the same words in the rest of a text alone', () => {
    const property = fc.property(anyText, fc.nat(), (text, at) => {
      const from = wordStart(text, at % (text.length + 1));
      const all = findWords(text);
      assert.deepEqual(
        findWords(text, from),
        all.filter(({ end }) => end > from),
      );
    });
    fc.assert(property, { numRuns: 2_000 });
  });
});
