import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Engine } from '../../src/generator/engines/engine.ts';
import { createOnnxEngine } from '../../src/generator/engines/onnx.ts';
import { evaluate } from '../../src/generator/evaluation.ts';
import { uniformAt } from '../../src/generator/sampling.ts';
import { logSoftmax, Reference } from './engines/reference.ts';
import { randomModel } from './model/random-model.ts';

const model = randomModel();
const { vocabulary } = model;

/** The protocol written plainly: one work after the other, in float64. */
function scoresOf(works: readonly string[]): {
  bitsPerCharacter: number;
  accuracy: number;
  characters: number;
} {
  let bits = 0;
  let right = 0;
  let characters = 0;
  for (const work of works) {
    const reference = new Reference(model);
    let logits = reference.step(vocabulary.endOfText);
    for (const id of vocabulary.encode(work).ids) {
      bits -= logSoftmax(logits)[id]! / Math.LN2;
      right += logits.indexOf(Math.max(...logits)) === id ? 1 : 0;
      characters += 1;
      logits = reference.step(id);
    }
  }
  return { bitsPerCharacter: bits / characters, accuracy: right / characters, characters };
}

function work(length: number, seed: number): string {
  return Array.from({ length }, (_, i) => vocabulary.decode(1 + Math.floor(uniformAt(seed, i, 0) * 11))).join(
    '',
  );
}

describe('evaluate', () => {
  let engine: Engine;
  before(async () => {
    engine = await createOnnxEngine(model, { capacity: 3 });
  });
  after(() => engine.close());

  test('scores every character of every work once, more works than slots', async () => {
    const works = [40, 7, 1, 90, 33, 2, 60].map(work);
    const expected = scoresOf(works);
    const found = await evaluate(engine, vocabulary, works.map((text) => `\u0003${text}`).join(''));
    assert.ok(Math.abs(found.bitsPerCharacter - expected.bitsPerCharacter) < 1e-5);
    assert.equal(found.accuracy, expected.accuracy);
    assert.equal(found.characters, 233);
    assert.equal(found.characters, expected.characters);
    assert.equal(found.works, 7);
    assert.equal(found.skipped, 0);
  });

  test('does not depend on the order of the works, on slots, nor on what was read before', async () => {
    const works = [20, 30, 25].map(work);
    const first = await evaluate(engine, vocabulary, works.join('\u0003'));
    const second = await evaluate(engine, vocabulary, works.toReversed().join('\u0003\u0003'));
    assert.ok(Math.abs(first.bitsPerCharacter - second.bitsPerCharacter) < 1e-12);
    assert.equal(first.accuracy, second.accuracy);
  });

  test('takes a text without any U+0003 for one work', async () => {
    const found = await evaluate(engine, vocabulary, 'abcab');
    assert.ok(Math.abs(found.bitsPerCharacter - scoresOf(['abcab']).bitsPerCharacter) < 1e-5);
    assert.equal(found.works, 1);
  });

  test('reads as a prompt is read, and counts what it cannot read', async () => {
    const folded = await evaluate(engine, vocabulary, 'ábč\r\na漢b😀');
    assert.deepEqual({ ...folded, skipped: 0 }, await evaluate(engine, vocabulary, 'abc\nab'));
    assert.equal(folded.skipped, 2);
  });

  test('reports its progress, upwards to the end', async () => {
    const calls: [number, number][] = [];
    await evaluate(engine, vocabulary, work(1_000, 1), {
      onProgress: (...call) => calls.push(call),
    });
    assert.deepEqual(
      calls.map(([scored]) => scored),
      [200, 400, 600, 800, 1_000],
    );
    assert.ok(calls.every(([, characters]) => characters === 1_000));
  });

  test('refuses a text with nothing to score', async () => {
    for (const text of ['', '\u0003\u0003', '漢字']) {
      await assert.rejects(evaluate(engine, vocabulary, text), /Expected `text` to hold characters to score/);
    }
  });

  test('a certain network needs no bits, an impossible character costs no less than it should', async () => {
    const certain = (favourite: number): Engine => ({
      ...{ name: 'certain', capacity: 1, vocabularySize: 12, stepsPerTrip: 1 },
      advance: () => Promise.reject(new Error('unused')),
      logits: async () => Float32Array.from({ length: 12 }, (_, id) => (id === favourite ? 500 : -500)),
      clear: () => {},
      close: async () => {},
    });
    const a = vocabulary.idOf('a')!;
    const right = await evaluate(certain(a), vocabulary, 'aaaa');
    assert.deepEqual([right.bitsPerCharacter, right.accuracy], [0, 1]);
    const wrong = await evaluate(certain(a), vocabulary, 'bbbb');
    assert.ok(Math.abs(wrong.bitsPerCharacter - 1_000 / Math.LN2) < 1e-9);
    assert.equal(wrong.accuracy, 0);
  });
});
