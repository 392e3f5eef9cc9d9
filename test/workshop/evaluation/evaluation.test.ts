import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Engine } from '../../../src/generator/engines/engine.ts';
import { createOnnxEngine } from '../../../src/generator/engines/onnx.ts';
import { passageOf } from '../../../src/generator/reading.ts';
import { uniformAt } from '../../../src/generator/sampler.ts';
import { Vocabulary, wordsFile } from '../../../src/generator/vocabulary.ts';
import { evaluate, guess } from '../../../src/workshop/evaluation/evaluation.ts';
import { freshStarts } from '../../../src/workshop/evaluation/fresh-starts.ts';
import { logSoftmax, Reference } from '../../generator/engines/reference.ts';
import { randomModel } from '../../generator/model/random-model.ts';

const model = randomModel();
const { vocabulary } = model;

/** A plain implementation of the protocol: one work after another, in float64. */
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
    let logits = reference.step(vocabulary.bosId);
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

  test('scores every character of every work once, with more works than slots', async () => {
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

  test('does not depend on the order of the works, on slots, or on earlier reads', async () => {
    const works = [20, 30, 25].map(work);
    const first = await evaluate(engine, vocabulary, works.join('\u0003'));
    const second = await evaluate(engine, vocabulary, works.toReversed().join('\u0003\u0003'));
    assert.ok(Math.abs(first.bitsPerCharacter - second.bitsPerCharacter) < 1e-12);
    assert.equal(first.accuracy, second.accuracy);
  });

  test('scores a window model with the context that it has when it is served', async () => {
    const serving = { kind: 'refreshed', characters: 7 } as const;
    const works = [40, 3, 25, 18].map(work);
    let bits = 0;
    const guessed: string[] = [];
    for (const text of works) {
      const ids = [vocabulary.bosId, ...vocabulary.encode(text).ids];
      for (let index = 0; index + 1 < ids.length; index++) {
        const reference = new Reference(model);
        const seen = ids.slice(passageOf(index, serving).from, index + 1);
        const logits = seen.map((id) => reference.step(id)).at(-1)!;
        bits -= logSoftmax(logits)[ids[index + 1]!]! / Math.LN2;
        if (text === works[0]) guessed.push(vocabulary.decode(logits.indexOf(Math.max(...logits))));
      }
    }
    const found = await evaluate(engine, vocabulary, works.join('\u0003'), { serving });
    assert.equal(found.characters, 86);
    assert.ok(Math.abs(found.bitsPerCharacter - bits / 86) < 1e-5);
    assert.deepEqual((await guess(engine, vocabulary, works[0]!, 100, serving)).guessed, guessed);
  });

  test('treats a text without U+0003 as one work', async () => {
    const found = await evaluate(engine, vocabulary, 'abcab');
    assert.ok(Math.abs(found.bitsPerCharacter - scoresOf(['abcab']).bitsPerCharacter) < 1e-5);
    assert.equal(found.works, 1);
  });

  test('reads text as a prompt is read, and counts unreadable characters', async () => {
    const folded = await evaluate(engine, vocabulary, 'ábč\r\na漢b😀');
    assert.deepEqual({ ...folded, skipped: 0 }, await evaluate(engine, vocabulary, 'abc\nab'));
    assert.equal(folded.skipped, 2);
  });

  test('reports increasing progress until the end', async () => {
    const calls: [number, number][] = [];
    await evaluate(engine, vocabulary, work(1_000, 1), {
      onProgress: (...call) => calls.push(call),
    });
    assert.deepEqual(
      calls.map(([scored]) => scored),
      [200, 400, 600, 800, 1_000],
    );
    assert.ok(calls.every(([, all]) => all === 1_000));
  });

  test('rejects a text with nothing to score', async () => {
    for (const text of ['', '\u0003\u0003', '漢字']) {
      await assert.rejects(evaluate(engine, vocabulary, text), /Expected `text` to hold characters to score/);
    }
  });

  test('a certain network needs no bits, and an impossible character has its full cost', async () => {
    const certain = (favourite: number): Engine => ({
      ...{ name: 'certain', capacity: 1, vocabularySize: 12, stepsPerDecode: 1 },
      decode: () => Promise.reject(new Error('unused')),
      logits: async () => Float32Array.from({ length: 12 }, (_, id) => (id === favourite ? 500 : -500)),
      clear: () => {},
      checkpoint: () => {},
      restore: () => {},
      close: async () => {},
    });
    const a = vocabulary.idOf('a')!;
    const right = await evaluate(certain(a), vocabulary, 'aaaa');
    assert.deepEqual([right.bitsPerCharacter, right.accuracy], [0, 1]);
    const wrong = await evaluate(certain(a), vocabulary, 'bbbb');
    assert.ok(Math.abs(wrong.bitsPerCharacter - 1_000 / Math.LN2) < 1e-9);
    assert.equal(wrong.accuracy, 0);
  });

  test('calibration: gives the score of logits divided by a temperature', async () => {
    const works = [50, 20].map(work);
    const temperatures = [0.5, 1, 1.7];
    const found = await evaluate(engine, vocabulary, works.join('\u0003'), { temperatures });
    assert.deepEqual(
      found.calibration.map(({ temperature }) => temperature),
      temperatures,
    );
    for (const { temperature, bitsPerCharacter, confidence } of found.calibration) {
      let [bits, sureness, characters] = [0, 0, 0];
      for (const text of works) {
        const reference = new Reference(model);
        let logits = reference.step(vocabulary.bosId);
        for (const id of vocabulary.encode(text).ids) {
          const logarithms = logSoftmax(logits.map((logit) => logit / temperature));
          bits -= logarithms[id]! / Math.LN2;
          sureness += Math.exp(Math.max(...logarithms));
          characters += 1;
          logits = reference.step(id);
        }
      }
      assert.ok(Math.abs(bitsPerCharacter - bits / characters) < 1e-5);
      assert.ok(Math.abs(confidence - sureness / characters) < 1e-5);
    }
    assert.ok(Math.abs(found.calibration[1]!.bitsPerCharacter - found.bitsPerCharacter) < 1e-12);
    assert.deepEqual((await evaluate(engine, vocabulary, works[0]!)).calibration, []);
  });

  test('calibration: reports no error when calibrated, and the excess when overconfident', async () => {
    // Predicts `a` with probability 3/4 for every input.
    const [a, b] = [vocabulary.idOf('a')!, vocabulary.idOf('b')!];
    const steady: Engine = {
      ...{ name: 'steady', capacity: 1, vocabularySize: 12, stepsPerDecode: 1 },
      decode: () => Promise.reject(new Error('unused')),
      logits: async () =>
        Float32Array.from({ length: 12 }, (_, id) =>
          id === a ? Math.log(0.75) : id === b ? Math.log(0.25) : -500,
        ),
      clear: () => {},
      checkpoint: () => {},
      restore: () => {},
      close: async () => {},
    };
    const temperatures = [1, 0.01];
    const [honest, braggart] = (await evaluate(steady, vocabulary, 'aaba'.repeat(10), { temperatures }))
      .calibration;
    assert.ok(Math.abs(honest!.confidence - 0.75) < 1e-6);
    assert.ok(honest!.error < 1e-6);
    assert.ok(Math.abs(braggart!.error - 0.25) < 1e-6);
    const alwaysRight = (await evaluate(steady, vocabulary, 'aaaa', { temperatures: [1] })).calibration[0]!;
    assert.ok(Math.abs(alwaysRight.error - 0.25) < 1e-6);
  });

  test('calibration: overconfidence in one interval does not cancel underconfidence in another', async () => {
    // After `a` it predicts `a` with 0.9 and is right in 6 of 10; after any other id with 0.6 and is right in
    // 9 of 10.
    const a = vocabulary.idOf('a')!;
    const lopsided: Engine = {
      ...{ name: 'lopsided', capacity: 1, vocabularySize: 12, stepsPerDecode: 1 },
      decode: () => Promise.reject(new Error('unused')),
      logits: async (_slots, ids) => {
        const sure = ids[0] === a ? 0.9 : 0.6;
        return Float32Array.from({ length: 12 }, (_, id) => Math.log(id === a ? sure : (1 - sure) / 11));
      },
      clear: () => {},
      checkpoint: () => {},
      restore: () => {},
      close: async () => {},
    };
    // Ten characters follow U+0003, nine of them `a`; ten follow `a`, six of them `a`.
    const text = ['aaab', 'aaab', 'aab', 'aab', 'a', 'a', 'a', 'a', 'a', 'b'].join('\u0003');
    const afterOthers = 9 / 10;
    const afterA = 6 / 10;
    const [found] = (await evaluate(lopsided, vocabulary, text, { temperatures: [1] })).calibration;
    assert.ok(Math.abs(found!.confidence - (0.9 * 10 + 0.6 * 10) / 20) < 1e-6);
    assert.ok(
      Math.abs(found!.error - (Math.abs(0.9 - afterA) + Math.abs(0.6 - afterOthers)) / 2) < 1e-6,
      `${found!.error}`,
    );
  });

  test('calibration: rejects an invalid temperature', async () => {
    for (const temperature of [0, -1, Number.NaN]) {
      await assert.rejects(
        evaluate(engine, vocabulary, 'abc', { temperatures: [temperature] }),
        /Expected temperatures above 0/,
      );
    }
  });

  test('predicts each character from those before it, regardless of earlier reads', async () => {
    const [text, other] = [work(60, 8), work(30, 9)];
    const reference = new Reference(model);
    const expected: string[] = [];
    let logits = reference.step(vocabulary.bosId);
    for (const id of vocabulary.encode(text).ids.slice(0, 40)) {
      expected.push(vocabulary.decode(logits.indexOf(Math.max(...logits))));
      logits = reference.step(id);
    }
    for (let again = 0; again < 2; again++) {
      const found = await guess(engine, vocabulary, `\u0003${text}\u0003${other}`, 40);
      assert.deepEqual(found, { actual: [...text.slice(0, 40)], guessed: expected });
    }
    assert.equal((await guess(engine, vocabulary, text, 1_000)).actual.join(''), text);
    await assert.rejects(guess(engine, vocabulary, '\u0003', 10), /Expected `text` to hold characters/);
  });

  test('words: divides the bits of all words by the characters that they represent', async () => {
    const words = new Vocabulary(wordsFile(['\n', 'the', ' ship', ' fell', '.', ' and']));
    const uniform: Engine = {
      ...{ name: 'uniform', capacity: 2, vocabularySize: 8, stepsPerDecode: 1 },
      decode: () => Promise.reject(new Error('unused')),
      logits: async (slots) => new Float32Array(8 * slots.length),
      clear: () => {},
      checkpoint: () => {},
      restore: () => {},
      close: async () => {},
    };
    const found = await evaluate(uniform, words, 'the ship fell.\u0003the Zorb fell', { temperatures: [1] });
    const expected = { bitsPerId: 3, ids: 7, characters: 27, skipped: 5, works: 2 };
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(found[name as keyof typeof expected], value, name);
    }
    assert.ok(Math.abs(found.bitsPerCharacter - 21 / 27) < 1e-12);
    assert.ok(Math.abs(found.calibration[0]!.bitsPerCharacter - 21 / 27) < 1e-12);
    const guesses = await guess(uniform, words, 'the ship fell.', 6);
    assert.deepEqual(guesses, { actual: ['the', ' ship'], guessed: ['\u0003', '\u0003'] });
  });

  test('fresh starts: reads each position from a fresh state, with more positions than slots', async () => {
    const works = [work(300, 1), work(200, 2)];
    const found = await freshStarts(engine, vocabulary, works.join('\u0003'), { count: 7, length: 30 });
    assert.equal(found.length, 7);
    const ids = works.flatMap((text) => [vocabulary.bosId, ...vocabulary.encode(text).ids]);
    for (const [i, { position, bitsPerId }] of found.entries()) {
      let reference = new Reference(model);
      let bits = 0;
      for (let step = 0; step < 30; step++) {
        const id = ids[position + step]!;
        if (id === vocabulary.bosId) reference = new Reference(model);
        bits -= logSoftmax(reference.step(id))[ids[position + step + 1]!]! / Math.LN2;
      }
      assert.ok(Math.abs(bitsPerId - bits / 30) < 1e-5, `${position}`);
      assert.ok(i === 0 || bitsPerId >= found[i - 1]!.bitsPerId);
    }
    const apart = found.map(({ position }) => position).toSorted((a, b) => a - b);
    assert.ok(apart[0]! > 0 && apart.every((position, i) => i === 0 || position - apart[i - 1]! === 67));
    await assert.rejects(
      freshStarts(engine, vocabulary, 'abc', { count: 1, length: 30 }),
      /1 starts of 30 ids/,
    );
  });
});
