/** Builds the folder of the page without a server. Any static host serves it, from any path. */
import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLING, ON_DEMAND, PAGE_SOURCE, STYLES_ON_DEMAND } from '../../src/bots/web/page-bundle.ts';
import { type PageLinks, PLAIN_FILES, pageHtml } from '../../src/bots/web/page-files.ts';
import type { EngineName } from '../../src/generator/engines/choose.ts';
import { WASM_NAMES } from '../../src/generator/engines/integer/kernel.ts';
import { BINARIES } from '../../src/generator/engines/integer/kernels.ts';
import { LEXICON_FILE } from '../../src/generator/lexicon.ts';
import { listModels, readJson } from '../../src/generator/model/files.ts';
import { MODEL_FILE, readModelPlan, VOCABULARY_FILE } from '../../src/generator/model/format.ts';
import { PAGE_POLICY } from '../../src/page/policy.ts';

/** TensorFlow.js's, for browsers with and without SIMD; threads are not used. */
const TENSORFLOW_FILES = ['tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm.wasm'];

/** The policy is in the page itself, because a static host sends no such header. */
const CONTENT_SECURITY_POLICY = Object.entries(PAGE_POLICY)
  .map(([directive, values]) => [directive, ...values].join(' '))
  .join('; ');

export interface StaticBuildOptions {
  readonly modelsFolder: string;
  /** The engine that browsers use; set by tests. */
  readonly engine?: EngineName | 'auto';
  /** The links on the page. */
  readonly links?: PageLinks;
}

/** Builds into `folder`, overwriting its files. Returns the paths of the files and their sizes in bytes. */
export async function buildStatic(
  folder: string,
  { modelsFolder, engine = 'auto', links = {} }: StaticBuildOptions,
): Promise<Map<string, number>> {
  const models = await listModels(modelsFolder);
  const sizes = new Map<string, number>();
  const write = async (path: string, content: string | Uint8Array | { from: string }) => {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    if (typeof content === 'object' && 'from' in content) await copyFile(content.from, target);
    else await writeFile(target, content);
    sizes.set(path, (await stat(target)).size);
  };

  for (const { path, contents } of await bundles(models, engine)) await write(path, contents);
  await write('index.html', withPolicy(pageHtml(links)));
  for (const file of Object.keys(PLAIN_FILES)) await write(file, { from: join(PAGE_SOURCE, file) });
  for (const file of WASM_NAMES.map((name) => `${name}.wasm`)) {
    await write(`wasm/${file}`, { from: fileURLToPath(new URL(file, BINARIES)) });
  }
  const tensorflow = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  for (const file of TENSORFLOW_FILES) await write(`wasm/${file}`, { from: join(tensorflow, file) });
  for (const { name } of models) {
    const from = join(modelsFolder, name);
    const plan = readModelPlan(await readJson(join(from, MODEL_FILE), `${name}/${MODEL_FILE}`), name);
    const lexicon = plan.lexiconSha256 === null ? [] : [LEXICON_FILE];
    for (const file of [MODEL_FILE, VOCABULARY_FILE, ...lexicon, ...plan.weights.shards]) {
      await write(`models/${name}/${file}`, { from: join(from, file) });
    }
  }
  return sizes;
}

/**
 * The scripts and the style sheet. Each engine is a separate chunk: a visitor fetches only the one in use.
 */
async function bundles(models: unknown, engine: string): Promise<{ path: string; contents: Uint8Array }[]> {
  const page = await build({
    ...BUNDLING,
    entryPoints: [
      { in: join(PAGE_SOURCE, 'main-static.ts'), out: 'page' },
      { in: join(PAGE_SOURCE, 'style.css'), out: 'page' },
      ...ON_DEMAND,
      ...STYLES_ON_DEMAND,
    ],
    logLevel: 'error',
    define: { STATIC_MODELS: JSON.stringify(models) },
  });
  const worker = await build({
    ...BUNDLING,
    entryPoints: [{ in: join(PAGE_SOURCE, 'story-worker/main.ts'), out: 'worker' }],
    splitting: true,
    logLevel: 'error',
    // TensorFlow.js's licence requires its notice.
    legalComments: 'eof',
    define: { STATIC_ENGINE: JSON.stringify(engine) },
  });
  return [...page.outputFiles, ...worker.outputFiles].map(({ path, contents }) => ({
    path: path.slice(BUNDLING.outdir.length),
    contents,
  }));
}

function withPolicy(html: string): string {
  const [start, end] = html.split('<meta charset="utf-8">\n') as [string, string];
  return `${start}<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${CONTENT_SECURITY_POLICY}">\n${end}`;
}
