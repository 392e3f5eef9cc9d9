/** Small models of every importable kind, and the results that every engine must give for them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoryError } from '../../../src/errors.ts';
import type { Engine } from '../../../src/generator/engines/engine.ts';
import {
  ACTIVATION_NAMES,
  type ActivationName,
  isPointwise,
} from '../../../src/generator/model/activation-formulas.ts';
import type { RecurrentLayer } from '../../../src/generator/model/layers.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import { RandomLayers } from '../model/random-layers.ts';
import { modelOf } from '../model/random-model.ts';
import { assertParity, assertSameBits, noiseIds } from './assertions.ts';
import type { ContractOptions } from './engine-contract.ts';

const CHARACTERS = 12;
const CAPACITY = 5;
/** The number of slots on a slow engine. */
const SINGLE_CROWD = 20;
/** Characters that are read of each text: more than the windows below hold. */
const STEPS = 11;
const WINDOW = { kind: 'window', characters: 3 } as const;

/** Layer sizes that are no multiple of a CPU's vector width. */
const ODD: Sizes = [5, 7, 6];
/** Sizes that one GPU program covers, since each further program takes a second to compile. */
const EVEN: Sizes = [4, 12, 4];

type Sizes = readonly [a: number, b: number, c: number];

function kindsOf([a, b, c]: Sizes): Readonly<Record<string, Model>> {
  const random = new RandomLayers(7);
  const input = () => random.embedding(CHARACTERS, a);
  const output = (inputSize: number) => random.dense(inputSize, CHARACTERS);
  const ancestorsCell = () => random.lstm(a, a, { activation: 'relu', recurrentActivation: 'hard_sigmoid' });
  return {
    "the ancestor's": modelOf(
      [
        input(),
        ...[ancestorsCell(), ancestorsCell(), ancestorsCell()],
        ...[random.batchNormalization(a), output(a)],
      ],
      { kind: 'window', characters: 50 },
    ),
    'one-hot input': modelOf([
      { kind: 'one_hot', size: CHARACTERS },
      ...[random.lstm(CHARACTERS, b), random.lstm(b, c), output(c)],
    ]),
    'GRUs that reset afterwards': modelOf([
      input(),
      ...[random.gru(a, b, true), random.gru(b, c, true), output(c)],
    ]),
    'GRUs that reset before': modelOf([
      input(),
      ...[random.gru(a, b, false), random.gru(b, c, false), output(c)],
    ]),
    'layers without a memory below, between and above': modelOf([
      ...[input(), random.batchNormalization(a), random.dense(a, 2 * a, 'glu')],
      ...[random.gru(a, b, true), random.dense(b, c, 'elu'), random.lstm(c, b)],
      { kind: 'activation', activation: 'softsign' },
      ...[random.batchNormalization(b), random.dense(b, a, 'sparsemax'), output(a)],
    ]),
    'nothing above the last layer with a memory': modelOf([input(), random.lstm(a, CHARACTERS)]),
    'no memory': modelOf([input(), random.dense(a, b, 'tanh'), output(b)]),
    'activations of whole rows within a cell': modelOf([
      input(),
      random.lstm(a, c, { activation: 'softmax', recurrentActivation: 'sparsemax' }),
      random.gru(c, b, true, { activation: 'log_softmax', recurrentActivation: 'softmax' }),
      output(b),
    ]),
    'a residual stack': modelOf([
      ...[input(), random.lstm(a, b), residual(random.lstm(b, b)), residual(random.lstm(b, b)), output(b)],
    ]),
    'a residual stack of GRUs and an LSTM, with layers without a memory between': modelOf([
      { kind: 'one_hot', size: CHARACTERS },
      ...[random.gru(CHARACTERS, c, false), residual(random.gru(c, c, false))],
      ...[random.dense(c, a, 'tanh'), residual(random.lstm(a, a)), output(a)],
    ]),
    'LSTMs in both directions': modelOf(
      [
        input(),
        random.bidirectional('concat', () => random.lstm(a, b)),
        random.bidirectional('sum', () => random.lstm(2 * b, c)),
        output(c),
      ],
      WINDOW,
    ),
    'GRUs in both directions, and one that reads forwards': modelOf(
      [
        ...[input(), random.dense(a, c, 'silu')],
        random.bidirectional('mul', () => random.gru(c, b, true)),
        random.batchNormalization(b),
        random.bidirectional('ave', () => random.gru(b, a, false)),
        ...[random.gru(a, c, true), output(c)],
      ],
      WINDOW,
    ),
    'a residual stack above both directions': modelOf(
      [
        ...[input(), random.bidirectional('ave', () => random.lstm(a, c))],
        ...[residual(random.lstm(c, c)), residual(random.gru(c, c, true)), output(c)],
      ],
      WINDOW,
    ),
  };
}

function residual<Recurrent extends RecurrentLayer>(layer: Recurrent): Recurrent {
  return { ...layer, residual: true };
}

export const KINDS = kindsOf(ODD);

/**
 * A model that uses two activations in every possible position, on small numbers in a cell and on large ones
 * above.
 */
function modelWith(activation: ActivationName, [a, b, c]: Sizes, recurrentActivation = activation): Model {
  const [small, large] = [new RandomLayers(3, 0.3), new RandomLayers(4, 1.5)];
  // Three nested exponentials overflow.
  const squash = activation === 'exponential' ? 'tanh' : activation;
  const inner = isPointwise(activation) ? { activation: squash, recurrentActivation } : {};
  return modelOf([
    large.embedding(CHARACTERS, a),
    small.lstm(a, c, inner),
    large.dense(c, 2 * b, activation),
    small.dense(activation === 'glu' ? b : 2 * b, CHARACTERS),
  ]);
}

export function describeKinds({ name, skip, isSlow, create }: ContractOptions): void {
  describe(`the ${name} engine runs models of every kind:`, { skip }, () => {
    for (const [kind, model] of Object.entries(isSlow ? kindsOf(EVEN) : KINDS)) {
      test(kind, async () => {
        const engine = await create(model, isSlow ? SINGLE_CROWD : CAPACITY);
        const steps = isSlow ? WINDOW.characters + 1 : STEPS;
        await assertParity(
          model,
          engine,
          [1, 2, 3].map((text) => noiseIds(model, steps, text)),
        );
        // One shared engine: each further one compiles its own programs.
        if (isSlow) await assertAloneAsInCrowd(model, engine);
        await engine.close();
        if (!isSlow) await assertAloneAsInCrowds(model, create);
      });
    }
  });

  describe(`the ${name} engine runs models with every activation:`, { skip }, () => {
    for (const [i, activation] of ACTIVATION_NAMES.entries()) {
      // Each pair compiles its own programs.
      const [model, steps] = isSlow
        ? [modelWith(activation, EVEN, ACTIVATION_NAMES.filter(isPointwise)[i + 1]), 2]
        : [modelWith(activation, ODD), activation === 'exponential' ? 2 : 6];
      if (isSlow && i % 2 === 1) continue;
      test(activation, async () => {
        const engine = await create(model, CAPACITY);
        await assertParity(model, engine, [noiseIds(model, steps, 1), noiseIds(model, steps, 2)]);
        await engine.close();
        if (!isSlow) await assertAloneAsInCrowds(model, create);
      });
    }
  });

  test(`the ${name} engine refuses a bidirectional model without a context length`, {
    skip,
  }, async () => {
    const layers = KINDS['LSTMs in both directions']!.layers;
    await assert.rejects(create(modelOf(layers), 1), (error) => {
      assert.ok(error instanceof StoryError && error.code === 'model_unavailable');
      assert.match(error.message, /can only read windows, and does not say how long they are/);
      return true;
    });
  });
}

/**
 * Slots that start at different times, and so have read different numbers of ids, in calls whose rows change
 * at every step.
 */
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

/**
 * The same in a single step, for slots that have read equally much: enough rows for another multiplication
 * path.
 */
async function assertAloneAsInCrowd(model: Model, engine: Engine): Promise<void> {
  const slots = Array.from({ length: SINGLE_CROWD }, (_, slot) => slot);
  for (const slot of slots) engine.clear(slot);
  const ids = noiseIds(model, slots.length, 1);
  const logits = await engine.logits(slots, ids);
  const size = model.vocabulary.size;
  for (const slot of [3, 19]) {
    engine.clear(slot);
    const alone = await engine.logits([slot], [ids[slot]!]);
    assertSameBits(logits.subarray(slot * size, (slot + 1) * size), alone, `slot ${slot}`);
  }
}
