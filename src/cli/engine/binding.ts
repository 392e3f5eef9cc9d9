/** The binding of TensorFlow.js: its JavaScript packages, and its native part, which is compiled here. */
import { copyFile, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BINDING_PACKAGE } from '../../generator/engines/tensorflow/cuda-installation.ts';
import { makeFolder } from '../../make-folder.ts';
import { commonRefusal, findProgram, missing, ProgramFailure, runProgram, tellingLine } from './programs.ts';
import type { TensorflowLibrary } from './tensorflow-source.ts';

/** The packages with their checksums; the project's own are not touched. */
const PACKAGES = fileURLToPath(new URL('cuda-packages/', import.meta.url));
/** The version of Node-API that the package asks for; its folder is named after it. */
const NODE_API_VERSION = 8;
const COMPILERS = ['g++', 'clang++', 'c++'];
/** Files of packages that only development tools read: more than half of their size. */
const UNUSED = /\.map$|\.d\.ts$/;

/**
 * Installs the JavaScript packages into a folder.
 *
 * @returns the version of the binding
 * @throws StoryError `configuration` that says what is missing
 */
export async function installPackages(folder: string, signal: AbortSignal): Promise<string> {
  for (const file of ['package.json', 'package-lock.json']) {
    await copyFile(join(PACKAGES, file), join(folder, file));
  }
  const npm = findProgram(['npm', join(dirname(process.execPath), 'npm')]);
  if (!npm) throw missing('There is no npm in the PATH. Install it; it comes with Node.js.');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier'];
  try {
    // What npm sets for a script that it runs would reach into the project.
    const environment = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^npm_(package|lifecycle|config_local_prefix)/.test(name),
      ),
    );
    await runProgram(npm, args, { folder, signal, environment });
  } catch (error) {
    if (!(error instanceof ProgramFailure)) throw error;
    throw commonRefusal(error.output, folder) ?? npmRefusal(error);
  }
  const modules = join(folder, 'node_modules');
  for (const path of await readdir(modules, { recursive: true })) {
    if (UNUSED.test(path)) await rm(join(modules, path), { force: true });
  }
  const manifest = JSON.parse(await readFile(join(modules, BINDING_PACKAGE, 'package.json'), 'utf8'));
  return manifest.version;
}

function npmRefusal({ output, message }: ProgramFailure): Error {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ENETUNREACH/.test(output)) {
    return missing(
      `npm does not reach its registry for ${BINDING_PACKAGE}. Connect this machine, or name a mirror ` +
        '(npm config set registry ADDRESS).',
    );
  }
  return missing(
    `npm cannot install ${BINDING_PACKAGE} (${message}): ${tellingLine(output, /npm (ERR!|error)/)}`,
  );
}

/** The compiler of C++: that of CXX, or the first in the PATH. */
export function findCompiler(): string {
  const named = process.env.CXX;
  const compiler = findProgram(named ? [named] : COMPILERS);
  if (compiler) return compiler;
  throw missing(
    named
      ? `There is no compiler ${named}, which CXX names. Install it, or name another.`
      : 'There is no C++ compiler (Debian: apt-get install g++; Fedora: dnf install gcc-c++).',
  );
}

/**
 * Compiles the native part. It is linked to TensorFlow by relative paths: the folder may be moved. It uses
 * Node-API alone, whose interface is the same in all versions of Node.
 *
 * @throws StoryError `configuration` with the compiler's error
 */
export async function buildBinding(
  compiler: string,
  folder: string,
  tensorflow: TensorflowLibrary,
  signal: AbortSignal,
): Promise<void> {
  const binding = join(folder, 'node_modules', BINDING_PACKAGE);
  const to = join(binding, 'lib', `napi-v${NODE_API_VERSION}`, 'tfjs_binding.node');
  await makeFolder(dirname(to));
  const [library] = tensorflow.libraries;
  const runPath = `$ORIGIN/${relative(dirname(to), dirname(library!))}`;
  const args = [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', `-DNAPI_VERSION=${NODE_API_VERSION}`],
    ...['-I', tensorflow.include, '-I', join(folder, 'node_modules/node-api-headers/include')],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(binding, 'binding', file)),
    ...['-o', to, ...tensorflow.libraries, `-Wl,-rpath,${runPath}`],
  ];
  try {
    await runProgram(compiler, args, { folder, signal });
  } catch (error) {
    if (!(error instanceof ProgramFailure)) throw error;
    const { output, message } = error;
    throw (
      commonRefusal(output, folder) ??
      missing(
        `The compiler cannot build the binding for TensorFlow ${tensorflow.version} (${message}): ` +
          tellingLine(output, /\berror:/, /undefined reference|cannot find/),
      )
    );
  }
}
