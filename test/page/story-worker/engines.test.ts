import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { describe, it } from 'node:test';
import { INTEGER_ENGINE_NAME } from '../../../src/generator/engines/integer/engine.ts';
import { BINARIES } from '../../../src/generator/engines/integer/kernels.ts';
import { BrowserEngines } from '../../../src/page/story-worker/engines.ts';
import { randomModel } from '../../generator/model/random-model.ts';

const FOLDER = new URL('http://host/scifi/wasm/');
const MODEL = randomModel({ units: [16] });

describe('the engines of a browser', () => {
  it('fetch the kernel once, before a model is there', async () => {
    const fetched: string[] = [];
    const engines = new BrowserEngines({
      ...{ engine: 'auto', binaries: FOLDER },
      fetcher: async (input) => {
        fetched.push(String(input));
        return new Response(await readFile(new URL(basename(String(input)), BINARIES)));
      },
    });
    await Promise.all([engines.prepare(), engines.prepare()]);
    const fetches = fetched.length;
    assert.equal(fetched[0], `${FOLDER}wasm-relaxed.wasm`);
    for (const capacity of [1, 2]) {
      const engine = await engines.create(MODEL, capacity);
      assert.deepEqual([engine.name, engine.capacity], [INTEGER_ENGINE_NAME, capacity]);
      await engine.close();
    }
    assert.equal(fetched.length, fetches);
  });

  it('report a kernel that cannot be fetched, and try again', async () => {
    let isAway = true;
    const engines = new BrowserEngines({
      ...{ engine: 'auto', binaries: FOLDER },
      fetcher: async (input) => {
        if (isAway) throw new TypeError('fetch failed');
        return new Response(await readFile(new URL(basename(String(input)), BINARIES)));
      },
    });
    for (const attempt of [engines.prepare(), engines.create(MODEL, 1)]) {
      await assert.rejects(attempt, {
        code: 'model_unavailable',
        message: /wasm-relaxed\.wasm .*connection/,
      });
    }
    isAway = false;
    await engines.prepare();
    const engine = await engines.create(MODEL, 1);
    assert.equal(engine.name, INTEGER_ENGINE_NAME);
    await engine.close();
  });
});
