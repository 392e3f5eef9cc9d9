import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { StoryError } from '../../../src/errors.ts';
import { createTensorflowEngine } from '../../../src/generator/engines/tensorflow/engine.ts';
import { createWasmBackend } from '../../../src/generator/engines/tensorflow/wasm.ts';
import { evaluate } from '../../../src/workshop/evaluation/evaluation.ts';
import { listCheckpoints } from '../../../src/workshop/training/checkpoint.ts';
import {
  type Corpus,
  corpusOf,
  vocabularyOf,
  wordVocabularyOf,
} from '../../../src/workshop/training/corpus.ts';
import type { Architecture } from '../../../src/workshop/training/network.ts';
import type { EpochReport, TrainingSettings } from '../../../src/workshop/training/progress.ts';
import { parseSchedule } from '../../../src/workshop/training/schedule.ts';
import { Trainer, type TrainerOptions } from '../../../src/workshop/training/trainer.ts';
import { temporaryFolder } from '../../helpers/programs.ts';
import { THOROUGH_ONLY } from '../../helpers/sized.ts';

/** A page of text without repetitions. */
const PAGE = `\u0003The ship fell for nine days before anybody spoke. On the tenth the cook laid down his ladle,
looked at the gauge above the galley door, and said that it had been wrong since Ceres.

"Wrong by how much?" asked the captain, who had drawn the maps and loved them.

"By the whole of it," said the cook. "There is no wind out here. Somebody painted the needle."

They took the glass off and it was so: a thin black line on white enamel, steady as a promise. Old Wexler, who
never laughed, began to laugh, and went on until the lamps were put out for the night. Then, quite slowly, the
stars outside the port began to turn green, one after another, as if a hand were counting them.
`;

function charactersOf(train: string, valid = train): Corpus {
  return corpusOf(vocabularyOf(train.repeat(20)), train, valid);
}

const SETTINGS: TrainingSettings = {
  architecture: { cell: 'lstm', units: [12, 10], embedding: 6, dropout: 0.2 },
  schedule: parseSchedule('adam@0.01x4,2:sgd@0.05x2'),
  steps: 16,
  clip: 1,
  epochs: 4,
  seed: 5,
};

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const { folder, remove } = await temporaryFolder();
  try {
    await work(folder);
  } finally {
    await remove();
  }
}

/** The complete content of a run's last checkpoint. */
async function lastTensors(folder: string): Promise<Buffer> {
  const name = (await listCheckpoints(join(folder, 'checkpoints'))).at(-1)!;
  return readFile(join(folder, 'checkpoints', name, 'tensors.bin'));
}

describe('a run of training', () => {
  before(() => createWasmBackend());
  const corpus = charactersOf(PAGE);

  for (const [title, architecture, text, schedule] of [
    ['an LSTM', SETTINGS.architecture, corpus],
    [
      'a residual stack by Muon',
      { ...SETTINGS.architecture, units: [12, 12, 12], residual: true },
      corpus,
      'muon@0.02x4,2:muon@0.005x2',
    ],
    [
      'a GRU that reads both ways, with batch normalisation',
      { ...SETTINGS.architecture, cell: 'gru', bidirectional: true, batchNormalization: true },
      corpus,
    ],
    ['an LSTM of words', SETTINGS.architecture, corpusOf(wordVocabularyOf(PAGE, 60), PAGE.repeat(4), PAGE)],
  ] satisfies [string, Architecture, Corpus, string?][]) {
    // In `npm test`, one that has the most kinds of state, and one of words.
    const options = title === 'an LSTM' ? THOROUGH_ONLY : {};
    it(`of ${title} continues after interruptions exactly as if there had been none`, options, async () => {
      const before = tf.memory().numTensors;
      await inFolder(async (folder) => {
        const settings = {
          ...{ ...SETTINGS, architecture },
          ...(schedule === undefined ? {} : { schedule: parseSchedule(schedule) }),
        };
        const whole: TrainerOptions = { folder: join(folder, 'whole'), corpus: text };
        const uninterrupted = await Trainer.begin(settings, whole);
        assert.equal(await uninterrupted.run(), true);
        uninterrupted.dispose();

        const pieces: TrainerOptions = { folder: join(folder, 'pieces'), corpus: text };
        for (let piece = 0, isDone = false; !isDone; piece++) {
          assert.ok(piece < 40, 'it comes to an end');
          const abort = new AbortController();
          let chunks = 0;
          // Every third chunk is interrupted as by Ctrl-C, once after the last chunk of an epoch.
          const options = { ...pieces, onLog: () => void (++chunks === 3 && abort.abort()) };
          const trainer = await (piece === 0 ? Trainer.begin(settings, options) : Trainer.continue(options));
          isDone = await trainer.run(abort.signal);
          trainer.dispose();
          if (isDone) assert.ok(piece > 3, `${piece} interruptions`);
        }
        assert.deepEqual(await lastTensors(pieces.folder), await lastTensors(whole.folder));
      });
      assert.equal(tf.memory().numTensors, before, 'nothing leaks');
    });
  }

  it('is saved when it is interrupted during a validation, and continues from there', async () => {
    const before = tf.memory().numTensors;
    await inFolder(async (folder) => {
      const settings = { ...SETTINGS, epochs: 1 };
      const long = charactersOf(PAGE, PAGE.repeat(12));
      const whole = await Trainer.begin(settings, { folder: join(folder, 'whole'), corpus: long });
      await whole.run();
      const expected = whole.progress.valid;
      whole.dispose();

      const abort = new AbortController();
      const options: TrainerOptions = {
        folder: join(folder, 'pieces'),
        corpus: long,
        // The validation yields to signals.
        onLog: ({ chunk, chunks }) => void (chunk === chunks && setTimeout(() => abort.abort(), 0)),
      };
      const trainer = await Trainer.begin(settings, options);
      assert.equal(await trainer.run(abort.signal), false);
      assert.deepEqual([trainer.progress.epoch, trainer.progress.valid], [0, undefined]);
      trainer.dispose();
      const again = await Trainer.continue({ folder: join(folder, 'pieces'), corpus: long });
      assert.equal(await again.run(), true);
      assert.deepEqual(again.progress.valid, expected);
      again.dispose();
    });
    assert.equal(tf.memory().numTensors, before, 'nothing leaks');
  });

  it('starts only in an empty folder, and continues only a complete run', async () => {
    await inFolder(async (folder) => {
      const options = { folder, corpus };
      await assert.rejects(Trainer.continue(options), /There is no run in/);
      const trainer = await Trainer.begin({ ...SETTINGS, epochs: 1 }, options);
      trainer.dispose();
      await assert.rejects(Trainer.begin(SETTINGS, options), /There is a run in .* already/);
      const name = (await listCheckpoints(join(folder, 'checkpoints'))).at(-1)!;
      const file = join(folder, 'checkpoints', name, 'tensors.bin');
      const bytes = await readFile(file);
      bytes[100]! ^= 1;
      await writeFile(file, bytes);
      await assert.rejects(Trainer.continue(options), /tensors\.bin was changed or damaged/);
    });
  });

  it('returns to the last checkpoint and halves the rate when the loss explodes, then learns', async () => {
    await inFolder(async (folder) => {
      const news: string[] = [];
      const schedule = parseSchedule('sgd@60x2');
      const architecture = { cell: 'lstm', units: [16], embedding: 8, dropout: 0 } as const;
      const settings = { ...SETTINGS, architecture, schedule, clip: 0.5, epochs: 6 };
      const trainer = await Trainer.begin(settings, {
        folder,
        corpus,
        onNews: (line) => void news.push(line),
      });
      assert.equal(await trainer.run(), true);
      const { setbacks, rateScale, valid } = trainer.progress;
      trainer.dispose();
      assert.ok(setbacks >= 1 && setbacks <= 3, `${setbacks} setbacks`);
      assert.equal(rateScale, 0.5 ** setbacks);
      assert.equal(news.length, setbacks);
      assert.match(news[0]!, /exploded: back to epoch-0000-chunk-000000 with 0\.5 of the learning rate/);
      assert.ok(valid && Number.isFinite(valid.bitsPerCharacter));
    });
  });

  it('gives up after three setbacks, and keeps the last good checkpoint', async () => {
    await inFolder(async (folder) => {
      const settings = { ...SETTINGS, schedule: parseSchedule('sgd@1e30x2'), clip: 0 };
      const trainer = await Trainer.begin(settings, { folder, corpus });
      await assert.rejects(
        trainer.run(),
        (error) => error instanceof StoryError && /exploded 4 times/.test(error.message),
      );
      trainer.dispose();
      const again = await Trainer.continue({ folder, corpus });
      for (const tensor of again.weights.values()) assert.ok(tensor.dataSync().every(Number.isFinite));
      again.dispose();
    });
  });

  it('memorizes a page, to less than 0.1 bits per character', THOROUGH_ONLY, async () => {
    await inFolder(async (folder) => {
      const settings: TrainingSettings = {
        architecture: { cell: 'lstm', units: [96], embedding: 16, dropout: 0 },
        schedule: parseSchedule('adam@0.01x1,70:adam@0.002'),
        steps: 32,
        clip: 1,
        epochs: 90,
        seed: 2,
      };
      const learned = new AbortController();
      const onEpoch = ({ train }: EpochReport) => {
        if (train.bitsPerCharacter < 0.05) learned.abort();
      };
      const trainer = await Trainer.begin(settings, { folder, corpus, saveEveryMs: 1e9, onEpoch });
      await trainer.run(learned.signal);
      // Written by the serving engine, from a fresh state.
      const model = await trainer.toModel({});
      trainer.dispose();
      const engine = await createTensorflowEngine(model, await createWasmBackend(), { capacity: 1 });
      const { bitsPerCharacter } = await evaluate(engine, corpus.vocabulary, PAGE);
      await engine.close();
      assert.ok(bitsPerCharacter < 0.1, `${bitsPerCharacter} bits per character`);
    });
  });
});
