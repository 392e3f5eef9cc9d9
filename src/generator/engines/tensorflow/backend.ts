/** What an engine needs from a backend of TensorFlow.js, and how a WebGPU adapter is described. */
import type { EngineOpener, OpenRequest } from '../choose.ts';
import type { Kernels } from './kernels.ts';

/** An initialized backend of TensorFlow.js, and its settings. */
export interface TensorflowBackend {
  /** Its registered name in TensorFlow.js. */
  readonly tfName: string;
  /** Name of an engine on it in footers and logs. */
  readonly engineName: string;
  readonly stepsPerDecode: number;
  /**
   * Number of rows that `batch` rows are padded to. Few different numbers mean few programs to compile, and a
   * backend that selects its kernel by shape gives the same bits only for the same shape.
   */
  paddedRows(batch: number, capacity: number): number;
  kernels(vocabularySize: number): Kernels & { dispose(): void };
  /** Resolves with a reason when the device is lost; never resolves where that cannot happen. */
  readonly lost: Promise<string>;
  /** Yields to timers and sockets, where reading a tensor does not. */
  breathe(): Promise<void>;
  /** Releases the device. All its engines must be closed before. */
  close(): Promise<void>;
}

export interface OpenedBackend {
  readonly backend: TensorflowBackend;
  /** The device, as messages show it. */
  readonly device: string;
}

/** How a backend is opened; one that cannot run here throws an error that names what is missing. */
export type BackendOpener = (request: OpenRequest) => Promise<OpenedBackend>;

/** Opens an engine on a backend. TensorFlow.js is loaded on first use. */
export function onTensorflow(open: BackendOpener): EngineOpener {
  return async (request) => {
    const { backend, device } = await open(request);
    const { createTensorflowEngine } = await import('./engine.ts');
    return {
      device,
      create: (model, { capacity }) => createTensorflowEngine(model, backend, { capacity }),
      close: () => backend.close(),
    };
  };
}

/** An adapter's name, as messages show it. */
export function adapterTitle({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return description || [vendor, architecture, device].filter(Boolean).join(' ') || 'unnamed adapter';
}

/** @throws Error for a software renderer that is not accepted */
export function acceptedAdapter(adapter: GPUAdapter, acceptSoftware: boolean): GPUAdapter {
  if (acceptSoftware || !isSoftware(adapter.info)) return adapter;
  throw new Error(`${adapterTitle(adapter.info)} is a program and no GPU`);
}

/** Whether an adapter is a software renderer. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  return (
    info.isFallbackAdapter === true ||
    /swiftshader|llvmpipe|lavapipe|basic render|software/i.test(`${info.architecture} ${info.description}`)
  );
}
