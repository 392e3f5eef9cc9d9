/**
 * Random steps of random networks: 1 to 4 layers, residual or not, above an embedding or a one-hot input, in
 * crowds of 1 to 256, whose slots are cleared, saved and restored meanwhile. `RANDOM_STEPS` is the digest that the
 * definition gives (reference.ts), and every kernel has to.
 */
import { createHash } from 'node:crypto';
import type { Engine } from '../../../../src/generator/engines/engine.ts';
import { createIntegerEngine } from '../../../../src/generator/engines/integer/create.ts';
import type { Kernel } from '../../../../src/generator/engines/integer/kernel.ts';
import { planOf } from '../../../../src/generator/engines/integer/plan.ts';
import type { Layer } from '../../../../src/generator/model/layers.ts';
import type { Model } from '../../../../src/generator/model/model.ts';
import { uniformAt } from '../../../../src/generator/sampler.ts';
import { RandomLayers } from '../../model/random-layers.ts';
import { modelOf } from '../../model/random-model.ts';
import { noiseIds } from '../assertions.ts';
import { IntegerReference } from './reference.ts';

/** The number of steps of which `RANDOM_STEPS` is the digest. */
export const STEPS = 100_000;
/** The SHA-256 of all logits, as float32. */
export const RANDOM_STEPS = '41c07426f0909e5aca1fc86229ac707f8811baaa0e6fdbd5f5ef2766dec7d997';

const CAPACITY = 256;
/** Every number of layers, both inputs, residual or not. */
const NETWORKS = 16;
const CHECKPOINT = 0;

/** What the definition and an engine have in common. */
type Crowd = Pick<Engine, 'clear' | 'checkpoint' | 'restore' | 'logits' | 'close'>;

/** The logits of one call, and what was called. */
export interface RandomCall {
  /** `network 3, call 17, 140 rows` */
  readonly what: string;
  readonly logits: Float32Array;
}

/** A whole number from 0 to `below` - 1. */
function pick(seed: number, position: number, below: number): number {
  return Math.floor(uniformAt(seed, position, 1) * below);
}

/** @param index 0 to `NETWORKS` - 1 */
function randomNetwork(index: number): Model {
  const depth = 1 + (index % 4);
  const isOneHot = (index & 4) !== 0;
  const isResidual = (index & 8) !== 0;
  const characters = 4 + pick(index, 0, 60);
  const random = new RandomLayers(100 + index, 0.3 + 2 * uniformAt(index, 1, 1));
  const columns = isOneHot ? characters : 1 + pick(index, 2, 24);
  const first = isOneHot
    ? ({ kind: 'one_hot', size: characters } as const)
    : random.embedding(characters, columns);
  const top = 16 * (1 + pick(index, 3, 3));
  const lstms: Layer[] = [];
  let inputs = columns;
  for (let i = 0; i < depth; i++) {
    const units = isResidual && i > 0 ? top : 16 * (1 + pick(index, 4 + i, 4));
    const lstm = random.lstm(inputs, units);
    lstms.push(isResidual && i > 0 && inputs === units ? { ...lstm, residual: true } : lstm);
    inputs = units;
  }
  return modelOf([first, ...lstms, random.dense(inputs, characters)]);
}

/** Runs about `steps` steps, divided among the networks. */
async function* randomCalls(
  steps: number,
  open: (model: Model) => Promise<Crowd>,
): AsyncGenerator<RandomCall> {
  let call = 0;
  let done = 0;
  for (let index = 0; index < NETWORKS; index++) {
    const model = randomNetwork(index);
    const crowd = await open(model);
    crowd.checkpoint(
      Array.from({ length: CAPACITY }, (_, slot) => slot),
      CHECKPOINT,
    );
    for (; done < ((index + 1) * steps) / NETWORKS; call++) {
      // 37 and 256, and 45 and 256, have no common divisor: every number of rows, and no slot twice.
      const rows = 1 + ((call * 37) % CAPACITY);
      const slots = Array.from({ length: rows }, (_, i) => (i * 45 + call * 11) % CAPACITY);
      const third = (remainder: number) => slots.filter((_, i) => i % 3 === remainder);
      if (call % 4 === 1) for (const slot of third(0)) crowd.clear(slot);
      if (call % 4 === 2) crowd.checkpoint(third(1), CHECKPOINT);
      if (call % 4 === 3) for (const slot of third(2)) crowd.restore(slot, CHECKPOINT);
      const logits = await crowd.logits(slots, noiseIds(model, rows, call));
      yield { what: `network ${index}, call ${call}, ${rows} rows`, logits };
      done += rows;
    }
    await crowd.close();
  }
}

/** The calls by the definition. */
export function callsByDefinition(steps: number): AsyncGenerator<RandomCall> {
  return randomCalls(steps, async (model) => new ReferenceCrowd(model));
}

/** The calls with a kernel. */
export function callsByKernel(steps: number, kernel: Kernel, threads: number): AsyncGenerator<RandomCall> {
  return randomCalls(steps, (model) => createIntegerEngine(model, { capacity: CAPACITY, threads, kernel }));
}

/** The digest of the logits of some calls. */
export async function digestOfCalls(calls: AsyncIterable<RandomCall>): Promise<string> {
  const hash = createHash('sha256');
  for await (const { logits } of calls) hash.update(logits);
  return hash.digest('hex');
}

/** As many sequences by the definition as an engine has slots. */
class ReferenceCrowd implements Crowd {
  readonly #sequences: readonly IntegerReference[];
  readonly #saved: ReturnType<IntegerReference['save']>[];

  constructor(model: Model) {
    const plan = planOf(model);
    const first = new IntegerReference(plan);
    this.#sequences = Array.from({ length: CAPACITY }, () => new IntegerReference(plan, first));
    this.#saved = this.#sequences.map((sequence) => sequence.save());
  }

  clear(slot: number): void {
    this.#sequences[slot]!.clear();
  }

  checkpoint(slots: readonly number[]): void {
    for (const slot of slots) this.#saved[slot] = this.#sequences[slot]!.save();
  }

  restore(slot: number): void {
    this.#sequences[slot]!.restore(this.#saved[slot]!);
  }

  async logits(slots: readonly number[], ids: ArrayLike<number>): Promise<Float32Array> {
    return Float32Array.from(slots.flatMap((slot, row) => this.#sequences[slot]!.step(ids[row]!)));
  }

  async close(): Promise<void> {}
}
