/** Which engine the page without a server writes with, in a real browser. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { buildStatic } from '../../../scripts/static/build.ts';
import { INTEGER_ENGINE_NAME } from '../../../src/generator/engines/integer/engine.ts';
import { saveModel, writeModelList } from '../../../src/generator/model/files.ts';
import type { Layer } from '../../../src/generator/model/layers.ts';
import { action, browserTests, launch } from '../../bots/web/browser.ts';
import { RandomLayers } from '../../generator/model/random-layers.ts';
import { modelOf } from '../../generator/model/random-model.ts';
import { temporaryFolder } from '../../helpers/programs.ts';
import { type StaticHost, startStaticHost } from '../../helpers/static-host.ts';

const CHARACTERS = 29;
/** The code that a usual visit fetches is less; TensorFlow.js alone is more. */
const USUAL_BYTES = 256 * 1_024;
const KERNELS = ['wasm/wasm-relaxed.wasm', 'wasm/wasm.wasm'];

describe('the engine of the page without a server', browserTests(), () => {
  let browser: Browser;
  let host: StaticHost;
  let sizes: Map<string, number>;
  let remove: () => Promise<void>;

  before(async () => {
    const temporary = await temporaryFolder();
    remove = temporary.remove;
    const modelsFolder = join(temporary.folder, 'models');
    const random = new RandomLayers(3);
    const recurrent = { lstm: random.lstm(5, 16), gru: random.gru(5, 16, true) };
    for (const [name, layer] of Object.entries<Layer>(recurrent)) {
      const model = modelOf([random.embedding(CHARACTERS, 5), layer, random.dense(16, CHARACTERS)]);
      await saveModel(join(modelsFolder, name), model, { dtype: 'float32' });
    }
    await writeModelList(modelsFolder, [
      { name: 'lstm', title: 'LSTM', description: '' },
      { name: 'gru', title: 'GRU', description: '' },
    ]);
    const site = join(temporary.folder, 'site');
    sizes = await buildStatic(site, { modelsFolder });
    host = await startStaticHost(site, '/');
    browser = await launch();
  });

  after(async () => {
    await host?.close();
    await remove?.();
  });

  /** Writes a story on a fresh visit. Returns its text, the footer, and the scripts and binaries that were fetched. */
  async function write(t: TestContext, model: string) {
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    const first = host.asked.length;
    await page.goto(`${host.url}#prompt=a%20ship&length=80&seed=1&temperature=1&model=${model}`);
    await action(page, 'Continue').waitFor();
    const kept = await page.evaluate(() => localStorage.getItem('write-me-a-sci-fi.replies.v1')!);
    const fetched = host.asked.slice(first).filter((path) => /\.(js|wasm)$/.test(path));
    return { state: JSON.parse(kept).at(-1).state, fetched };
  }

  it('is the integer engine for LSTMs, with the same text by both kernels', async (t) => {
    const relaxed = await write(t, 'lstm');
    assert.equal(relaxed.state.engine, INTEGER_ENGINE_NAME);
    assert.deepEqual(
      relaxed.fetched.filter((path) => path.endsWith('.wasm')),
      KERNELS.slice(0, 1),
    );
    host.behave = { paths: KERNELS.slice(0, 1), how: 'damaged' };
    t.after(() => {
      host.behave = undefined;
    });
    const plain = await write(t, 'lstm');
    assert.deepEqual(plain.state, relaxed.state);
    assert.deepEqual(
      plain.fetched.filter((path) => path.endsWith('.wasm')),
      KERNELS,
    );
  });

  it('is TensorFlow.js where no kernel runs', async (t) => {
    host.behave = { paths: KERNELS, how: 'damaged' };
    t.after(() => {
      host.behave = undefined;
    });
    const { state } = await write(t, 'lstm');
    assert.equal(state.engine, 'tensorflow-wasm');
  });

  it('can be every engine of a browser', () => {
    const binaries = ['wasm/tfjs-backend-wasm-simd.wasm', 'wasm/tfjs-backend-wasm.wasm', ...KERNELS];
    for (const path of binaries) assert.ok(sizes.has(path), path);
    assert.ok([...sizes.keys()].some((path) => /^webgpu-.*\.js$/.test(path)));
  });

  it('is TensorFlow.js for other models, which no other visit fetches', async (t) => {
    const { state, fetched } = await write(t, 'gru');
    assert.equal(state.engine, 'tensorflow-wasm');
    assert.ok(fetched.includes('wasm/tfjs-backend-wasm-simd.wasm'));
    const { fetched: usual } = await write(t, 'lstm');
    const bytes = usual.reduce((sum, path) => sum + sizes.get(path)!, 0);
    assert.ok(bytes < USUAL_BYTES, `a visit fetches ${bytes} bytes of code: ${usual.join(', ')}`);
  });
});
