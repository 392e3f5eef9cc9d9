/**
 * The thread that reads one file, answers once, and ends. It uses the HDF5 library, which was not made for
 * untrusted files: data is read only after its claimed size was checked. The file is in the library's memory,
 * so links in it cannot reach other files. The thread limits everything else that a file may make the library
 * do (see `hdf5.ts`).
 */
import { parentPort, workerData } from 'node:worker_threads';
import { File, FS, type Metadata, ready } from 'h5wasm';
import type { Hdf5Dataset, Hdf5Group, Hdf5ThreadAnswer, Hdf5ThreadTask } from './hdf5.ts';
import { arraysWithin, MAX_JSON_BYTES } from './memory.ts';

/** Far more than any model has, and few enough to be read at once. */
const MAX_DEPTH = 16;
const MAX_OBJECTS = 20_000;
const MAX_TEXTS = 20_000;
const MAX_TEXT_BYTES = MAX_JSON_BYTES;
const MAX_RANK = 8;
const FILE = 'model.h5';

/** Bytes of a page of WebAssembly's memory. */
const PAGE_BYTES = 1 << 16;

type Library = Awaited<typeof ready>;

/** The file is intact, but exceeds the reader's limits. */
class Problem extends Error {}

class Reader {
  readonly #library: Library;
  readonly #file: bigint;
  #objects = 0;
  #textBytes = 0;
  #weightBytes = 0;
  /** Bytes that may be allocated besides the file itself. */
  readonly #memory: number;
  #isOutOfMemory = false;

  constructor(library: Library, file: bigint, memory: number) {
    this.#library = library;
    this.#file = file;
    this.#memory = memory;
  }

  /**
   * Whether the library's own memory may grow to this many bytes, in addition to the arrays that were read
   * already.
   */
  mayGrow(heapBytes: number): boolean {
    const may = heapBytes + this.#weightBytes <= this.#memory;
    if (!may) this.#isOutOfMemory = true;
    return may;
  }

  get isOutOfMemory(): boolean {
    return this.#isOutOfMemory;
  }

  group(path: string, depth: number, skip: readonly string[] = []): Hdf5Group {
    if (depth > MAX_DEPTH) throw new Problem(`its groups are more than ${MAX_DEPTH} deep`);
    const members = new Map<string, Hdf5Group | Hdf5Dataset>();
    for (const name of this.#library.get_names(this.#file, path, false)) {
      if (skip.includes(name)) continue;
      if (++this.#objects > MAX_OBJECTS)
        throw new Problem(`it has more than ${MAX_OBJECTS} groups and arrays`);
      const member = `${path === '/' ? '' : path}/${name}`;
      // Links are not followed: Keras writes none, and they can form cycles.
      if (this.#library.get_symbolic_link(this.#file, member) !== null) continue;
      const type = this.#library.get_type(this.#file, member);
      if (type === this.#library.H5G_GROUP) members.set(name, this.group(member, depth + 1));
      if (type === this.#library.H5G_DATASET) members.set(name, this.#dataset(member));
    }
    return { kind: 'group', texts: this.#texts(path), members };
  }

  #dataset(path: string): Hdf5Dataset {
    const metadata = this.#library.get_dataset_metadata(this.#file, path);
    const shape = metadata.shape ?? [];
    const { size } = metadata;
    const chunks = metadata.chunks ?? [];
    const isFloat = metadata.type === this.#library.H5T_class_t.H5T_FLOAT.value && (size === 4 || size === 8);
    if (!isFloat || metadata.shape === null) return { kind: 'dataset', shape, values: null };
    const bytes = shape.reduce((product, count) => product * count, size);
    this.#weightBytes += bytes;
    const chunkBytes = chunks.reduce((product, count) => product * count, size);
    const most = arraysWithin(this.#memory);
    if (!(this.#weightBytes <= most && chunkBytes <= most) || shape.length > MAX_RANK) {
      throw new Problem(
        `its arrays up to ${path} claim more than ${most >> 20} MiB, too much for a file of its size`,
      );
    }
    const data = this.#read(bytes, (pointer) =>
      this.#library.get_dataset_data(this.#file, path, null, null, null, pointer),
    );
    const values =
      size === 4 ? new Float32Array(data.buffer) : new Float32Array(new Float64Array(data.buffer));
    return { kind: 'dataset', shape, values };
  }

  #texts(path: string): Map<string, string | string[]> {
    const texts = new Map<string, string | string[]>();
    for (const name of this.#library.get_attribute_names(this.#file, path)) {
      const metadata = this.#library.get_attribute_metadata(this.#file, path, name);
      if (metadata.type !== this.#library.H5T_class_t.H5T_STRING.value || metadata.shape === null) continue;
      const all = this.#textsOf(path, name, metadata);
      texts.set(name, metadata.shape.length === 0 ? (all[0] ?? '') : all);
    }
    return texts;
  }

  /** The texts of an attribute in any storage form: of variable or fixed length, padded or terminated. */
  #textsOf(path: string, name: string, { shape, size, vlen }: Metadata): string[] {
    const count = shape!.reduce((product, length) => product * length, 1);
    const bytes = count * size;
    if (!(count <= MAX_TEXTS && bytes <= MAX_TEXT_BYTES)) {
      throw new Problem(`its attribute ${name} of ${path} claims to have ${count} texts and ${bytes} bytes`);
    }
    const data = this.#read(bytes, (pointer) =>
      this.#library.get_attribute_data(this.#file, path, name, pointer),
    );
    const decoder = new TextDecoder();
    return Array.from({ length: count }, (_, i) => {
      const end = (i + 1) * size;
      if (!vlen) return decoder.decode(untilZero(data.subarray(i * size, end))).trimEnd();
      // A text of variable length is a pointer into the library's memory.
      const pointer = new DataView(data.buffer, i * size).getUint32(0, true);
      const text = untilZero(pointer === 0 ? new Uint8Array() : this.#library.HEAPU8.subarray(pointer));
      this.#textBytes += text.length;
      if (this.#textBytes > MAX_TEXT_BYTES) {
        throw new Problem(
          `its attribute ${name} of ${path} makes its texts more than ${MAX_TEXT_BYTES >> 20} MiB`,
        );
      }
      return decoder.decode(text);
    });
  }

  /** Returns the bytes that the library writes to the allocated address. */
  #read(byteLength: number, fill: (pointer: bigint) => number): Uint8Array<ArrayBuffer> {
    if (byteLength === 0) return new Uint8Array();
    const pointer = this.#library._malloc(byteLength);
    if (pointer === 0) throw new Error('out of memory');
    if (fill(BigInt(pointer)) < 0) throw new Error('unreadable');
    const bytes = this.#library.HEAPU8.slice(pointer, pointer + byteLength);
    this.#library._free(pointer);
    return bytes;
  }
}

function untilZero(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/**
 * Makes the library check the limit before its memory grows. The allocations for a file cannot be computed
 * beforehand: a list of texts may name the same long one a thousand times.
 */
function limitWebAssembly(mayGrow: (heapBytes: number) => boolean): void {
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (pages) {
    // The library treats the error as a failed allocation.
    if (!mayGrow(this.buffer.byteLength + pages * PAGE_BYTES)) throw new RangeError('too much memory');
    return grow.call(this, pages);
  };
}

/** Reads the groups, texts and arrays of a file; `problem` gives the reason of a failure. */
async function readTree({ bytes, skip, memory }: Hdf5ThreadTask): Promise<Hdf5ThreadAnswer> {
  const library = await ready;
  // The library's file system uses the bytes without a copy.
  FS!.writeFile(FILE, bytes, { canOwn: true } as object);
  let reader: Reader | undefined;
  const isGrown = (heapBytes: number) => reader?.mayGrow(heapBytes) ?? heapBytes <= memory;
  limitWebAssembly(isGrown);
  try {
    const { file_id: file } = new File(FILE, 'r');
    if (file < 0n) return { problem: 'it is not a whole HDF5 file' };
    reader = new Reader(library, file, memory - bytes.byteLength);
    const root = reader.group('/', 0, skip);
    library.close_file(file);
    return { root };
  } catch (error) {
    if (error instanceof Problem) return { problem: error.message };
    if (reader?.isOutOfMemory) return { problem: 'reading it takes too much memory for a file of its size' };
    return { problem: 'a part of it cannot be read; it was cut short, changed or damaged' };
  } finally {
    FS!.unlink(FILE);
  }
}

/** The arrays' buffers, which are transferred instead of copied. */
function buffersIn(node: Hdf5Group | Hdf5Dataset): ArrayBuffer[] {
  if (node.kind === 'group') return [...node.members.values()].flatMap(buffersIn);
  return node.values ? [node.values.buffer as ArrayBuffer] : [];
}

const answer = await readTree(workerData as Hdf5ThreadTask);
parentPort!.postMessage(answer, 'root' in answer ? buffersIn(answer.root) : []);
