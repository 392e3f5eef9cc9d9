/**
 * The folder that `scifi engine install cuda` makes: TensorFlow.js's native binding with its JavaScript
 * packages, TensorFlow's libraries and, for a GPU, NVIDIA's. It is no part of the project's own packages.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import util from 'node:util';
import { dlopenProblem } from './dawn.ts';

export const CUDA_ENGINE = 'cuda';
export const BINDING_PACKAGE = '@tensorflow/tfjs-node-gpu';
/** Written last: a folder without it is no installation. */
export const RECEIPT_FILE = 'engine.json';
export const RECEIPT_FORMAT = 1;
/** In an installation: TensorFlow's libraries, and the parent of the folders of NVIDIA's. */
export const TENSORFLOW_FOLDER = 'tensorflow';
export const NVIDIA_FOLDER = 'nvidia';

/** What was installed. */
export interface CudaReceipt {
  readonly format: typeof RECEIPT_FORMAT;
  /** Version of the binding's JavaScript. */
  readonly binding: string;
  readonly tensorflow: string;
  /** `cpu` where TensorFlow was installed without CUDA. */
  readonly device: 'gpu' | 'cpu';
}

export type CudaDevice = CudaReceipt['device'];

/**
 * The folder of installed engines: SCIFI_ENGINES, or `scifi/engines` in the user's data folder (XDG Base
 * Directory Specification, which says to ignore relative paths).
 */
export function enginesFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.SCIFI_ENGINES) return resolve(environment.SCIFI_ENGINES);
  const data = environment.XDG_DATA_HOME ?? '';
  return join(isAbsolute(data) ? data : join(homedir(), '.local/share'), 'scifi/engines');
}

/** The receipt of an installation; undefined where there is none, or one of another version of this program. */
export function readReceipt(folder: string): CudaReceipt | undefined {
  try {
    const receipt: CudaReceipt = JSON.parse(readFileSync(join(folder, RECEIPT_FILE), 'utf8'));
    return receipt.format === RECEIPT_FORMAT ? receipt : undefined;
  } catch {
    return undefined;
  }
}

/** The library of NVIDIA's driver through which CUDA reaches a card. */
export const DRIVER_LIBRARY = 'libcuda.so.1';

/**
 * Loads the binding of an installation, which registers itself as a backend of TensorFlow.js. One process can
 * load one binding, for one device.
 *
 * @throws Error of the module loader or of the dynamic linker
 */
export function loadBinding(folder: string, device: CudaDevice): void {
  setNativeDefaults(device);
  if (device === 'gpu') preloadLibraries(libraryFiles(join(folder, NVIDIA_FOLDER)));
  defineWhatNodeDropped();
  createRequire(join(folder, 'package.json'))(BINDING_PACKAGE);
}

/** Variables that TensorFlow and CUDA read when they are loaded; the operator's own values win. */
function setNativeDefaults(device: CudaDevice): void {
  // Errors only: TensorFlow logs its start on standard error.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Eigen's kernels on the processor: those of oneDNN are announced on standard error at every start.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '0';
  // Memory as it is needed, instead of the whole card's.
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  // Products in float32: TensorFloat-32 keeps 10 bits of a factor, and its stories would be others.
  process.env.NVIDIA_TF32_OVERRIDE ??= '0';
  if (device === 'cpu') process.env.CUDA_VISIBLE_DEVICES = '-1';
}

/** A library that takes the place of a processor's BLAS where it is loaded, and that TensorFlow does not use. */
const UNWANTED = /^libnvblas\./;

/** Shared libraries in `lib` of each folder below this one. */
export function libraryFiles(folder: string): string[] {
  return namesIn(folder).flatMap((name) => {
    const libraries = join(folder, name, 'lib');
    return namesIn(libraries)
      .filter((file) => /\.so(\.\d+)*$/.test(file) && !UNWANTED.test(file))
      .map((file) => join(libraries, file));
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

/** Linux's flag of dlopen for a library that stays loaded when it is closed. */
const RTLD_NODELETE = 0x1000;

/**
 * Loads shared libraries into the process, so that TensorFlow, which opens them by their bare names, finds
 * them outside of the linker's path. Libraries need each other: what fails is tried again after the others.
 *
 * @returns why each of the rest cannot be loaded
 */
export function preloadLibraries(files: readonly string[]): string[] {
  let waiting = files;
  for (;;) {
    const problems = waiting.map((file) => dlopenProblem(file, constants.dlopen.RTLD_LAZY | RTLD_NODELETE));
    const failed = waiting.filter((_, i) => problems[i] !== undefined);
    if (failed.length === 0 || failed.length === waiting.length) {
      return problems.filter((problem) => problem !== undefined);
    }
    waiting = failed;
  }
}

/**
 * Node 23 removed functions that the binding calls, and no release of the binding has replaced them. Earlier
 * versions print a warning when they are called.
 */
function defineWhatNodeDropped(): void {
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
}
