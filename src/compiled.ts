/**
 * How a thread, or a process of its own, runs a module of this program: compiled (`bin/compile.js`) if this
 * process runs compiled code, and through tsx otherwise. Node 20 does not pass tsx on to a thread.
 */
import { fileURLToPath } from 'node:url';

/** Lies in `src`, or in the folder of a compilation, which has the layout of `src`. */
const HERE = import.meta.url;
const isCompiled = HERE.endsWith('.js');

/**
 * JavaScript that imports a module, for a `Worker` with `eval`.
 *
 * @param module its path in `src`, without the ending; one of `ENTRIES` in `bin/compile.js`
 */
export function importing(module: string): string {
  const url = JSON.stringify(urlOf(module));
  if (isCompiled) return `import(${url});`;
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  return `import(${tsx}).then((tsx) => { tsx.register(); return import(${url}); });`;
}

/** Arguments of Node that run a module; `module` as for `importing`. */
export function running(module: string): string[] {
  const file = fileURLToPath(urlOf(module));
  return isCompiled ? [file] : ['--import', import.meta.resolve('tsx'), file];
}

/** The path of a file of the compilation; undefined where this process runs the sources. */
export function compiledFile(path: string): string | undefined {
  return isCompiled ? fileURLToPath(new URL(path, HERE)) : undefined;
}

function urlOf(module: string): string {
  return new URL(`${module}${isCompiled ? '.js' : '.ts'}`, HERE).href;
}
