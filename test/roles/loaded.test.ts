/** What a process loads: only the code of its own roles. Counted in the compiled sources, which all processes run. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const IMPORT = /^(?:import|export)\b[^'"]*?["']([^"']+)["']/gm;
const SOURCES = /"sources":\s*\[([^\]]*)\]/;

describe('the compiled sources', () => {
  let folder: string;

  before(async () => {
    const { compile } = (await import(new URL('../../bin/compile.js', import.meta.url).href)) as {
      compile(): Promise<string>;
    };
    folder = await compile();
  });

  /** The packages and sources that an entry loads at once; imports on demand are not followed. */
  function loadedBy(entry: string): { readonly packages: Set<string>; readonly sources: Set<string> } {
    const [packages, sources, files] = [new Set<string>(), new Set<string>(), new Set<string>()];
    const visit = (file: string) => {
      if (files.has(file)) return;
      files.add(file);
      const map = `${file}.map`;
      for (const [, source] of SOURCES.exec(existsSync(map) ? readFileSync(map, 'utf8') : '')?.[1]?.matchAll(
        /"([^"]+)"/g,
      ) ?? []) {
        const path = relative(ROOT, resolve(dirname(file), source!));
        sources.add(path);
        const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
        if (name !== undefined) packages.add(name);
      }
      for (const [, name] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
        if (name!.startsWith('.')) visit(join(dirname(file), name!));
        else if (!isBuiltin(name!)) packages.add(name!);
      }
    };
    visit(join(folder, entry));
    return { packages, sources };
  }

  /** The file that has a source that is imported on demand. */
  function onDemand(source: string): string {
    const name = new RegExp(`import\\("\\./(${source}-\\w+\\.js)"\\)`);
    const app = readFileSync(
      join(folder, /import\("\.\/(app-\w+\.js)"\)/.exec(readFileSync(join(folder, 'cli.js'), 'utf8'))![1]!),
      'utf8',
    );
    return name.exec(app)![1]!;
  }

  /** Fails if an entry loads one of these packages, or a source whose path matches. */
  function assertLacks(entry: string, names: readonly string[], paths: RegExp): void {
    const { packages, sources } = loadedBy(entry);
    for (const name of names) assert.ok(!packages.has(name), name);
    assert.deepEqual(
      [...sources].filter((source) => paths.test(source)),
      [],
    );
  }

  it('load neither a role, nor the queue, nor an engine with the program', () => {
    const entry = 'cli.js';
    const { sources } = loadedBy(entry);
    assert.ok(sources.has('src/cli/run.ts'));
    assertLacks(
      entry,
      ['bullmq', 'ioredis', 'fastify', 'discord.js', '@slack/bolt', 'onnxruntime-node', 'esbuild'],
      /^src\/(?:roles|bots\/(?!blocks\.ts))/,
    );
  });

  it('load no server and no chat with a worker, and no engine that is not chosen', () => {
    const entry = onDemand('worker');
    const { packages, sources } = loadedBy(entry);
    assert.ok(sources.has('src/roles/worker.ts') && packages.has('bullmq'));
    assertLacks(
      entry,
      ['fastify', 'esbuild', 'discord.js', '@slack/bolt', 'onnxruntime-node', '@tensorflow/tfjs-core'],
      /^src\/(?:bots|page|cli)\/(?!console)/,
    );
  });

  it('load no generator with the bots, and no chat without its token', () => {
    const entry = onDemand('bots');
    const { packages, sources } = loadedBy(entry);
    assert.ok(sources.has('src/roles/bots.ts') && packages.has('fastify'));
    assertLacks(
      entry,
      ['esbuild', 'discord.js', '@slack/bolt', 'onnxruntime-node', '@tensorflow/tfjs-core'],
      /^src\/(?:generator\/(?:engines|storyteller|scheduler)|page\/main)/,
    );
  });

  it('load nothing but Postgres in the thread of the embedded database', () => {
    const { packages } = loadedBy('queue/backends/embedded/database-thread.js');
    assert.deepEqual([...packages], ['@electric-sql/pglite', '@electric-sql/pglite/nodefs']);
  });

  it('name the lines of the sources, and have the page', () => {
    const map = JSON.parse(readFileSync(join(folder, 'cli.js.map'), 'utf8')) as { sources: string[] };
    for (const source of map.sources) assert.ok(existsSync(join(folder, source)), source);
    for (const name of ['page.js', 'page.css', 'events.js'])
      assert.ok(existsSync(join(folder, 'page', name)), name);
  });
});
