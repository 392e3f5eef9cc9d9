/**
 * The engines of a browser: the integer engine, in WebAssembly, for the models that it runs, and TensorFlow.js
 * for others, which is loaded only then.
 */
import { StoryError } from '../../errors.ts';
import type { ChosenEngine, EngineName, EngineOpeners } from '../../generator/engines/choose.ts';
import type { Engine } from '../../generator/engines/engine.ts';
import { EngineSupervisor } from '../../generator/engines/engine-supervisor.ts';
import { startIntegerEngine } from '../../generator/engines/integer/engine.ts';
import { firstExact, type Kernel, wasmKernels } from '../../generator/engines/integer/kernel.ts';
import { startOwnThread } from '../../generator/engines/integer/own-thread.ts';
import { refusalOf } from '../../generator/engines/integer/plan.ts';
import { acceptedAdapter, adapterTitle, onTensorflow } from '../../generator/engines/tensorflow/backend.ts';
import { requestWebgpuDevice } from '../../generator/engines/webgpu/device.ts';
import type { Model } from '../../generator/model/model.ts';
import { wait } from '../browser.ts';
import { bytesOf, request } from './files.ts';

/** @param binaries address of the folder of the `.wasm` files, with a slash at its end */
function tensorflowOpeners(binaries: URL): EngineOpeners {
  return {
    webgpu: onTensorflow(async ({ acceptSoftware }) => {
      const gpu: GPU | undefined = navigator.gpu;
      const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
      if (!adapter) throw new Error('the browser offers no WebGPU');
      const opened = await requestWebgpuDevice(acceptedAdapter(adapter, acceptSoftware));
      const { createWebgpuBackend } = await import('../../generator/engines/tensorflow/webgpu.ts');
      return { backend: await createWebgpuBackend(opened), device: adapterTitle(adapter.info) };
    }),
    wasm: onTensorflow(async () => {
      const { openWasm } = await import('./wasm.ts');
      return { backend: await openWasm(binaries.href), device: 'one processor' };
    }),
  };
}

export interface BrowserEnginesOptions {
  /** `auto`, or the one engine to use, for tests: `integer`, `webgpu` or `wasm`. */
  readonly engine: EngineName | 'auto';
  /** Address of the folder of the `.wasm` files, with a slash at its end. */
  readonly binaries: URL;
  readonly fetcher?: typeof fetch;
}

export class BrowserEngines {
  readonly #usesIntegers: boolean;
  readonly #fetchKernel: () => Promise<Kernel | undefined>;
  /** Opens WebGPU on a real GPU, otherwise WASM, unless one of them is named. */
  readonly #supervisor: EngineSupervisor;
  #kernel: Promise<Kernel | undefined> | undefined;
  #tensorflow: Promise<ChosenEngine> | undefined;

  constructor({ engine, binaries, fetcher = fetch }: BrowserEnginesOptions) {
    this.#usesIntegers = engine === 'auto' || engine === 'integer';
    this.#fetchKernel = () => fetchKernel(binaries, fetcher);
    this.#supervisor = new EngineSupervisor({
      wanted: this.#usesIntegers ? 'auto' : engine,
      openers: tensorflowOpeners(binaries),
      log,
      clock: () => performance.now(),
      wait,
    });
  }

  /**
   * Loads what most models need.
   *
   * @throws StoryError when it cannot be fetched; the next call tries again
   */
  async prepare(): Promise<void> {
    await this.#loadKernel();
  }

  /** @throws StoryError when the engine cannot be fetched, or none runs here; the next call tries again */
  async create(model: Model, capacity: number): Promise<Engine> {
    const kernel = await this.#loadKernel();
    if (kernel && refusalOf(model.layers) === undefined) {
      return startIntegerEngine(model, { capacity, kernel, threads: 1, startThreads: startOwnThread });
    }
    const tensorflow = await this.#openTensorflow();
    return tensorflow.create(model, { capacity, threads: 1 });
  }

  /**
   * Opens an engine after the device of TensorFlow.js was lost.
   *
   * @throws StoryError when none is available
   */
  async recover(): Promise<void> {
    this.#tensorflow = this.#supervisor.reopen().then((engine) => {
      if (!engine) throw new StoryError('internal', 'No engine is available any more. Reload the page.');
      return engine;
    });
    await this.#tensorflow;
  }

  #openTensorflow(): Promise<ChosenEngine> {
    if (!this.#tensorflow) {
      const opening = this.#supervisor.open();
      this.#tensorflow = opening;
      opening.catch(() => {
        if (this.#tensorflow === opening) this.#tensorflow = undefined;
      });
    }
    return this.#tensorflow;
  }

  /** Undefined where the integer engine is not used or does not run. */
  async #loadKernel(): Promise<Kernel | undefined> {
    if (!this.#usesIntegers) return undefined;
    this.#kernel ??= this.#fetchKernel();
    try {
      return await this.#kernel;
    } catch (error) {
      this.#kernel = undefined;
      throw error;
    }
  }
}

/**
 * The fastest kernel that runs in this browser, or undefined where none does.
 *
 * @throws StoryError when one cannot be fetched
 */
async function fetchKernel(binaries: URL, fetcher: typeof fetch): Promise<Kernel | undefined> {
  const read = async (file: string) => bytesOf(await request(new URL(file, binaries), file, fetcher), file);
  const refusals: string[] = [];
  try {
    const kernel = await firstExact(wasmKernels(read, refusals), refusals);
    log(`integer with the kernel ${kernel.name}`);
    return kernel;
  } catch (error) {
    if (error instanceof StoryError) throw error;
    log((error as Error).message);
    return undefined;
  }
}

/** Shows developers what is used, and why. */
function log(line: string): void {
  // biome-ignore lint/suspicious/noConsole: a browser has no other log
  globalThis.console.debug(`engine: ${line}`);
}
