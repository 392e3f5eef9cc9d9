/** TensorFlow's C library for the CUDA engine: from a Python package index, a wheel, or a folder. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rename, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type CudaDevice,
  NVIDIA_FOLDER,
  TENSORFLOW_FOLDER,
} from '../../generator/engines/tensorflow/cuda-installation.ts';
import { printLine } from '../console.ts';
import { commonRefusal, findProgram, missing, ProgramFailure, runProgram, tellingLine } from './programs.ts';

/** The version of TensorFlow that is installed where none is given. */
export const TENSORFLOW_VERSION = '2.21.0';
/** The oldest version whose C interface the binding uses. */
const OLDEST = [2, 9] as const;
const UNKNOWN_VERSION = 'of an unknown version';
/** A release of Python that TensorFlow has a package for; it need not be this machine's, which only unpacks it. */
const WHEEL_PYTHON = '3.11';
const PYTHONS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
const PACKAGES: Readonly<Record<CudaDevice, string>> = { gpu: 'tensorflow', cpu: 'tensorflow_cpu' };

export interface TensorflowOptions {
  readonly device: CudaDevice;
  /** A wheel of TensorFlow, or a folder with one unpacked or with libtensorflow; undefined for the index. */
  readonly given: string | undefined;
  /** A Python with pip; undefined for the first in the PATH. */
  readonly python: string | undefined;
  readonly signal: AbortSignal;
}

/** What the binding is built against. */
export interface TensorflowLibrary {
  readonly version: string;
  readonly include: string;
  /** Paths of the libraries, which the binding is linked to. */
  readonly libraries: readonly string[];
}

/**
 * Puts TensorFlow's libraries, and NVIDIA's for a GPU, into an installation.
 *
 * @param folder of the installation
 * @param scratch a folder for what is unpacked, which the caller deletes after the build
 * @throws StoryError `configuration` that says what is missing
 */
export async function provideTensorflow(
  folder: string,
  scratch: string,
  options: TensorflowOptions,
): Promise<TensorflowLibrary> {
  const given = options.given === undefined ? undefined : resolve(options.given);
  if (given !== undefined && !existsSync(given)) {
    throw missing(`${given} does not exist. Give TensorFlow's folder or wheel with --tensorflow.`);
  }
  if (given !== undefined && statSync(given).isDirectory()) {
    const found = locate(given);
    // Links, because TensorFlow has a gigabyte; the operator keeps the folder.
    return place(found, folder, (from, to) => symlink(from, to));
  }
  const pip = findPip(options.python);
  const packages = join(scratch, 'python');
  await pipInstall(pip, [given ?? `${PACKAGES[options.device]}==${TENSORFLOW_VERSION}`], packages, {
    ...options,
    scratch,
    noDependencies: true,
  });
  if (options.device === 'gpu') {
    const needed = cudaRequirements(packages);
    if (needed.length === 0 || packageInfo(packages)!.folder.includes(PACKAGES.cpu)) {
      throw missing(`${given ?? 'The package'} was built without CUDA. Add --cpu, or give one for a GPU.`);
    }
    printLine(`Installing NVIDIA's libraries with pip: ${needed.length} packages`);
    await pipInstall(pip, needed, packages, { ...options, scratch, noDependencies: false });
  }
  return place(locate(packages), folder, rename);
}

interface Located extends TensorflowLibrary {
  /** NVIDIA's packages, where they lie beside TensorFlow's. */
  readonly nvidia: string | undefined;
}

/** The forms in which TensorFlow comes: Python's package, and the archive libtensorflow. */
const FORMS = [
  { in: '', names: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] },
  { in: 'lib', names: ['libtensorflow.so.2', 'libtensorflow_framework.so.2'] },
] as const;

/**
 * Finds TensorFlow in a folder: its own, or the one with all Python packages.
 *
 * @throws StoryError `configuration` where it is not there, or too old
 */
function locate(folder: string): Located {
  for (const root of [folder, join(folder, 'tensorflow')]) {
    const include = join(root, 'include');
    if (!existsSync(join(include, 'tensorflow/c/eager/c_api.h'))) continue;
    for (const form of FORMS) {
      const libraries = form.names.map((name) => join(root, form.in, name));
      if (!libraries.every((library) => existsSync(library))) continue;
      const version = versionOf(root);
      const [major = 0, minor = 0] = version.split('.').map(Number);
      if (version !== UNKNOWN_VERSION && (major !== OLDEST[0] || minor < OLDEST[1])) {
        throw missing(
          `${root} has TensorFlow ${version}. The binding needs ${OLDEST.join('.')} or a later one of ${OLDEST[0]}.`,
        );
      }
      const nvidia = join(dirname(root), NVIDIA_FOLDER);
      return { version, include, libraries, nvidia: existsSync(nvidia) ? nvidia : undefined };
    }
  }
  throw missing(
    `${folder} has no TensorFlow: expected include/tensorflow/c/eager/c_api.h and ${FORMS[0].names[0]}, ` +
      `or ${FORMS[1].in}/${FORMS[1].names[0]}.`,
  );
}

/** The version in TensorFlow's headers or, where they have none, in the name of its Python package. */
function versionOf(root: string): string {
  const header = join(root, 'include/tensorflow/core/public/version.h');
  const text = existsSync(header) ? readFileSync(header, 'utf8') : '';
  const parts = ['MAJOR', 'MINOR', 'PATCH'].map(
    (part) => new RegExp(`^#define TF_${part}_VERSION (\\d+)$`, 'm').exec(text)?.[1],
  );
  if (parts.every((part) => part !== undefined)) return parts.join('.');
  return packageInfo(dirname(root))?.version ?? UNKNOWN_VERSION;
}

/** The folder of metadata of TensorFlow's Python package, such as `tensorflow_cpu-2.21.0.dist-info`. */
function packageInfo(packages: string): { readonly folder: string; readonly version: string } | undefined {
  for (const name of readdirSync(packages)) {
    const version = /^tensorflow\w*-(\d+\.\d+\.\d+)\.dist-info$/.exec(name)?.[1];
    if (version) return { folder: join(packages, name), version };
  }
  return undefined;
}

/** Puts the libraries where the binding looks for them: moved, or linked to. */
async function place(
  found: Located,
  folder: string,
  put: (from: string, to: string) => Promise<void>,
): Promise<TensorflowLibrary> {
  const libraries: string[] = [];
  for (const library of found.libraries) {
    const to = join(folder, TENSORFLOW_FOLDER, library.split('/').at(-1)!);
    await put(library, to);
    libraries.push(to);
  }
  if (found.nvidia) await put(found.nvidia, join(folder, NVIDIA_FOLDER));
  return { version: found.version, include: found.include, libraries };
}

/** The packages that TensorFlow's package names as its extra `and-cuda`, such as `nvidia-cublas-cu12<13.0`. */
function cudaRequirements(packages: string): string[] {
  const info = packageInfo(packages);
  const metadata = info ? readFileSync(join(info.folder, 'METADATA'), 'utf8') : '';
  return [...metadata.matchAll(/^Requires-Dist: ([^;\n]+); extra == ["']and-cuda["']$/gm)].map(([, name]) =>
    name!.trim(),
  );
}

function findPip(named: string | undefined): string {
  const python = findProgram(named === undefined ? PYTHONS : [named]);
  if (!python) {
    throw missing(
      `There is no ${named ?? 'Python'}. Install it (Debian: apt-get install python3-pip), name one with ` +
        '--python, or give TensorFlow with --tensorflow.',
    );
  }
  return python;
}

/** Installs Python packages into a folder: no environment, and nothing of this machine's Python is changed. */
async function pipInstall(
  python: string,
  requirements: readonly string[],
  folder: string,
  options: TensorflowOptions & { readonly scratch: string; readonly noDependencies: boolean },
): Promise<void> {
  const args = [
    ...['-m', 'pip', 'install', '--target', folder, '--upgrade', '--no-compile', '--no-cache-dir'],
    ...['--disable-pip-version-check', '--only-binary=:all:'],
    ...['--implementation', 'cp', '--python-version', WHEEL_PYTHON],
    ...(options.noDependencies ? ['--no-deps'] : []),
    ...requirements,
  ];
  // pip unpacks where TMPDIR says: on the disk that is known to have the space.
  const environment = { ...process.env, TMPDIR: options.scratch, PIP_USER: '0' };
  try {
    await runProgram(python, args, { folder: options.scratch, signal: options.signal, environment });
  } catch (error) {
    if (!(error instanceof ProgramFailure)) throw error;
    throw commonRefusal(error.output, folder) ?? pipRefusal(python, requirements, error);
  }
}

function pipRefusal(
  python: string,
  requirements: readonly string[],
  { output, message }: ProgramFailure,
): Error {
  if (/No module named pip/.test(output)) {
    return missing(
      `${python} has no pip. Install it (Debian: apt-get install python3-pip), name another Python with ` +
        '--python, or give TensorFlow with --tensorflow.',
    );
  }
  const names = requirements.length === 1 ? requirements[0] : "NVIDIA's packages";
  if (
    /Failed to establish a new connection|Temporary failure in name|Read timed out|ProxyError|SSLError/.test(
      output,
    )
  ) {
    return missing(
      `pip reaches no package index for ${names}. Connect this machine, name a mirror in PIP_INDEX_URL, or give ` +
        'TensorFlow with --tensorflow.',
    );
  }
  if (/No matching distribution found|not a supported wheel/.test(output)) {
    return missing(
      `pip finds no package ${names} for this system (${process.platform} ${process.arch}). Give TensorFlow with ` +
        '--tensorflow, or name another package index in PIP_INDEX_URL.',
    );
  }
  return missing(`pip cannot install ${names} (${message}): ${tellingLine(output, /^ERROR/i)}`);
}
