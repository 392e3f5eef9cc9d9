/** Compiles the sources with esbuild: the many modules that a process loads become a few files. */
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, extname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { CACHE, CURRENT, digestOf, ROOT } from './compilation.js';

/** What is loaded by its name: the program, what it runs in threads and processes, and how the page is bundled. */
const ENTRIES = [
  'src/cli.ts',
  'src/bots/web/page-bundle.ts',
  'src/generator/model/formats/hdf5-reader.ts',
  'src/queue/backends/embedded/create-process.ts',
  'src/queue/backends/embedded/database-thread.ts',
];
/** What the result depends on besides the sources. */
const TOOLS = ['bin/compile.js', 'bin/compilation.js', 'tsconfig.json', 'node_modules/esbuild/package.json'];
/** Compilations that are kept: a process that runs may still load a file of the one that it started from. */
const KEPT = 10;

/**
 * Compiles the sources and stores the result.
 *
 * @returns {Promise<string>} the folder of this one
 * @throws an Error for a mistake in a source, and where nothing can be written
 */
export async function compile() {
  await mkdir(CACHE, { recursive: true });
  const unfinished = join(CACHE, `unfinished-${process.pid}-${Date.now()}`);
  /** @type {Map<string, Uint8Array>} What was compiled, as it was read: a file may change meanwhile. */
  const contents = new Map();
  for (const file of TOOLS) contents.set(file, readFileSync(join(ROOT, file)));
  try {
    await build({
      absWorkingDir: ROOT,
      entryPoints: ENTRIES,
      outbase: 'src',
      outdir: unfinished,
      bundle: true,
      // A module that is imported on demand stays in a file of its own.
      splitting: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'linked',
      sourcesContent: false,
      logLevel: 'silent',
      plugins: [readSources(contents, true)],
    });
    const { PAGE_BUNDLE } = await import(pathToFileURL(join(unfinished, 'bots/web/page-bundle.js')).href);
    await build({
      ...PAGE_BUNDLE,
      absWorkingDir: ROOT,
      write: true,
      outdir: join(unfinished, 'page'),
      logLevel: 'silent',
      plugins: [readSources(contents, false)],
    });
    await writeFile(join(unfinished, 'package.json'), '{"type":"module"}\n');
    const digest = digestOf(contents);
    await rename(unfinished, join(CACHE, digest)).catch((error) => {
      // Another process has compiled the same.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST' && error.code !== 'EPERM') throw error;
    });
    const description = join(CACHE, `${digest}.json`);
    await writeFile(description, JSON.stringify({ root: ROOT, files: [...contents.keys()], digest }));
    await rename(description, join(CACHE, CURRENT));
    await removeOld();
    return join(CACHE, digest);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/**
 * Reads the sources for esbuild. A compiled module lies elsewhere than its source, so what a source of the server
 * reads of its own path is written into the code. `src/compiled.ts` asks where the code lies, and is left alone.
 *
 * @param {Map<string, Uint8Array>} contents receives what was read
 * @param {boolean} areServers whether they run on Node, and not in a browser
 * @returns {import('esbuild').Plugin}
 */
function readSources(contents, areServers) {
  return {
    name: 'sources',
    setup({ onLoad }) {
      onLoad({ filter: /\.(?:ts|js|json|css)$/ }, ({ path }) => {
        const file = relative(ROOT, path).replaceAll(sep, '/');
        const content = readFileSync(path);
        contents.set(file, content);
        const loader = /** @type {import('esbuild').Loader} */ (extname(path).slice(1));
        if (!areServers || loader === 'json' || file === 'src/compiled.ts')
          return { contents: content, loader };
        const own = { url: pathToFileURL(path).href, dirname: dirname(path), filename: path };
        const placed = content
          .toString('utf8')
          .replace(/\bimport\.meta\.(url|dirname|filename)\b/g, (_, name) =>
            JSON.stringify(own[/** @type {keyof typeof own} */ (name)]),
          );
        return { contents: placed, loader };
      });
    },
  };
}

/**
 * Removes all compilations but the newest ones. */
async function removeOld() {
  const folders = (await readdir(CACHE, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const dated = await Promise.all(
    folders.map(async ({ name }) => ({ name, ms: (await stat(join(CACHE, name))).mtimeMs })),
  );
  dated.sort((one, other) => other.ms - one.ms);
  for (const { name } of dated.slice(KEPT)) await rm(join(CACHE, name), { recursive: true, force: true });
}
