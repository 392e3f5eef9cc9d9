import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createOnnxEngine } from '../../../src/generator/engines/onnx.ts';
import { writerOf } from '../../../src/generator/model/writer.ts';
import { Vocabulary, wordsFile } from '../../../src/generator/vocabulary.ts';
import { logSoftmax } from '../engines/reference.ts';
import { randomModel } from './random-model.ts';

const WORDS = ['\n', ' ', 'The', ' ship', ' fell', ' and', '.', ',', "'s", ' burned'];

describe('a writing model of words', () => {
  const vocabulary = new Vocabulary(wordsFile(WORDS));
  const model = { ...randomModel({ characters: vocabulary.size }), vocabulary };

  test('never draws <unk>, and keeps the odds of all other words', async () => {
    const [whole, writer] = [
      await createOnnxEngine(model, { capacity: 1, threads: 1 }),
      await createOnnxEngine(writerOf(model), { capacity: 1, threads: 1 }),
    ];
    for (const id of [vocabulary.bosId, vocabulary.unknown!, 4]) {
      const [before, after] = [await whole.logits([0], [id]), await writer.logits([0], [id])];
      assert.ok(logSoftmax(after)[vocabulary.unknown!]! < -1e20);
      for (let word = 0; word < vocabulary.size; word++) {
        if (word !== vocabulary.unknown) assert.equal(after[word], before[word]);
      }
    }
    await whole.close();
    await writer.close();
  });

  test('a model of characters is unchanged', () => {
    const characters = randomModel();
    assert.equal(writerOf(characters), characters);
  });
});
