/**
 * The integer engine on a GPU: the arithmetic of docs/integer-engine.md in WebGPU programs, so the same stories.
 * Weights and states stay on the device; a decode uploads the ids to feed and the uniforms, and downloads the
 * drawn ids. No `node:` imports.
 */
import { StoryError } from '../../../errors.ts';
import type { Model } from '../../model/model.ts';
import { CHECKPOINTS, type Engine, EngineLostError, MAX_CAPACITY, type Row } from '../engine.ts';
import { planOf } from '../integer/plan.ts';
import { checkIds, checkRows, checkSlots, expectInteger, insideWord, Mutex } from '../rows.ts';
import { SlotEngine } from '../slot-engine.ts';
import type { WebgpuDevice } from './device.ts';
import { writeJob } from './job.ts';
import { Network } from './network.ts';
import { Places } from './places.ts';
import type { Programs } from './programs.ts';

/** Characters of a decode: enough that its fixed cost is small. */
const STEPS_PER_DECODE = 16;

export interface WebgpuEngineOptions {
  readonly capacity: number;
  /** In a story's identity: that of the arithmetic, which other engines share. */
  readonly name: string;
}

/**
 * @throws RangeError for a capacity out of range
 * @throws TypeError for a model that the engine cannot run; see `refusalOf` in ../integer/plan.ts
 * @throws Error where the device has too little memory
 */
export async function createWebgpuEngine(
  model: Model,
  opened: WebgpuDevice,
  programs: Programs,
  { capacity, name }: WebgpuEngineOptions,
): Promise<Engine> {
  expectInteger('capacity', capacity, 1, MAX_CAPACITY);
  const plan = planOf(model);
  const places = new Places(capacity, CHECKPOINTS);
  const sizes = { capacity, steps: STEPS_PER_DECODE, places: places.count };
  const network = await Network.create(opened.device, programs, plan, sizes, insideWord(model));
  return new WebgpuEngine({ name, capacity, places, network, lost: opened.lost });
}

interface Parts {
  readonly name: string;
  readonly capacity: number;
  readonly places: Places;
  readonly network: Network;
  readonly lost: Promise<string>;
}

class WebgpuEngine extends SlotEngine implements Engine {
  readonly name: string;
  readonly stepsPerDecode = STEPS_PER_DECODE;
  readonly capacity: number;
  readonly vocabularySize: number;
  readonly #network: Network;
  protected readonly states: Places;
  readonly #calls = new Mutex();
  /** Rejects when the device is lost. */
  readonly #loss: Promise<never>;
  #isLost = false;

  constructor({ name, capacity, places, network, lost }: Parts) {
    super();
    this.name = name;
    this.capacity = capacity;
    this.vocabularySize = network.plan.vocabularySize;
    this.#network = network;
    this.states = places;
    this.#loss = lost.then((reason) => {
      this.#isLost = true;
      throw new EngineLostError(name, reason);
    });
    // The loss may come while no call waits for it.
    this.#loss.catch(() => {});
  }

  async decode(batch: readonly Row[], steps: number): Promise<Int32Array> {
    checkRows(this, batch, steps);
    return this.#call(async () => {
      const drawn = await this.#network.draw(this.#job(batch, steps, true), batch.length, steps);
      const isBroken = batch.some(({ feed }, row) =>
        drawn.subarray(row * steps + feed.length - 1, (row + 1) * steps).includes(-1),
      );
      if (isBroken) throw new StoryError('internal', 'Nothing can be drawn from such logits.');
      return drawn;
    });
  }

  async logits(slots: readonly number[], ids: ArrayLike<number>): Promise<Float32Array> {
    checkSlots(this, slots);
    checkIds(this, ids, slots.length);
    const batch = slots.map((slot, i): Row => ({ slot, feed: [ids[i]!], temperature: 1, uniforms: [] }));
    return this.#call(() => this.#network.logits(this.#job(batch, 1, false), batch.length));
  }

  close(): Promise<void> {
    return this.#calls.close(() => this.#network.destroy());
  }

  /** The arguments of a decode; the slots count as advanced at once, since the device runs calls in order. */
  #job(batch: readonly Row[], steps: number, draws: boolean): Uint32Array<ArrayBuffer> {
    const { words, targets } = writeJob(batch, steps, draws, this.states);
    batch.forEach(({ slot }, row) => {
      this.states.advance(slot, targets[row]!, steps);
    });
    return words;
  }

  /** Runs a call exclusively. After a failure the states are unknown, so the engine counts as lost. */
  async #call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isLost) return this.#loss;
    return this.#calls.run(() => Promise.race([this.#loss, work().catch((error) => this.#failed(error))]));
  }

  async #failed(error: Error): Promise<never> {
    if (error instanceof StoryError) throw error;
    this.#isLost = true;
    throw new EngineLostError(this.name, error.message);
  }
}
