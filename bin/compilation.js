/** The stored compilation of the sources, and whether it is up to date. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the program. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The folder of all compilations; in `node_modules`, so that compiled code finds packages. */
export const CACHE = join(ROOT, 'node_modules/.cache/scifi');
/** The file that describes the newest compilation. */
export const CURRENT = 'current.json';

/**
 * A compilation of the sources.
 *
 * @typedef {object} Compilation
 * @property {string} root the folder of the program; compiled code names files in it
 * @property {string[]} files what was compiled, and what compiled it; paths in `root`
 * @property {string} digest of the contents of these files; the name of the compilation's folder
 */

/** The folder of the stored compilation, if it was made from exactly the present contents of its files. */
export function storedCompilation() {
  try {
    /** @type {Compilation} */
    const { root, files, digest } = JSON.parse(readFileSync(join(CACHE, CURRENT), 'utf8'));
    const contents = files.map((file) => /** @type {const} */ ([file, readFileSync(join(ROOT, file))]));
    return root === ROOT && digestOf(contents) === digest ? join(CACHE, digest) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A digest of files' names and contents.
 *
 * @param {Iterable<readonly [file: string, content: Uint8Array]>} contents
 */
export function digestOf(contents) {
  const digest = createHash('sha256');
  for (const [file, content] of contents) digest.update(`${file}\0${content.length}\0`).update(content);
  return digest.digest('hex').slice(0, 32);
}
