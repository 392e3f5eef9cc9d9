/** Small models of every kind that can be imported, and what every engine must do with them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoryError } from '../../../src/errors.ts';
import {
  ACTIVATION_NAMES,
  type ActivationName,
  isPointwise,
} from '../../../src/generator/model/activation-formulas.ts';
import type { Layer } from '../../../src/generator/model/layers.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import { RandomLayers } from '../model/random-layers.ts';
import { modelOf } from '../model/random-model.ts';
import { assertParity, assertSameBits, noiseIds } from './assertions.ts';
import type { ContractOptions } from './engine-contract.ts';

const CHARACTERS = 12;
const CAPACITY = 5;
/** What is read of each text: further than the windows below go. */
const STEPS = 11;
const WINDOW = { kind: 'window', characters: 6 } as const;

export interface Kind {
  readonly name: string;
  readonly model: Model;
}

const random = new RandomLayers(7);
const output = (inputSize: number) => random.dense(inputSize, CHARACTERS);

/** Embedding, three LSTMs with relu and hard sigmoid, normalization, dense: the ancestor's network, but small. */
const ancestor: Layer[] = [
  random.embedding(CHARACTERS, 9),
  ...[0, 1, 2].map(() => random.lstm(9, 9, { activation: 'relu', recurrentActivation: 'hard_sigmoid' })),
  random.batchNormalization(9),
  random.dense(9, CHARACTERS),
];

export const KINDS: readonly Kind[] = [
  {
    name: "the ancestor's layers",
    model: modelOf(ancestor, { kind: 'window', characters: 50 }),
  },
  {
    name: 'one-hot input',
    model: modelOf([
      { kind: 'one_hot', size: CHARACTERS },
      random.lstm(CHARACTERS, 7),
      random.lstm(7, 5),
      output(5),
    ]),
  },
  {
    name: 'GRUs that reset afterwards',
    model: modelOf([
      random.embedding(CHARACTERS, 5),
      random.gru(5, 7, true),
      random.gru(7, 6, true),
      output(6),
    ]),
  },
  {
    name: 'GRUs that reset before',
    model: modelOf([
      random.embedding(CHARACTERS, 5),
      random.gru(5, 7, false),
      random.gru(7, 6, false),
      output(6),
    ]),
  },
  {
    name: 'layers without a memory below, between and above',
    model: modelOf([
      random.embedding(CHARACTERS, 5),
      random.batchNormalization(5),
      random.dense(5, 10, 'glu'),
      random.gru(5, 6, true),
      random.dense(6, 7, 'elu'),
      random.lstm(7, 6),
      { kind: 'activation', activation: 'softsign' },
      random.batchNormalization(6),
      random.dense(6, 8, 'sparsemax'),
      output(8),
    ]),
  },
  {
    name: 'nothing above the last layer with a memory',
    model: modelOf([random.embedding(CHARACTERS, 5), random.lstm(5, CHARACTERS)]),
  },
  {
    name: 'no memory',
    model: modelOf([random.embedding(CHARACTERS, 5), random.dense(5, 7, 'tanh'), output(7)]),
  },
  {
    name: 'activations of whole rows within a cell',
    model: modelOf([
      random.embedding(CHARACTERS, 5),
      random.lstm(5, 6, { activation: 'softmax', recurrentActivation: 'sparsemax' }),
      random.gru(6, 7, true, { activation: 'log_softmax', recurrentActivation: 'softmax' }),
      output(7),
    ]),
  },
  {
    name: 'LSTMs in both directions',
    model: modelOf(
      [
        random.embedding(CHARACTERS, 5),
        random.bidirectional('concat', () => random.lstm(5, 4)),
        random.bidirectional('sum', () => random.lstm(8, 7)),
        output(7),
      ],
      WINDOW,
    ),
  },
  {
    name: 'GRUs in both directions, and one that reads forwards',
    model: modelOf(
      [
        random.embedding(CHARACTERS, 5),
        random.dense(5, 6, 'silu'),
        random.bidirectional('mul', () => random.gru(6, 7, true)),
        random.batchNormalization(7),
        random.bidirectional('ave', () => random.gru(7, 5, false)),
        random.gru(5, 6, true),
        output(6),
      ],
      WINDOW,
    ),
  },
];

/** A model that uses two activations wherever they fit, on small numbers in a cell and on large ones above. */
function modelWith(activation: ActivationName, recurrentActivation = activation): Model {
  const [small, large] = [new RandomLayers(3, 0.3), new RandomLayers(4, 1.5)];
  // An exponential of an exponential of an exponential is no number.
  const squash = activation === 'exponential' ? 'tanh' : activation;
  const inner = isPointwise(activation) ? { activation: squash, recurrentActivation } : {};
  return modelOf([
    large.embedding(CHARACTERS, 5),
    small.lstm(5, 6, inner),
    large.dense(6, 10, activation),
    small.dense(activation === 'glu' ? 5 : 10, CHARACTERS),
  ]);
}

export function describeKinds({ name, skip, isSlow, create }: ContractOptions): void {
  describe(`the ${name} engine runs models of every kind:`, { skip }, () => {
    for (const { name: kind, model } of KINDS) {
      test(kind, async () => {
        const engine = await create(model, CAPACITY);
        const steps = isSlow ? WINDOW.characters + 1 : STEPS;
        await assertParity(
          model,
          engine,
          [1, 2, 3].map((text) => noiseIds(model, steps, text)),
        );
        await engine.close();
        await (isSlow ? assertAloneAsInCrowd : assertAloneAsInCrowds)(model, create);
      });
    }
  });

  describe(`the ${name} engine runs models with every activation:`, { skip }, () => {
    for (const [i, activation] of ACTIVATION_NAMES.entries()) {
      // Each pair is other programs to compile.
      const [model, steps] = isSlow
        ? [modelWith(activation, ACTIVATION_NAMES.filter(isPointwise)[i + 1]), 2]
        : [modelWith(activation), activation === 'exponential' ? 2 : 6];
      if (isSlow && i % 2 === 1) continue;
      test(activation, async () => {
        const engine = await create(model, CAPACITY);
        await assertParity(model, engine, [noiseIds(model, steps, 1), noiseIds(model, steps, 2)]);
        await engine.close();
        if (!isSlow) await assertAloneAsInCrowds(model, create);
      });
    }
  });

  test(`the ${name} engine refuses a bidirectional model that does not say how much it sees`, {
    skip,
  }, async () => {
    const { layers } = KINDS.find(({ model }) => model.reading === WINDOW)!.model;
    await assert.rejects(create(modelOf(layers), 1), (error) => {
      assert.ok(error instanceof StoryError && error.code === 'model_unavailable');
      assert.match(error.message, /can only read windows, and does not say how long they are/);
      return true;
    });
  });
}

/** Slots that begin at different times, and so have read more or less, in crowds that change with every step. */
async function assertAloneAsInCrowds(model: Model, create: ContractOptions['create']): Promise<void> {
  const crowd = await create(model, CAPACITY);
  const alone = await create(model, CAPACITY);
  const size = model.vocabulary.size;
  for (let step = 0; step < STEPS; step++) {
    const slots = [4, 2, 0, 3, 1].filter((slot) => slot <= step / 2 && (step + slot) % 5 !== 4);
    const ids = noiseIds(model, slots.length, step);
    const logits = await crowd.logits(slots, ids);
    for (const [row, slot] of slots.entries()) {
      const expected = await alone.logits([slot], [ids[row]!]);
      assertSameBits(logits.subarray(row * size, (row + 1) * size), expected, `step ${step}, slot ${slot}`);
    }
  }
  await crowd.close();
  await alone.close();
}

/** The same in a single step, for slots that have read as much: a crowd so large that it is multiplied otherwise. */
async function assertAloneAsInCrowd(model: Model, create: ContractOptions['create']): Promise<void> {
  const slots = Array.from({ length: 20 }, (_, slot) => slot);
  const engine = await create(model, slots.length);
  const ids = noiseIds(model, slots.length, 1);
  const logits = await engine.logits(slots, ids);
  const size = model.vocabulary.size;
  for (const slot of [3, 19]) {
    engine.clear(slot);
    const alone = await engine.logits([slot], [ids[slot]!]);
    assertSameBits(logits.subarray(slot * size, (slot + 1) * size), alone, `slot ${slot}`);
  }
  await engine.close();
}
