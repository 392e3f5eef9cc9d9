/**
 * Compiles the sources, and packages that they use, with esbuild: the many modules that a process loads become a few
 * files.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
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
/**
 * Packages that are compiled, with the packages that they use: those that take long to load as they are. A package
 * with native code, with WebAssembly or with state that other packages share is none of them.
 */
const PACKAGES = [
  '@fastify/basic-auth',
  '@fastify/helmet',
  '@fastify/rate-limit',
  '@noble/hashes',
  '@slack/bolt',
  'bullmq',
  'commander',
  'discord.js',
  'fastify',
  'ioredis',
  'ipaddr.js',
  'obscenity',
  'prom-client',
  'rate-limiter-flexible',
  'temporal-polyfill',
  'zod',
];
/** Packages whose ES modules Node would not find. They load faster: what is not used of them is left out. */
const ES_MODULES = { bullmq: './node_modules/bullmq/dist/esm/index.js' };
/** Packages that those use, and that are loaded as they are: with native code, and with threads. */
const UNCOMPILED = ['bufferutil', 'msgpackr', 'msgpackr-extract', 'pino', 'utf-8-validate', 'zlib-sync'];
/** What the result depends on besides the sources. */
const TOOLS = ['bin/compile.js', 'bin/compilation.js', 'tsconfig.json', 'node_modules/esbuild/package.json'];
/**
 * npm writes it at each installation, with the versions and digests of all packages. Without it, as after an
 * installation with another program, no package is compiled: a change could go unnoticed.
 */
const INSTALLED = 'node_modules/.package-lock.json';
/** CommonJS packages ask for Node's modules with `require`, which a compiled module lacks. */
const REQUIRE = `import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url);`;
/** Compilations that are kept: a process that runs may still load a file of the one that it started from. */
const KEPT = 5;
/** The path of the package that a file belongs to, as `node_modules/a/node_modules/@b/c`. */
const PACKAGE = /^node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/;

/**
 * Compiles the sources and stores the result.
 *
 * @returns {Promise<string>} the folder of this one
 * @throws an Error for a mistake in a source, and where nothing can be written
 */
export async function compile() {
  await mkdir(CACHE, { recursive: true });
  const unfinished = join(CACHE, `unfinished-${process.pid}-${Date.now()}`);
  const description = `${unfinished}.json`;
  /** @type {Map<string, Uint8Array>} What was compiled, as it was read: a file may change meanwhile. */
  const contents = new Map();
  const packages = existsSync(join(ROOT, INSTALLED)) ? PACKAGES : [];
  const tools = packages.length > 0 ? [...TOOLS, INSTALLED] : TOOLS;
  for (const file of tools) contents.set(file, readFileSync(join(ROOT, file)));
  try {
    await build({
      absWorkingDir: ROOT,
      entryPoints: ENTRIES,
      outbase: 'src',
      outdir: unfinished,
      bundle: true,
      // A module that is imported on demand stays in a file of its own.
      splitting: true,
      format: 'esm',
      alias: ES_MODULES,
      banner: { js: REQUIRE },
      platform: 'node',
      target: 'node20',
      sourcemap: 'linked',
      sourcesContent: false,
      logLevel: 'silent',
      plugins: [choosePackages(packages), readSources(contents, true)],
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
    // They are read in any order, and the same contents have one digest.
    const sorted = [...contents].sort(([one], [other]) => (one < other ? -1 : 1));
    const digest = digestOf(sorted);
    const folder = join(CACHE, digest);
    await rename(unfinished, folder).catch((error) => {
      // The same was compiled before, or by another process meanwhile.
      if (!existsSync(folder)) throw error;
    });
    const now = new Date();
    await utimes(folder, now, now);
    // Under a name of its own: other processes store theirs at the same time.
    await writeFile(description, JSON.stringify({ root: ROOT, files: sorted.map(([file]) => file), digest }));
    await rename(description, join(CACHE, CURRENT));
    await removeOld();
    return folder;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
    await rm(description, { force: true });
  }
}

/**
 * Leaves packages that are not compiled to Node.
 *
 * @param {readonly string[]} compiled
 * @returns {import('esbuild').Plugin}
 */
function choosePackages(compiled) {
  return {
    name: 'packages',
    setup({ onResolve }) {
      onResolve({ filter: /^[^./]/ }, ({ path, importer, kind }) => {
        if (kind === 'entry-point' || isBuiltin(path)) return undefined;
        const [name = path] = /^(?:@[^/]+\/)?[^/]+/.exec(path) ?? [];
        const isCompiled = PACKAGE.test(inRoot(importer))
          ? !UNCOMPILED.includes(name)
          : compiled.includes(name);
        return isCompiled ? undefined : { external: true };
      });
    },
  };
}

/**
 * Reads the sources for esbuild. A compiled module lies elsewhere than its source, so what a source of the server
 * reads of its own path is written into the code. `src/compiled.ts` asks where the code lies, and is left alone.
 *
 * @param {Map<string, Uint8Array>} contents receives what was read; of a package, its `package.json`
 * @param {boolean} areServers whether they run on Node, and not in a browser
 * @returns {import('esbuild').Plugin}
 */
function readSources(contents, areServers) {
  return {
    name: 'sources',
    setup({ onLoad }) {
      onLoad({ filter: /\.(?:ts|[cm]?js|json|css)$/ }, ({ path }) => {
        const file = inRoot(path);
        const content = readFileSync(path);
        const inPackage = PACKAGE.exec(file)?.[0];
        if (inPackage === undefined) contents.set(file, content);
        else contents.set(`${inPackage}/package.json`, readFileSync(join(ROOT, inPackage, 'package.json')));
        const loader = /** @type {import('esbuild').Loader} */ (
          extname(path)
            .slice(1)
            .replace(/^[cm]js$/, 'js')
        );
        const isPlaced = areServers && loader !== 'json' && file !== 'src/compiled.ts';
        return { contents: isPlaced ? placed(content.toString('utf8'), path) : content, loader };
      });
    },
  };
}

/**
 * Writes a module's path into its code, in place of `import.meta`, and of what CommonJS has for it.
 *
 * @param {string} code
 * @param {string} path
 */
function placed(code, path) {
  const [url, filename, folder] = [pathToFileURL(path).href, path, dirname(path)].map((text) =>
    JSON.stringify(text),
  );
  const values = { url, filename, dirname: folder };
  const written = code.replace(
    /\bimport\.meta\.(url|filename|dirname)\b/g,
    (_, name) => values[/** @type {keyof typeof values} */ (name)] ?? '',
  );
  const asksAsCommonJs =
    /\b__(?:file|dir)name\b/.test(code) && !/\b(?:const|let|var) __(?:file|dir)name\b/.test(code);
  if (!asksAsCommonJs) return written;
  // On the first line, so that the numbers of lines stay.
  const mode = /^\s*['"]use strict['"]/.test(code) ? "'use strict'; " : '';
  return `${mode}var __filename = ${filename}, __dirname = ${folder}; ${written}`;
}

/**
 * The path of a file in the program's folder.
 *
 * @param {string} path
 */
function inRoot(path) {
  return relative(ROOT, path).replaceAll(sep, '/');
}

/** Removes all compilations but the newest ones. */
async function removeOld() {
  const folders = (await readdir(CACHE, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const dated = folders.map(({ name }) => {
    // Another process may have renamed or removed it meanwhile.
    const ms = statSync(join(CACHE, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return { name, ms };
  });
  dated.sort((one, other) => other.ms - one.ms);
  for (const { name } of dated.slice(KEPT)) await rm(join(CACHE, name), { recursive: true, force: true });
}
