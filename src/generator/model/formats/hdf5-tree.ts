/** What is read of an HDF5 file: its groups, their texts, and its arrays of numbers. */

export interface Hdf5Group {
  readonly kind: 'group';
  /** The attributes that are text: one, or a list. Others are left out. */
  readonly texts: ReadonlyMap<string, string | readonly string[]>;
  readonly members: ReadonlyMap<string, Hdf5Group | Hdf5Dataset>;
}

export interface Hdf5Dataset {
  readonly kind: 'dataset';
  readonly shape: readonly number[];
  /** Row-major; float64 is rounded. Null for anything that is not float32 or float64. */
  readonly values: Float32Array | null;
}

/** What the thread that reads a file is given. */
export interface Hdf5ThreadTask {
  readonly bytes: Uint8Array;
  /** Members of the root that are not read. */
  readonly skip: readonly string[];
  /** Bytes that may be taken for it, itself included. */
  readonly memory: number;
}

/** What it answers, once. */
export type Hdf5ThreadAnswer = { readonly root: Hdf5Group } | { readonly problem: string };
