/**
 * A network on a device: its weights, the states of its slots, and the commands of a decode. Every step has a
 * dispatch for each layer and one for the outputs and the draws. No `node:` imports.
 */
import type { IntegerPlan } from '../integer/plan.ts';
import { networkArrays, partWords } from './network-arrays.ts';
import type { Programs } from './programs.ts';
import { LANES, type Part } from './wgsl/bindings.ts';

const WORD = 4;
const VECTOR = 4 * WORD;
/** Distance of two parts in their buffer: the least that every device accepts for an offset. */
const PART_STRIDE = 256;

const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
const MAP_READ = 1;

export interface NetworkSizes {
  readonly capacity: number;
  /** Largest number of steps of a decode. */
  readonly steps: number;
  /** Number of places for states, see places.ts. */
  readonly places: number;
}

export class Network {
  readonly plan: IntegerPlan;
  readonly #device: GPUDevice;
  readonly #programs: Programs;
  readonly #parts: readonly Part[];
  readonly #buffers: Record<'parts' | 'weights' | 'floats' | 'job' | 'hidden' | 'cells', GPUBuffer> &
    Record<'drawn' | 'logits' | 'shares' | 'download', GPUBuffer>;
  #bindGroup: GPUBindGroup;

  private constructor(
    device: GPUDevice,
    programs: Programs,
    plan: IntegerPlan,
    sizes: NetworkSizes,
    inside: Uint8Array,
  ) {
    this.plan = plan;
    this.#device = device;
    this.#programs = programs;
    const { capacity, steps, places } = sizes;
    const { weights, floats, parts, hiddenWords, cellVectors } = networkArrays(plan, places, inside);
    this.#parts = parts;
    const partsOfSteps = new Uint32Array((steps * parts.length * PART_STRIDE) / WORD);
    for (let step = 0; step < steps; step++) {
      parts.forEach((part, i) => {
        partsOfSteps.set(partWords(part, step), ((step * parts.length + i) * PART_STRIDE) / WORD);
      });
    }
    const result = USAGE.storage | USAGE.copySource;
    const logitBytes = capacity * parts.at(-1)!.blocks * LANES * VECTOR;
    const drawnBytes = capacity * steps * WORD;
    this.#buffers = {
      parts: this.#filled(partsOfSteps, USAGE.uniform),
      weights: this.#filled(weights, USAGE.storage),
      floats: this.#filled(floats, USAGE.storage),
      job: this.#empty(VECTOR, USAGE.storage | USAGE.copyTarget),
      hidden: this.#empty(hiddenWords * WORD, USAGE.storage),
      cells: this.#empty(cellVectors * VECTOR, USAGE.storage),
      drawn: this.#empty(drawnBytes, result),
      logits: this.#empty(logitBytes, result),
      shares: this.#empty(capacity * plan.vocabularySize * 2 * WORD, USAGE.storage),
      download: this.#empty(Math.max(drawnBytes, logitBytes), USAGE.mapRead | USAGE.copyTarget),
    };
    this.#bindGroup = this.#bind();
  }

  /**
   * @param inside see `insideWord` in rows.ts
   * @throws Error where the device has too little memory
   */
  static async create(
    device: GPUDevice,
    programs: Programs,
    plan: IntegerPlan,
    sizes: NetworkSizes,
    inside: Uint8Array,
  ): Promise<Network> {
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('validation');
    const network = new Network(device, programs, plan, sizes, inside);
    const errors = [await device.popErrorScope(), await device.popErrorScope()];
    const error = errors.find((one) => one !== null);
    if (!error) return network;
    network.destroy();
    throw new Error(`the device cannot hold ${sizes.capacity} stories: ${error.message.split('\n')[0]}`);
  }

  /**
   * Runs a job; further calls on the device run after it.
   *
   * @param job from `writeJob`
   * @returns the drawn ids, [rows, steps]; -1 where the logits were no distribution
   */
  async draw(job: Uint32Array<ArrayBuffer>, rows: number, steps: number): Promise<Int32Array> {
    const encoder = this.#encode(job, rows, steps);
    return new Int32Array(await this.#download(encoder, this.#buffers.drawn, rows * steps * WORD));
  }

  /** Runs a job of one step that draws nothing, and returns the logits, [rows, vocabulary size]. */
  async logits(job: Uint32Array<ArrayBuffer>, rows: number): Promise<Float32Array> {
    return this.#readLogits(this.#encode(job, rows, 1), rows);
  }

  /** The logits of the last step, [rows, vocabulary size]. */
  lastLogits(rows: number): Promise<Float32Array> {
    return this.#readLogits(this.#device.createCommandEncoder(), rows);
  }

  destroy(): void {
    for (const buffer of Object.values(this.#buffers)) buffer.destroy();
  }

  #encode(job: Uint32Array<ArrayBuffer>, rows: number, steps: number): GPUCommandEncoder {
    this.#upload(job);
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    const layer = this.#programs.layerFor(rows);
    const layers = this.#parts.slice(0, -1);
    for (let step = 0; step < steps; step++) {
      const first = step * this.#parts.length;
      pass.setPipeline(layer.pipeline);
      layers.forEach(({ blocks }, i) => {
        pass.setBindGroup(0, this.#bindGroup, [(first + i) * PART_STRIDE]);
        pass.dispatchWorkgroups(blocks, Math.ceil(rows / layer.rows));
      });
      pass.setPipeline(this.#programs.draw);
      pass.setBindGroup(0, this.#bindGroup, [(first + layers.length) * PART_STRIDE]);
      pass.dispatchWorkgroups(rows);
    }
    pass.end();
    return encoder;
  }

  /** Writes a job into its buffer, which grows where the job needs more. */
  #upload(job: Uint32Array<ArrayBuffer>): void {
    if (job.byteLength > this.#buffers.job.size) {
      this.#buffers.job.destroy();
      this.#buffers.job = this.#empty(
        2 ** Math.ceil(Math.log2(job.byteLength)),
        USAGE.storage | USAGE.copyTarget,
      );
      this.#bindGroup = this.#bind();
    }
    this.#device.queue.writeBuffer(this.#buffers.job, 0, job);
  }

  async #readLogits(encoder: GPUCommandEncoder, rows: number): Promise<Float32Array> {
    const { vocabularySize } = this.plan;
    const width = this.#parts.at(-1)!.blocks * LANES * 4;
    const padded = new Float32Array(await this.#download(encoder, this.#buffers.logits, rows * width * WORD));
    const logits = new Float32Array(rows * vocabularySize);
    for (let row = 0; row < rows; row++) {
      logits.set(padded.subarray(row * width, row * width + vocabularySize), row * vocabularySize);
    }
    return logits;
  }

  /** Submits the commands and reads the start of a buffer after them. */
  async #download(encoder: GPUCommandEncoder, from: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    const { download } = this.#buffers;
    encoder.copyBufferToBuffer(from, 0, download, 0, bytes);
    this.#device.queue.submit([encoder.finish()]);
    await download.mapAsync(MAP_READ, 0, bytes);
    const result = download.getMappedRange(0, bytes).slice(0);
    download.unmap();
    return result;
  }

  #empty(size: number, usage: number): GPUBuffer {
    return this.#device.createBuffer({ size: Math.max(VECTOR, size), usage });
  }

  #filled(values: Uint32Array | Int8Array | Float32Array, usage: number): GPUBuffer {
    const buffer = this.#device.createBuffer({ size: values.byteLength, usage, mappedAtCreation: true });
    new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(values.buffer));
    buffer.unmap();
    return buffer;
  }

  #bind(): GPUBindGroup {
    const { parts, weights, floats, job, hidden, cells, drawn, logits, shares } = this.#buffers;
    const arrays = [weights, floats, job, hidden, cells, drawn, logits, shares];
    return this.#device.createBindGroup({
      layout: this.#programs.layout,
      entries: [
        { binding: 0, resource: { buffer: parts, size: PART_STRIDE } },
        ...arrays.map((buffer, i) => ({ binding: i + 1, resource: { buffer } })),
      ],
    });
  }
}
