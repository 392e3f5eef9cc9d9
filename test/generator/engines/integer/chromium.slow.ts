/** The integer engine in a browser's worker gives the stories that it gives everywhere. */
import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLING } from '../../../../src/bots/web/page-bundle.ts';
import { WASM_NAMES } from '../../../../src/generator/engines/integer/kernel.ts';
import { BINARIES } from '../../../../src/generator/engines/integer/kernels.ts';
import { browserTests, launch } from '../../../bots/web/browser.ts';
import { temporaryFolder } from '../../../helpers/programs.ts';
import { startStaticHost } from '../../../helpers/static-host.ts';
import { THOUSAND_STORIES } from './thousand-ids.ts';

const options = browserTests();

test(
  'a thousand stories in Chromium have the digest of every machine, by both kernels',
  options,
  async (t) => {
    const { folder, remove } = await temporaryFolder();
    t.after(remove);
    const entryPoints = [join(import.meta.dirname, 'thousand-worker.ts')];
    const { outputFiles } = await build({ ...BUNDLING, entryPoints });
    await writeFile(join(folder, 'worker.js'), outputFiles[0]!.contents);
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>-</title>');
    for (const name of WASM_NAMES) {
      await copyFile(fileURLToPath(new URL(`${name}.wasm`, BINARIES)), join(folder, `${name}.wasm`));
    }
    const host = await startStaticHost(folder, '/');
    t.after(() => host.close());
    const page = await (await launch()).newPage();
    t.after(() => page.close());
    await page.goto(host.url);
    for (const kernel of WASM_NAMES) {
      const digest = await page.evaluate(
        (name) =>
          new Promise((resolve, reject) => {
            const worker = new Worker('worker.js', { type: 'module' });
            worker.onmessage = ({ data }) => resolve(data);
            worker.onerror = ({ message }) => reject(new Error(message));
            worker.postMessage(name);
          }),
        kernel,
      );
      assert.equal(digest, THOUSAND_STORIES, kernel);
    }
  },
);
