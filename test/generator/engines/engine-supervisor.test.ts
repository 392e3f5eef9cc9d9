import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ENGINE_NAMES,
  type EngineName,
  type EngineOpeners,
  type OpenedEngine,
} from '../../../src/generator/engines/choose.ts';
import { EngineSupervisor } from '../../../src/generator/engines/engine-supervisor.ts';

/** A supervisor whose clock advances only while it waits, and whose openers the test controls. */
function keeper(wanted: EngineName | 'auto', able: Set<EngineName>) {
  const seen = { log: [] as string[], waits: [] as number[], closed: 0, now: 0 };
  const open = (name: EngineName) => async (): Promise<OpenedEngine> => {
    if (!able.has(name)) throw new Error(`no ${name}`);
    return {
      device: 'a device',
      create: () => Promise.reject(new Error('none')),
      close: async () => {
        seen.closed += 1;
      },
    };
  };
  const openers: EngineOpeners = Object.fromEntries(ENGINE_NAMES.map((name) => [name, open(name)]));
  const made = new EngineSupervisor({
    wanted,
    openers,
    log: (line) => seen.log.push(line),
    clock: () => seen.now,
    wait: async (ms) => {
      seen.waits.push(ms);
      seen.now += ms;
      await new Promise(setImmediate);
    },
  });
  return { keeper: made, seen };
}

describe('EngineSupervisor', () => {
  test('opens a lost engine again, and excludes it after three losses', async () => {
    const { keeper: kept, seen } = keeper('auto', new Set(['webgpu', 'onnx']));
    assert.equal((await kept.open()).name, 'webgpu');
    assert.equal((await kept.reopen())?.name, 'webgpu');
    assert.equal((await kept.reopen())?.name, 'webgpu');
    assert.equal((await kept.reopen())?.name, 'onnx');
    assert.equal(seen.closed, 3);
    assert.match(
      seen.log.at(-1)!,
      /^onnx on .*; not webgpu: its device was lost 3 times; not integer: no integer$/,
    );
    assert.equal(seen.log.length, 4);
  });

  test('resets the count after a long run', async () => {
    const { keeper: kept, seen } = keeper('auto', new Set(['webgpu', 'onnx']));
    await kept.open();
    for (let loss = 0; loss < 5; loss++) {
      seen.now += 700_000;
      assert.equal((await kept.reopen())?.name, 'webgpu');
    }
  });

  test('retries the requested engine without a limit, with growing pauses', async () => {
    const able = new Set<EngineName>(['webgpu', 'onnx']);
    const { keeper: kept, seen } = keeper('webgpu', able);
    await kept.open();
    able.delete('webgpu');
    const reopened = kept.reopen();
    while (seen.waits.length < 5) await new Promise(setImmediate);
    able.add('webgpu');
    assert.equal((await reopened)?.name, 'webgpu');
    assert.deepEqual(seen.waits.slice(0, 5), [1_000, 5_000, 30_000, 30_000, 30_000]);
    assert.match(seen.log[1]!, /SCIFI_ENGINE=webgpu cannot run here: no webgpu/);
  });

  test('gives up when it is closed meanwhile', async () => {
    const { keeper: kept } = keeper('webgpu', new Set(['webgpu']));
    await kept.open();
    const reopened = kept.reopen();
    await kept.close();
    assert.equal(await reopened, undefined);
  });

  test('rejects at the first opening an engine that cannot run', async () => {
    const { keeper: kept } = keeper('cuda', new Set());
    await assert.rejects(kept.open(), { code: 'configuration' });
  });
});
