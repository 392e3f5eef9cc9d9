/**
 * Reads HDF5, the format of Keras's files, in a thread that is terminated when it exceeds a limit of time or
 * memory.
 */
import { Worker } from 'node:worker_threads';
import { importing } from '../../../compiled.ts';
import { unusable } from '../model.ts';
import { memoryFor } from './memory.ts';

/**
 * A hundred times the duration for a file of this size on a slow machine; reading a damaged file may never
 * end.
 */
const TIME_LIMIT_MS = 30_000;
const HEAP_LIMIT_MIB = 256;
/** A file is read into memory completely. */
export const MAX_HDF5_BYTES = 1 << 29;

/** The parts of a file that are read: its groups, their texts, and its arrays of numbers. */
export interface Hdf5Group {
  readonly kind: 'group';
  /** The text attributes: one text, or a list. Others are left out. */
  readonly texts: ReadonlyMap<string, string | readonly string[]>;
  readonly members: ReadonlyMap<string, Hdf5Group | Hdf5Dataset>;
}

export interface Hdf5Dataset {
  readonly kind: 'dataset';
  readonly shape: readonly number[];
  /** Row-major; float64 is rounded. Null for other types than float32 and float64. */
  readonly values: Float32Array | null;
}

/** The input of the thread that reads a file. */
export interface Hdf5ThreadTask {
  readonly bytes: Uint8Array;
  /** Members of the root that are not read. */
  readonly skip: readonly string[];
  /** Bytes that may be allocated for the file, itself included. */
  readonly memory: number;
}

/** The thread's only answer. */
export type Hdf5ThreadAnswer = { readonly root: Hdf5Group } | { readonly problem: string };

/**
 * Reads a whole file.
 *
 * @param bytes are transferred
 * @param file the file's name in error messages
 * @param options.skip members of the root that are not read
 * @param options.memory bytes that may be allocated for it, itself included
 * @param options.timeLimitMs duration after which reading is abandoned
 * @throws StoryError `model_unavailable` for anything that is not an intact HDF5 file within the limits
 */
export async function readHdf5(
  bytes: Uint8Array,
  file: string,
  {
    skip = [],
    memory = memoryFor(bytes.byteLength),
    timeLimitMs = TIME_LIMIT_MS,
  }: {
    readonly skip?: readonly string[];
    readonly memory?: number;
    readonly timeLimitMs?: number;
  } = {},
): Promise<Hdf5Group> {
  // Only a whole buffer can be transferred.
  const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
  const task: Hdf5ThreadTask = { bytes: whole, skip, memory };
  const thread = new Worker(importing('generator/model/formats/hdf5-reader'), {
    eval: true,
    workerData: task,
    transferList: whole.buffer instanceof ArrayBuffer ? [whole.buffer] : [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_LIMIT_MIB },
    // The library writes messages about a broken file to standard output.
    stdout: true,
    stderr: true,
  });
  thread.stdout.resume();
  thread.stderr.resume();
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = await new Promise<Hdf5ThreadAnswer>((resolve) => {
      const give = (problem: string) => resolve({ problem });
      thread.once('message', resolve);
      thread.once('error', () => give('reading it failed; it was changed or damaged'));
      thread.once('exit', () => give('reading it came to no end; it was changed or damaged'));
      timer = setTimeout(() => give('reading it takes too long; it was changed or damaged'), timeLimitMs);
    });
    if ('problem' in answer) throw unusable(file, answer.problem);
    return answer.root;
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}

/** The member at a path such as `model_weights/lstm_1`; undefined where there is none. */
export function memberAt(root: Hdf5Group, path: string): Hdf5Group | Hdf5Dataset | undefined {
  let found: Hdf5Group | Hdf5Dataset | undefined = root;
  for (const name of path.split('/').filter((part) => part !== '')) {
    found = found?.kind === 'group' ? found.members.get(name) : undefined;
  }
  return found;
}
