/** The compiled programs of a device. They fit every model, whose sizes are data. No `node:` imports. */
import { drawProgram } from './wgsl/draw.ts';
import { layerProgram } from './wgsl/layer.ts';
import type { Tile } from './wgsl/products.ts';

/** The feature of WGSL that has `dot4I8Packed`; elsewhere its sum is written out. */
const DOTS = 'packed_4x8_integer_dot_product';
/** For a few rows, threads share the inputs of a sum; for a crowd, a thread sums for many rows. */
const FEW: Tile = { rows: 1, split: 16 };
const CROWD: Tile = { rows: 16, split: 2 };
/** Rows from which on the crowd's program is used. */
const LEAST_CROWD = 9;

export interface LayerProgram {
  readonly pipeline: GPUComputePipeline;
  /** Rows of a workgroup. */
  readonly rows: number;
}

export class Programs {
  readonly layout: GPUBindGroupLayout;
  readonly draw: GPUComputePipeline;
  readonly #few: LayerProgram;
  readonly #crowd: LayerProgram;

  private constructor(layout: GPUBindGroupLayout, pipelines: readonly GPUComputePipeline[]) {
    this.layout = layout;
    this.#few = { pipeline: pipelines[0]!, rows: FEW.rows };
    this.#crowd = { pipeline: pipelines[1]!, rows: CROWD.rows };
    this.draw = pipelines[2]!;
  }

  /**
   * @param features of the language WGSL (`gpu.wgslLanguageFeatures`)
   * @throws Error where a program cannot be compiled
   */
  static async compile(device: GPUDevice, features: ReadonlySet<string>): Promise<Programs> {
    const hasDots = features.has(DOTS);
    const layout = device.createBindGroupLayout({ entries: ENTRIES });
    const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
    const sources = [layerProgram(FEW, hasDots), layerProgram(CROWD, hasDots), drawProgram(hasDots)];
    // A refused program is an error of this call, and no loss of the device.
    device.pushErrorScope('validation');
    try {
      const pipelines = await Promise.all(
        sources.map((code) => {
          const module = device.createShaderModule({ code });
          return device.createComputePipelineAsync({ layout: pipelineLayout, compute: { module } });
        }),
      );
      return new Programs(layout, pipelines);
    } finally {
      await device.popErrorScope();
    }
  }

  layerFor(rows: number): LayerProgram {
    return rows < LEAST_CROWD ? this.#few : this.#crowd;
  }
}

/** The bindings of wgsl/bindings.ts: the part, which has an offset, arrays that are read, arrays that are written. */
const ENTRIES: GPUBindGroupLayoutEntry[] = [
  { binding: 0, visibility: 4, buffer: { type: 'uniform', hasDynamicOffset: true } },
  ...[1, 2, 3].map(readOnly),
  ...[4, 5, 6, 7, 8].map(writable),
];

/** `GPUShaderStage.COMPUTE` is 4; Node has no such global. */
function readOnly(binding: number): GPUBindGroupLayoutEntry {
  return { binding, visibility: 4, buffer: { type: 'read-only-storage' } };
}

function writable(binding: number): GPUBindGroupLayoutEntry {
  return { binding, visibility: 4, buffer: { type: 'storage' } };
}
