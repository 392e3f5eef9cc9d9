/** Chooses the engine: the one that the operator named, or the best one that runs on this machine. */
import { StoryError } from '../../errors.ts';
import type { Model } from '../model/model.ts';
import type { Engine } from './engine.ts';

export const ENGINE_NAMES = ['cuda', 'webgpu', 'integer', 'onnx', 'wasm', 'cuda-cpu'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];
/** Those that `auto` tries, in this order. */
export const AUTOMATIC_ENGINES: readonly EngineName[] = ['cuda', 'webgpu', 'integer', 'onnx', 'wasm'];

export interface EngineOptions {
  readonly capacity: number;
  /** Threads that multiply matrices on a processor. */
  readonly threads: number;
  /**
   * Called where the chosen engine cannot run the model, so that another one is created: with the reason, as
   * part of a sentence.
   */
  readonly onRefusal?: (reason: string) => void;
}

/** An engine's device, opened and ready to load models. */
export interface OpenedEngine {
  /** The device, as messages show it: `NVIDIA H200`, `2 threads`. */
  readonly device: string;
  create(model: Model, options: EngineOptions): Promise<Engine>;
  /** Releases the device; its engines are closed by then. */
  close(): Promise<void>;
}

export interface OpenRequest {
  /** Whether a software adapter is accepted as a GPU: when the engine was named, and not chosen by `auto`. */
  readonly acceptSoftware: boolean;
}

export type EngineOpener = (request: OpenRequest) => Promise<OpenedEngine>;

/**
 * How each engine is opened; an engine that cannot run here throws an error that names what is missing. An engine
 * without an opener is none of this environment, as most are in a browser.
 */
export type EngineOpeners = Readonly<Partial<Record<EngineName, EngineOpener>>>;

export interface ChosenEngine extends OpenedEngine {
  readonly name: EngineName;
  /** One line that says which engine was chosen and why the others were not. */
  readonly reason: string;
}

/**
 * Opens the configured engine: `auto` takes the first that runs of CUDA, WebGPU on a real GPU, the integer
 * engine, ONNX Runtime and WASM.
 *
 * @param passOver engines that `auto` skips, with the reason: those whose device was lost too often
 * @throws StoryError `configuration` that says what is missing
 */
export async function chooseEngine(
  wanted: EngineName | 'auto',
  openers: EngineOpeners,
  passOver: ReadonlyMap<EngineName, string> = new Map(),
): Promise<ChosenEngine> {
  if (wanted !== 'auto') {
    try {
      const opened = await open(openers, wanted, { acceptSoftware: true });
      return { ...opened, name: wanted, reason: `${wanted} on ${opened.device}, as SCIFI_ENGINE says` };
    } catch (error) {
      throw new StoryError(
        'configuration',
        `SCIFI_ENGINE=${wanted} cannot run here: ${messageOf(error)}. Provide that, or set SCIFI_ENGINE=auto.`,
        { cause: error },
      );
    }
  }
  const refusals: string[] = [];
  for (const name of AUTOMATIC_ENGINES) {
    const passed = passOver.get(name);
    if (passed !== undefined) {
      refusals.push(`${name}: ${passed}`);
      continue;
    }
    try {
      const opened = await open(openers, name, { acceptSoftware: false });
      return { ...opened, name, reason: [`${name} on ${opened.device}`, ...refusals].join('; not ') };
    } catch (error) {
      refusals.push(`${name}: ${messageOf(error)}`);
    }
  }
  throw new StoryError('configuration', `No engine can run here (${refusals.join('; ')}).`);
}

async function open(openers: EngineOpeners, name: EngineName, request: OpenRequest): Promise<OpenedEngine> {
  const opener = openers[name];
  if (!opener) throw new Error('it is not made for this environment');
  return opener(request);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
}
