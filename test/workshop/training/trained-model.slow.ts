/** A trained model predicts the same in the serving engines as in training. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { StoryError } from '../../../src/errors.ts';
import type { Engine } from '../../../src/generator/engines/engine.ts';
import { createOnnxEngine } from '../../../src/generator/engines/onnx.ts';
import { createTensorflowEngine } from '../../../src/generator/engines/tensorflow/engine.ts';
import { createWasmBackend } from '../../../src/generator/engines/tensorflow/wasm.ts';
import { loadModel, saveModel } from '../../../src/generator/model/files.ts';
import type { Layer } from '../../../src/generator/model/layers.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import { evaluate } from '../../../src/workshop/evaluation/evaluation.ts';
import {
  type Corpus,
  corpusOf,
  vocabularyOf,
  wordVocabularyOf,
} from '../../../src/workshop/training/corpus.ts';
import type { Architecture } from '../../../src/workshop/training/network.ts';
import type { TrainingSettings } from '../../../src/workshop/training/progress.ts';
import { parseSchedule } from '../../../src/workshop/training/schedule.ts';
import { architectureOf } from '../../../src/workshop/training/trained-model.ts';
import { Trainer } from '../../../src/workshop/training/trainer.ts';
import { logSoftmax } from '../../generator/engines/reference.ts';
import { randomModel } from '../../generator/model/random-model.ts';
import { temporaryFolder } from '../../helpers/programs.ts';

const TEXT =
  `The ship fell for nine days before anybody spoke. On the tenth the cook laid down his ladle, looked at the
gauge above the galley door, and said that it had been wrong since Ceres.

"Wrong by how much?" asked the captain, who had drawn the maps and loved them.
`.repeat(2);

const PLAIN = { cell: 'lstm', units: [8, 6], embedding: 5, dropout: 0.2 } as const;
const KINDS: Record<string, Architecture> = {
  'an LSTM': PLAIN,
  'a residual stack': { ...PLAIN, units: [8, 8, 8], residual: true },
  'a GRU': { ...PLAIN, cell: 'gru' },
  'an LSTM with batch normalisation': { ...PLAIN, batchNormalization: true },
  'an LSTM that reads both ways': { ...PLAIN, bidirectional: true },
  'a GRU that reads both ways, with batch normalisation': {
    ...PLAIN,
    ...{ cell: 'gru', bidirectional: true, batchNormalization: true },
  },
};

// So short that the trainer also reads them in one stretch.
const VALID = TEXT.slice(0, 64);
const WORDS_VALID = TEXT.slice(0, 220);
const CHARACTERS = corpusOf(vocabularyOf(TEXT.repeat(20)), TEXT, VALID);
const WORDS = corpusOf(wordVocabularyOf(TEXT, 40), TEXT.repeat(3), WORDS_VALID);

function settingsOf(architecture: Architecture): TrainingSettings {
  const schedule = parseSchedule('adam@0.01x2');
  return { architecture, schedule, steps: 16, clip: 1, epochs: 2, seed: 5 };
}

async function inRun(
  architecture: Architecture,
  corpus: Corpus,
  work: (trainer: Trainer, folder: string) => Promise<void>,
): Promise<void> {
  const { folder, remove } = await temporaryFolder();
  try {
    const trainer = await Trainer.begin(settingsOf(architecture), { folder, corpus });
    await trainer.run();
    await work(trainer, folder);
    trainer.dispose();
  } finally {
    await remove();
  }
}

async function eachEngine(model: Model, work: (engine: Engine) => Promise<void>): Promise<void> {
  for (const engine of [
    await createTensorflowEngine(model, await createWasmBackend(), { capacity: 1 }),
    await createOnnxEngine(model, { capacity: 1, threads: 1 }),
  ]) {
    await work(engine);
    await engine.close();
  }
}

/** The trainer's scores equal those of `scifi evaluate`. */
async function scoresAgree(trainer: Trainer, engine: Engine, corpus: Corpus, valid: string): Promise<void> {
  const served = await evaluate(engine, corpus.vocabulary, valid);
  const { bitsPerCharacter, accuracy } = trainer.progress.valid!;
  assert.ok(Math.abs(served.bitsPerCharacter - bitsPerCharacter) < 5e-4, engine.name);
  assert.ok(Math.abs(served.accuracy - accuracy) < 5e-4, engine.name);
}

/** The predictions after a window, without a look at the answer, are the same in training and in serving. */
async function windowsAgree(trainer: Trainer, engine: Engine, { train, vocabulary }: Corpus): Promise<void> {
  const { steps } = trainer.progress.settings;
  const ids = [...train.subarray(0, steps + 5)];
  engine.clear(0);
  for (const [i, id] of ids.entries()) {
    const served = logSoftmax(await engine.logits([0], [id]));
    if (i !== 6 && i !== ids.length - 1) continue;
    const window = ids.slice(Math.max(0, i + 1 - steps), i + 1);
    for (const [next, value] of afterWindow(trainer, window, vocabulary.size).entries()) {
      assert.ok(Math.abs(value - served[next]!) < 5e-4, `${engine.name}, ${i}: ${value}, ${served[next]}`);
    }
  }
}

/** ln p of every id after a window, from the losses of reading the window with each id as its last target. */
function afterWindow(trainer: Trainer, window: readonly number[], size: number): number[] {
  const steps = window.length;
  const lossWith = (last: number) => {
    const targets = Int32Array.from([...window.slice(1), last]);
    const inputs = Int32Array.from(window);
    const lesson = { steps, streams: 1, inputs, targets, fresh: new Uint8Array(steps) };
    return tf.tidy(() => {
      const pass = trainer.network.read(trainer.weights, lesson, trainer.network.freshStates(1));
      return pass.loss.dataSync()[0]!;
    });
  };
  return [...logSoftmax(Array.from({ length: size }, (_, id) => -steps * lossWith(id)))];
}

describe('a trained model', () => {
  before(() => createWasmBackend());

  for (const [title, architecture] of Object.entries(KINDS)) {
    it(`of ${title} predicts as in training, to three decimals, and can be trained further`, async () => {
      await inRun(architecture, CHARACTERS, async (trainer, folder) => {
        const model = await trainer.toModel({});
        const agree = architecture.bidirectional ? windowsAgree : scoresAgree;
        await eachEngine(model, (engine) => agree(trainer, engine, CHARACTERS, VALID));

        await saveModel(join(folder, 'model'), model, { dtype: 'float32' });
        const saved = await loadModel(join(folder, 'model'));
        const settings = { ...settingsOf(architectureOf(saved, PLAIN.dropout)), seed: 99 };
        assert.deepEqual(settings.architecture, {
          ...{ bidirectional: false, batchNormalization: false },
          ...architecture,
        });
        const options = { folder: join(folder, 'second'), corpus: CHARACTERS };
        const second = await Trainer.begin(settings, options, saved);
        assert.deepEqual(await second.validate(), trainer.progress.valid, 'its weights to begin with');
        await second.run();
        assert.ok(second.progress.valid!.bitsPerCharacter < trainer.progress.valid!.bitsPerCharacter);
        second.dispose();
      });
    });
  }

  it('of words predicts as in training, in bits per character', async () => {
    await inRun(PLAIN, WORDS, async (trainer) => {
      await eachEngine(await trainer.toModel({}), (engine) =>
        scoresAgree(trainer, engine, WORDS, WORDS_VALID),
      );
    });
  });

  it('that the trainer cannot produce is rejected with a message', () => {
    const model = randomModel();
    const [embedding, first, ...rest] = model.layers as [Layer, Layer, ...Layer[]];
    const lstm = first.kind === 'lstm' ? first : assert.fail();
    for (const layers of [
      [embedding, { ...lstm, activation: 'relu' as const }, ...rest],
      [embedding, lstm, { kind: 'activation', activation: 'relu' } as const, ...rest],
      [{ kind: 'one_hot', size: 12 } as const, lstm, ...rest],
    ] satisfies Layer[][]) {
      assert.throws(
        () => architectureOf({ ...model, layers }, 0),
        (error) =>
          error instanceof StoryError && /Training cannot go on from the model random/.test(error.message),
      );
    }
    assert.throws(
      () => architectureOf({ ...model, reading: { kind: 'window', characters: 9 } }, 0),
      /Training cannot go on/,
    );
  });
});
