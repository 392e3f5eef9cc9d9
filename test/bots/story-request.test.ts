import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRequestReader } from '../../src/bots/story-request.ts';
import { StoryError } from '../../src/errors.ts';
import { problemWith } from '../../src/story.ts';

const models = [
  { name: 'scifi', title: 'Science fiction', description: '' },
  { name: 'melville', title: 'Melville', description: '' },
];
const read = createRequestReader({ models, drawSeed: () => 99 });

describe('a request reader', () => {
  it('fills in what was left out', () => {
    assert.deepEqual(read({}), {
      prompt: '',
      context: '',
      temperature: 0.4,
      length: 1_200,
      seed: 99,
      model: 'scifi',
    });
  });

  it('takes the command off and leaves the rest as typed', () => {
    assert.equal(read({ prompt: '/scifi It all  began ' }).prompt, 'It all  began ');
    assert.equal(read({ prompt: '  /scifi' }).prompt, '');
    assert.equal(read({ prompt: '/scifiction is fun' }).prompt, '/scifiction is fun');
    assert.equal(read({ prompt: '“Où?” 🚀' }).prompt, '“Où?” 🚀');
  });

  it('mends what no chat can carry', () => {
    assert.equal(read({ prompt: 'a\u0000b\ud800c' }).prompt, 'ab\ufffdc');
  });

  it('keeps what was chosen', () => {
    const chosen = { prompt: 'x', context: 'y', temperature: 0, length: 51, seed: 0, model: 'melville' };
    assert.deepEqual(read(chosen), chosen);
  });

  it('says what is wrong', () => {
    const wrong: [unknown, RegExp][] = [
      ['a string', /Expected a story request/],
      [null, /Expected a story request/],
      [{ prompt: 7 }, /The opening must be text/],
      [{ temperature: 'hot' }, /The temperature must be a number/],
      [{ temperature: 3 }, /give a number from 0 to 2/],
      [{ length: '9' }, /The length must be a number/],
      [{ seed: 1.5 }, /The seed is 1.5/],
      [{ model: 'nosuch' }, /Choose one of: scifi, melville/],
      [{ prompt: 'x'.repeat(2_001), length: 6_000 }, /opening has 2,001 characters/],
    ];
    for (const [input, message] of wrong) {
      assert.throws(() => read(input), { name: 'StoryError', code: 'bad_request', message });
    }
  });

  it('gives a request within bounds or a sentence, whatever comes', () => {
    const fields = fc.record(
      {
        prompt: fc.oneof(fc.string({ unit: 'binary', maxLength: 3_000, size: 'max' }), fc.anything()),
        context: fc.oneof(fc.string(), fc.anything()),
        temperature: fc.oneof(fc.double(), fc.anything()),
        length: fc.oneof(fc.integer(), fc.double(), fc.anything()),
        seed: fc.oneof(fc.integer(), fc.anything()),
        model: fc.oneof(fc.constantFrom('scifi', '__proto__', ''), fc.anything()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fields, fc.anything()), (input) => {
        try {
          assert.equal(problemWith(read(input)), undefined);
        } catch (error) {
          assert.ok(error instanceof StoryError, String(error));
          assert.equal(error.code, 'bad_request');
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
