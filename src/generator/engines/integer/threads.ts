/** The worker threads of an integer engine: they share each decode, so that the event loop is free. */
import { Worker } from 'node:worker_threads';
import { LINE_WORDS } from './job-layout.ts';
import type { Kernel, KernelMemory } from './kernel.ts';

const THREAD_SOURCE = new URL('./thread.js', import.meta.url);
/** A command's low bits are the number of threads that take part, the others count the commands. */
const COMMAND_STEP = 256;
const MAX_COMMAND = 2 ** 31 - COMMAND_STEP;
const STOP = -1;
export const MAX_THREADS = COMMAND_STEP - 1;

/** Indices of the words by which threads are started and synchronised; see JobLayout. */
export interface ThreadWords {
  readonly command: number;
  readonly remaining: number;
  readonly phase: number;
  readonly firstThreadPhase: number;
}

export interface ThreadsOptions {
  readonly kernel: Kernel;
  readonly memory: KernelMemory;
  /** Offsets of the network and the job. */
  readonly network: number;
  readonly job: number;
  readonly words: ThreadWords;
  readonly count: number;
}

/** What computes the decodes of an engine. */
export interface DecodeThreads {
  readonly count: number;
  /**
   * Runs the decode that stands in the memory.
   *
   * @param participants number of threads, 1 to `count`
   * @throws Error when a thread has failed
   */
  run(participants: number): Promise<void>;
  /** Ends the threads; no decode is active. */
  close(): Promise<void>;
}

export class Threads implements DecodeThreads {
  readonly #workers: readonly Worker[];
  readonly #words: Int32Array;
  readonly #at: ThreadWords;
  #command = 0;
  #settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;

  /** Starts the threads. Resolves when all have loaded the kernel. */
  static async start(options: ThreadsOptions): Promise<Threads> {
    const threads = new Threads(options);
    await Promise.all(threads.#workers.map((worker) => ready(worker))).catch(async (error) => {
      await threads.close();
      throw error;
    });
    for (const worker of threads.#workers) {
      worker.on('message', () => threads.#finish());
      worker.on('error', (error: Error) => threads.#fail(error));
      worker.on('exit', () => threads.#fail(new Error('A thread of the integer engine has ended.')));
      worker.unref();
    }
    return threads;
  }

  private constructor({ kernel, memory, network, job, words, count }: ThreadsOptions) {
    this.#at = words;
    this.#words = new Int32Array(memory.buffer);
    const { command, remaining, phase, firstThreadPhase } = words;
    this.#workers = Array.from({ length: count }, (_, thread) => {
      const at = { command, remaining, phase, ownPhase: firstThreadPhase + thread * LINE_WORDS };
      const workerData = { kernel: kernel.thread, memory: memory.shared, network, job, thread, at };
      // The thread is plain JavaScript and needs none of the loaders of this process.
      return new Worker(THREAD_SOURCE, { workerData, execArgv: [], env: {} });
    });
  }

  get count(): number {
    return this.#workers.length;
  }

  run(participants: number): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#command = this.#command < MAX_COMMAND ? this.#command + COMMAND_STEP : COMMAND_STEP;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      // A process must not end in the middle of a decode, but may with idle threads.
      for (const worker of this.#workers) worker.ref();
      Atomics.store(this.#words, this.#at.remaining, participants);
      Atomics.store(this.#words, this.#at.command, this.#command + participants);
      Atomics.notify(this.#words, this.#at.command);
    });
  }

  async close(): Promise<void> {
    this.#failure ??= new Error('The threads of the integer engine are closed.');
    Atomics.store(this.#words, this.#at.command, STOP);
    Atomics.notify(this.#words, this.#at.command);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #finish(): void {
    for (const worker of this.#workers) worker.unref();
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.resolve();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.reject(this.#failure);
  }
}

function ready(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('A thread of the integer engine ended before it was ready.')));
  });
}
