/**
 * Starts the program from its compiled sources, which load faster. The first start, and the first
 * after a change, compiles them. Where the result cannot be stored, as in a read-only installation, Node runs the
 * sources through tsx.
 */
import module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { storedCompilation } from './compilation.js';

/** Runs `src/cli.ts`. */
export async function startProgram() {
  const folder = storedCompilation() ?? (await compiled());
  if (folder === undefined) {
    const { register } = await import('tsx/esm/api');
    register();
    await import('../src/cli.ts');
    return;
  }
  // Stack traces name the files and lines of the sources.
  if (!process.env.NOMAP) process.setSourceMapsEnabled(true);
  // Node 22 and later store what V8 compiled, also of packages, and read it at the next start.
  module.enableCompileCache?.(join(folder, 'code-cache'));
  await import(pathToFileURL(join(folder, 'cli.js')).href);
}

/** Compiles the sources; undefined where that fails. */
async function compiled() {
  try {
    const { compile } = await import('./compile.js');
    return await compile();
  } catch {
    // tsx reports a mistake in a source, with its line.
    return undefined;
  }
}
