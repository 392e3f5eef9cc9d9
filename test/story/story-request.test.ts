import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { StoryError } from '../../src/errors.ts';
import { inputOf, PRESETS, problemWith } from '../../src/story/story.ts';
import { createRequestReader } from '../../src/story/story-request.ts';
import { sized } from '../helpers/sized.ts';

const models = [
  { name: 'scifi', title: 'Science fiction', description: '' },
  { name: 'melville', title: 'Melville', description: '' },
];
const read = createRequestReader({ models, drawSeed: () => 99 });

describe('a request parser', () => {
  it('fills in defaults', () => {
    assert.deepEqual(read({}), {
      prompt: '',
      context: '',
      preset: 'lively',
      temperature: 0.4,
      length: 1_200,
      seed: 99,
      model: 'scifi',
    });
  });

  it('removes the command and keeps the rest as typed', () => {
    assert.equal(read({ prompt: '/scifi It all  began ' }).prompt, 'It all  began ');
    assert.equal(read({ prompt: '  /scifi' }).prompt, '');
    assert.equal(read({ prompt: '/scifiction is fun' }).prompt, '/scifiction is fun');
    assert.equal(read({ prompt: '“Où?” 🚀' }).prompt, '“Où?” 🚀');
  });

  it('repairs text that chats cannot carry', () => {
    assert.equal(read({ prompt: 'a\u0000b\ud800c' }).prompt, 'ab\ufffdc');
  });

  it('keeps the given values', () => {
    const chosen = { prompt: 'x', context: 'y', temperature: 0, length: 51, seed: 0, model: 'melville' };
    assert.deepEqual(read(chosen), { ...chosen, preset: 'classic' });
  });

  it('reads a temperature alone as classic, and gives classic alone the temperature 0.4', () => {
    const samplingOf = ({ preset, temperature }: ReturnType<typeof read>) => [preset, temperature];
    assert.deepEqual(samplingOf(read({ temperature: 1.1 })), ['classic', 1.1]);
    assert.deepEqual(samplingOf(read({ temperature: 1.1, preset: null })), ['classic', 1.1]);
    assert.deepEqual(samplingOf(read({ temperature: 1.1, preset: 'classic' })), ['classic', 1.1]);
    assert.deepEqual(samplingOf(read({ preset: 'classic' })), ['classic', 0.4]);
    for (const preset of ['calm', 'lively', 'wild']) assert.equal(read({ preset }).preset, preset);
  });

  it('reads what `inputOf` gives as the same request', () => {
    for (const preset of PRESETS) {
      const request = read({ preset, prompt: 'x', seed: 1 });
      assert.deepEqual(read(inputOf(request)), request);
    }
    const { preset: _, ...stored } = read({ temperature: 0.7, seed: 1 });
    assert.deepEqual(read(inputOf(stored)), { ...stored, preset: 'classic' });
  });

  it('draws a seed only when none was given', () => {
    let drawn = 0;
    const drawSeed = () => {
      drawn++;
      return 0xffff_ffff;
    };
    const drawing = createRequestReader({ models, drawSeed });
    assert.equal(drawing({ seed: 0 }).seed, 0);
    assert.equal(drawn, 0);
    assert.deepEqual([drawing({ seed: null }).seed, drawing({}).seed], [0xffff_ffff, 0xffff_ffff]);
    assert.equal(drawn, 2);
  });

  it('accepts values at the bounds', () => {
    for (const input of [
      { prompt: 'x'.repeat(2_000), length: 2_050 },
      {
        prompt: '',
        context: 'x'.repeat(2_000),
        length: 50,
        preset: 'classic',
        temperature: 2,
        seed: 0xffff_ffff,
      },
      { prompt: 'x'.repeat(2_000), length: 6_000, temperature: 0, preset: 'classic' },
      // The command is not part of the opening.
      { prompt: `/scifi ${'x'.repeat(2_000)}`, length: 2_050 },
    ]) {
      assert.deepEqual(read(input), { ...read({}), ...input, prompt: input.prompt.replace('/scifi ', '') });
    }
  });

  it('refuses a slur, in the opening, in the continued text, and across the joint between them', () => {
    const asks = [
      { prompt: 'The n1ggers of Mars' },
      { prompt: 'The n\u200bi\u200bg\u200bgers' },
      { context: 'All wops are', prompt: '' },
      { context: 'They were Ja', prompt: 'ps. ' },
    ];
    for (const ask of asks) {
      assert.throws(() => read(ask), {
        code: 'declined',
        message: 'I do not write on from one of the words in there. Please try other words.',
      });
    }
    for (const prompt of [
      'A chink of fucking light',
      'Descriptions of Egypt, and a flame',
      'In Niger they sniggered',
    ]) {
      assert.equal(read({ prompt }).prompt, prompt);
    }
  });

  it('rejects a set-up without models', () => {
    assert.throws(
      () => createRequestReader({ models: [], drawSeed: () => 0 }),
      /at least one model, got none/,
    );
  });

  it('reports what is wrong', () => {
    const wrong: [unknown, RegExp][] = [
      ['a string', /Expected a story request/],
      [null, /Expected a story request/],
      [{ prompt: 7 }, /The opening must be text/],
      [{ temperature: 'hot' }, /The temperature must be a number/],
      [{ temperature: 3 }, /give a number from 0 to 2/],
      [{ length: '9' }, /The length must be a number/],
      [{ seed: 1.5 }, /The seed is 1.5/],
      [[], /^Expected a story request\.$/],
      [{ context: [] }, /^The context must be text\.$/],
      [{ context: 'x'.repeat(2_001) }, /^The context has 2,001 characters; the most is 2,000\.$/],
      [{ temperature: -0.1 }, /^The temperature is -0.1; give a number from 0 to 2\.$/],
      [{ temperature: null }, /^The temperature must be a number\.$/],
      [{ length: 49 }, /^The length is 49; give a whole number of characters from 50 to 6,000\.$/],
      [{ length: 6_001 }, /^The length is 6001; give a whole number/],
      [{ length: 99.5 }, /^The length is 99.5; give a whole number/],
      [{ seed: '7' }, /^The seed must be a number\.$/],
      [{ seed: -1 }, /^The seed is -1; give a whole number from 0 to 4294967295\.$/],
      [{ seed: 2 ** 32 }, /^The seed is 4294967296; give/],
      [{ preset: 7 }, /^The preset must be a name\.$/],
      [{ preset: '' }, /^There is no preset of that name\. Choose one of: classic, calm, lively, wild\.$/],
      [{ preset: 'toString', temperature: 1 }, /^There is no preset of that name\./],
      [
        { preset: 'wild', temperature: 0.4 },
        /^The temperature belongs to the preset classic; leave out one of them\.$/,
      ],
      [{ model: 7 }, /^The model must be a name\.$/],
      [{ model: 'toString' }, /^There is no model of that name\. Choose one of: scifi, melville\.$/],
      [
        { prompt: 'x'.repeat(2_000), length: 2_049 },
        /^That opening has 2,000 characters and the whole story may have 2,049: .* Ask for a length of 2,050/,
      ],
      [{ model: 'nosuch' }, /Choose one of: scifi, melville/],
      [{ prompt: 'x'.repeat(2_001), length: 6_000 }, /opening has 2,001 characters/],
    ];
    for (const [input, message] of wrong) {
      assert.throws(() => read(input), { name: 'StoryError', code: 'bad_request', message });
    }
  });

  it('gives a request within bounds or a sentence, for any input', () => {
    const fields = fc.record(
      {
        prompt: fc.oneof(fc.string({ unit: 'binary', maxLength: 3_000, size: 'max' }), fc.anything()),
        context: fc.oneof(fc.string(), fc.anything()),
        preset: fc.oneof(fc.constantFrom(...PRESETS), fc.anything()),
        temperature: fc.oneof(fc.double(), fc.anything()),
        length: fc.oneof(fc.integer(), fc.double(), fc.anything()),
        seed: fc.oneof(fc.integer(), fc.anything()),
        model: fc.oneof(fc.constantFrom('scifi', '__proto__', ''), fc.anything()),
      },
      { requiredKeys: [] },
    );
    const plausible = fc.record(
      {
        prompt: fc.string({ unit: 'binary' }),
        preset: fc.constantFrom(...PRESETS, null, 'tepid'),
        temperature: fc.constantFrom(0, 0.4, 2, undefined),
        length: fc.integer({ min: 100, max: 6_000 }),
        seed: fc.option(fc.nat()),
      },
      { requiredKeys: [] },
    );
    let valid = 0;
    fc.assert(
      fc.property(fc.oneof(fields, plausible, fc.jsonValue(), fc.anything()), (input) => {
        try {
          const request = read(input);
          assert.equal(problemWith(request), undefined);
          assert.ok(models.some(({ name }) => name === request.model));
          assert.ok(PRESETS.some((name) => name === request.preset));
          assert.ok(request.prompt.isWellFormed() && !request.prompt.includes('\u0000'));
          valid++;
        } catch (error) {
          assert.ok(error instanceof StoryError, String(error));
          assert.equal(error.code, 'bad_request');
        }
      }),
      { numRuns: sized(500, 2_000) },
    );
    assert.ok(valid > 100, `${valid} valid requests`);
  });
});
