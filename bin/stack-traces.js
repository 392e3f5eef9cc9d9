/** Stack traces that name the files and lines of the sources. */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Translates the stack traces of this thread. A map is read when a trace needs it: Node's own support of source maps
 * reads the maps of all modules as they are loaded, a tenth of a start.
 *
 * @param {string} folder of the compiled code; its files are not changed while this process runs
 */
export function traceSources(folder) {
  const compiled = pathToFileURL(folder).href;
  /** @type {Map<string, SourceMap | undefined>} by the URL of a compiled file */
  const maps = new Map();

  /** @param {string} url */
  const mapOf = (url) => {
    if (!maps.has(url)) maps.set(url, readMap(fileURLToPath(url)));
    return maps.get(url);
  };

  /** @param {NodeJS.CallSite} site */
  const translated = (site) => {
    const [url, line, column] = [site.getFileName(), site.getLineNumber(), site.getColumnNumber()];
    if (!url?.startsWith(compiled) || line === null || column === null) return String(site);
    const entry = mapOf(url)?.findEntry(line - 1, column - 1);
    if (!entry || !('originalSource' in entry)) return String(site);
    const source = resolve(dirname(fileURLToPath(url)), entry.originalSource);
    const position = `${pathToFileURL(source).href}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    return String(site).replace(`${url}:${line}:${column}`, position);
  };

  Error.prepareStackTrace = (error, sites) =>
    [describe(error), ...sites.map((site) => `    at ${translated(site)}`)].join('\n');
}

/** @param {string} file */
function readMap(file) {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
  } catch {
    // A later installation has removed it.
    return undefined;
  }
}

/**
 * The first line of a trace.
 *
 * @param {unknown} error
 */
function describe(error) {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return '<error>';
  }
}
