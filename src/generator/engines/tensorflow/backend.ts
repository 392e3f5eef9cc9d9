/** What an engine asks of a backend of TensorFlow.js. */
import type { Kernels } from './kernels.ts';

/** A backend of TensorFlow.js, ready to run, and what it takes to run well on it. */
export interface TensorflowBackend {
  /** What TensorFlow.js has it registered as. */
  readonly tfName: string;
  /** What a footer and a log call an engine on it. */
  readonly engineName: string;
  readonly stepsPerDecode: number;
  /**
   * Rows that so many lanes are padded to. Few different numbers of rows are few programs to compile, and a
   * backend that picks its kernel by shape keeps its bits only where the shape stays.
   */
  paddedRows(batch: number, capacity: number): number;
  kernels(vocabularySize: number): Kernels & { dispose(): void };
  /** Resolves with a reason when the device is lost; never, where it cannot be. */
  readonly lost: Promise<string>;
  /** Lets timers and sockets have their turn, where reading a tensor does not. */
  breathe(): Promise<void>;
  /** Releases the device. Every engine on it is closed by then. */
  close(): Promise<void>;
}
