/**
 * The worker threads of an integer engine: they share each decode, so that the event loop is free. Decodes are
 * issued in the memory, and a thread that has no more work in one goes on to the next without the event loop.
 */
import { Worker } from 'node:worker_threads';
import { LINE_WORDS } from './job-layout.ts';
import type { Kernel, KernelMemory } from './kernel.ts';

const THREAD_SOURCE = new URL('./thread.js', import.meta.url);
/** A job's command: the low 9 bits are the number of threads that take part, the others number the decodes. */
const PARTICIPANT_BITS = 9;
const MAX_NUMBER = 2 ** 22 - 1;
/** In the word `issued`. */
const STOP = -1;
export const MAX_THREADS = 256;

/** A job's offset, and the indices of the words by which it is started and synchronised; see JobLayout. */
export interface ThreadJob {
  readonly at: number;
  readonly command: number;
  readonly remaining: number;
  readonly phase: number;
  readonly firstThreadPhase: number;
}

export interface ThreadsOptions {
  readonly kernel: Kernel;
  readonly memory: KernelMemory;
  /** Offset of the network. */
  readonly network: number;
  readonly jobs: readonly ThreadJob[];
  /** Index of the word that holds the number of the last decode, for which idle threads wait. */
  readonly issued: number;
  readonly count: number;
}

/** What computes the decodes of an engine. */
export interface DecodeThreads {
  readonly count: number;
  /**
   * Runs the decode that stands in a job, after those issued before.
   *
   * @param job index of a job whose last decode has ended
   * @param participants number of threads, 1 to `count`
   * @throws Error when a thread has failed
   */
  run(job: number, participants: number): Promise<void>;
  /** Ends the threads; no decode is active. */
  close(): Promise<void>;
}

interface Running {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Threads implements DecodeThreads {
  readonly #workers: readonly Worker[];
  readonly #words: Int32Array;
  readonly #jobs: readonly ThreadJob[];
  readonly #issued: number;
  #number = 0;
  /** By the index of the job. */
  readonly #running = new Map<number, Running>();
  #failure: Error | undefined;

  /** Starts the threads. Resolves when all have loaded the kernel. */
  static async start(options: ThreadsOptions): Promise<Threads> {
    const threads = new Threads(options);
    await Promise.all(threads.#workers.map((worker) => ready(worker))).catch(async (error) => {
      await threads.close();
      throw error;
    });
    for (const worker of threads.#workers) {
      worker.on('message', (job: number) => threads.#finish(job));
      worker.on('error', (error: Error) => threads.#fail(error));
      worker.on('exit', () => threads.#fail(new Error('A thread of the integer engine has ended.')));
      worker.unref();
    }
    return threads;
  }

  private constructor({ kernel, memory, network, jobs, issued, count }: ThreadsOptions) {
    this.#jobs = jobs;
    this.#issued = issued;
    this.#words = new Int32Array(memory.buffer);
    this.#workers = Array.from({ length: count }, (_, thread) => {
      const own = jobs.map(({ at, command, remaining, phase, firstThreadPhase }) => ({
        ...{ at, command, remaining, phase, ownPhase: firstThreadPhase + thread * LINE_WORDS },
      }));
      const workerData = { kernel: kernel.thread, memory: memory.shared, network, jobs: own, issued, thread };
      // The thread is plain JavaScript and needs none of the loaders of this process.
      return new Worker(THREAD_SOURCE, { workerData, execArgv: [], env: {} });
    });
  }

  get count(): number {
    return this.#workers.length;
  }

  run(job: number, participants: number): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    const { command, remaining } = this.#jobs[job]!;
    this.#number = this.#number < MAX_NUMBER ? this.#number + 1 : 0;
    return new Promise((resolve, reject) => {
      // A process must not end in the middle of a decode, but may with idle threads.
      if (this.#running.size === 0) for (const worker of this.#workers) worker.ref();
      this.#running.set(job, { resolve, reject });
      Atomics.store(this.#words, remaining, participants);
      Atomics.store(this.#words, command, (this.#number << PARTICIPANT_BITS) | participants);
      Atomics.store(this.#words, this.#issued, this.#number);
      Atomics.notify(this.#words, this.#issued);
    });
  }

  async close(): Promise<void> {
    this.#failure ??= new Error('The threads of the integer engine are closed.');
    Atomics.store(this.#words, this.#issued, STOP);
    Atomics.notify(this.#words, this.#issued);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #finish(job: number): void {
    const running = this.#running.get(job);
    this.#running.delete(job);
    if (this.#running.size === 0) for (const worker of this.#workers) worker.unref();
    running?.resolve();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#running.values()) reject(this.#failure);
    this.#running.clear();
  }
}

function ready(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('A thread of the integer engine ended before it was ready.')));
  });
}
