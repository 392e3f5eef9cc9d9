/**
 * Starts the program from its compiled sources, which load faster. The first start, and the first
 * after a change, compiles them. Where the result cannot be stored, as in a read-only installation, Node runs the
 * sources through tsx.
 */
import module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { storedCompilation } from './compilation.js';
import { traceSources } from './stack-traces.js';

/** Runs `src/cli.ts`. */
export async function startProgram() {
  const folder = storedCompilation() ?? (await compiled());
  if (folder === undefined) {
    const { register } = await import('tsx/esm/api');
    register();
    await import('../src/cli.ts');
    return;
  }
  traceSources(folder);
  // Node 22 and later store what V8 compiled, also of packages, and read it at the next start.
  module.enableCompileCache?.(join(folder, 'code-cache'));
  await import(pathToFileURL(join(folder, 'cli.js')).href);
}

/** Compiles the sources; undefined where the result cannot be stored. Ends the process for a mistake in a source. */
async function compiled() {
  try {
    const { compile } = await import('./compile.js');
    return await compile();
  } catch (error) {
    const mistakes = mistakesIn(error);
    if (mistakes.length === 0) return undefined;
    process.stderr.write(`${mistakes.join('\n')}\n`);
    return process.exit(1);
  }
}

/**
 * The mistakes in sources that esbuild has found, as `src/cli.ts:12:5: Expected ";"`; none for another error.
 *
 * @param {unknown} error
 */
function mistakesIn(error) {
  if (!(error instanceof Error) || !('errors' in error)) return [];
  const { errors } = /** @type {import('esbuild').BuildFailure} */ (error);
  return errors.flatMap(({ location, text }) =>
    location ? [`${location.file}:${location.line}:${location.column + 1}: ${text}`] : [],
  );
}
