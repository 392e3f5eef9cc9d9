/** The parts of an HDF5 file that are read: its groups, their texts, and its arrays of numbers. */

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
