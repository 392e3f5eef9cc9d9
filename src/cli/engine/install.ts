/** `engine install cuda`: builds an installation in a temporary folder, proves it, and moves it into place. */
import { existsSync, statSync } from 'node:fs';
import { readdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CUDA_ENGINE,
  type CudaReceipt,
  DRIVER_LIBRARY,
  enginesFolder,
  RECEIPT_FILE,
  RECEIPT_FORMAT,
  TENSORFLOW_FOLDER,
} from '../../generator/engines/tensorflow/cuda-installation.ts';
import { dlopenProblem } from '../../generator/engines/tensorflow/dawn.ts';
import { makeFolder } from '../../make-folder.ts';
import { printLine } from '../console.ts';
import { buildBinding, findCompiler, installPackages } from './binding.ts';
import { missing, ProgramFailure, runProgram } from './programs.ts';
import { provideTensorflow, TENSORFLOW_VERSION } from './tensorflow-source.ts';

export interface InstallOptions {
  /** Installs TensorFlow without CUDA, to try the engine on the processor. */
  readonly cpu?: boolean;
  /** Installs for a GPU where this machine has none, as when an image is built. */
  readonly withoutGpu?: boolean;
  readonly tensorflow?: string;
  readonly python?: string;
}

const BYTES_PER_GIB = 2 ** 30;
/**
 * Space that an installation takes while it is made: what is downloaded, unpacked and kept. A folder with TensorFlow
 * is only linked to.
 */
const SPACE_GIB = { gpu: 12, cpu: 3, folder: 0.5 } as const;
/** Temporary folders beside the installation, named after the process that makes it. */
const TEMPORARY = /^\.installing-(\d+)$/;

/**
 * Installs the CUDA engine.
 *
 * @throws StoryError `configuration`: one sentence that says what is missing and how to get it
 */
export async function installCuda(options: InstallOptions, signal: AbortSignal): Promise<void> {
  const device = options.cpu ? 'cpu' : 'gpu';
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw missing(
      `TensorFlow has no CUDA for ${process.platform} on ${process.arch}: the engine needs Linux on x86-64 ` +
        '(in Windows: WSL 2). SCIFI_ENGINE=webgpu runs on GPUs of other systems.',
    );
  }
  if (device === 'gpu' && !options.withoutGpu) requireDriver();
  const compiler = findCompiler();
  const engines = enginesFolder();
  await makeFolder(engines);
  await removeLeftovers(engines);
  await requireSpace(engines, isFolder(options.tensorflow) ? 'folder' : device);

  const temporary = join(engines, `.installing-${process.pid}`);
  try {
    const folder = join(temporary, CUDA_ENGINE);
    const scratch = join(temporary, 'scratch');
    for (const made of [join(folder, TENSORFLOW_FOLDER), scratch]) await makeFolder(made);
    const source = options.tensorflow ?? `${TENSORFLOW_VERSION} with pip`;
    printLine(`Installing TensorFlow ${device === 'gpu' ? 'with' : 'without'} CUDA: ${source}`);
    const tensorflow = await provideTensorflow(folder, scratch, {
      device,
      given: options.tensorflow,
      python: options.python,
      signal,
    });
    printLine('Installing the JavaScript of TensorFlow.js with npm');
    const binding = await installPackages(folder, signal);
    printLine(`Compiling the binding ${binding} for TensorFlow ${tensorflow.version}`);
    await buildBinding(compiler, folder, tensorflow, signal);
    await rm(scratch, { recursive: true });
    const receipt: CudaReceipt = { format: RECEIPT_FORMAT, binding, tensorflow: tensorflow.version, device };
    await writeFile(join(folder, RECEIPT_FILE), `${JSON.stringify(receipt, null, 2)}\n`);
    printLine(`Testing it on ${device === 'gpu' && !options.withoutGpu ? 'the GPU' : 'the processor'}`);
    await proveInstallation(temporary, device === 'cpu' || options.withoutGpu === true, signal);
    const place = join(engines, CUDA_ENGINE);
    // The earlier installation is deleted with the temporary folder.
    if (existsSync(place)) await rename(place, join(temporary, 'replaced'));
    await rename(folder, place);
    const setting =
      device === 'gpu' ? 'SCIFI_ENGINE=auto (the default) and cuda use' : 'SCIFI_ENGINE=cuda-cpu uses';
    printLine(`Installed in ${place}. ${setting} it.`);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function isFolder(path: string | undefined): boolean {
  return path !== undefined && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function requireDriver(): void {
  const problem = dlopenProblem(DRIVER_LIBRARY);
  if (!problem) return;
  throw missing(
    `There is no NVIDIA driver (${problem}). Install it (Debian: apt-get install nvidia-driver). Add ` +
      '--without-gpu to install for another machine, as in an image, or --cpu to try the engine on the processor.',
  );
}

/** @throws StoryError `configuration` where a folder's disk has less free space than an installation takes */
export async function requireSpace(folder: string, kind: keyof typeof SPACE_GIB): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = (bavail * bsize) / BYTES_PER_GIB;
  if (free >= SPACE_GIB[kind]) return;
  throw missing(
    `${folder} has ${free.toFixed(1)} GiB of free space; the installation needs ${SPACE_GIB[kind]}. Free some, or ` +
      'set SCIFI_ENGINES to another folder.',
  );
}

/** Removes what installations left that were killed. */
export async function removeLeftovers(engines: string): Promise<void> {
  for (const name of await readdir(engines)) {
    const pid = TEMPORARY.exec(name)?.[1];
    if (pid && !isRunning(Number(pid))) await rm(join(engines, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** In a process of its own: a library that crashes ends that one, and the rest of this one is cleaned up. */
async function proveInstallation(engines: string, onProcessor: boolean, signal: AbortSignal): Promise<void> {
  const words = ['engine', 'test', CUDA_ENGINE, ...(onProcessor ? ['--on-processor'] : [])];
  const args = [...process.execArgv, process.argv[1]!, ...words];
  const environment = { ...process.env, SCIFI_ENGINES: engines };
  try {
    const output = await runProgram(process.execPath, args, { folder: process.cwd(), signal, environment });
    for (const line of output.trim().split('\n')) printLine(`  ${line}`);
  } catch (error) {
    if (!(error instanceof ProgramFailure)) throw error;
    const reason = error.output.trim().split('\n').at(-1) || error.message;
    throw missing(`The engine was built, but fails its test: ${reason} Nothing was installed.`, error);
  }
}
