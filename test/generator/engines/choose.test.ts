import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  AUTOMATIC_ENGINES,
  chooseEngine,
  ENGINE_NAMES,
  type EngineName,
  type EngineOpeners,
  type OpenedEngine,
} from '../../../src/generator/engines/choose.ts';
import { ENGINE_OPENERS } from '../../../src/generator/engines/openers.ts';
import { randomModel } from '../model/random-model.ts';
import { skipWithoutWebgpu } from './tensorflow-backends.ts';

function opened(device: string): OpenedEngine {
  return { device, create: () => Promise.reject(new Error('none')), close: async () => {} };
}

/** Openers of which only some succeed; the others fail with a reason. */
function openers(able: readonly EngineName[], asked: [EngineName, boolean][] = []): EngineOpeners {
  const open = (name: EngineName) => async (request: { acceptSoftware: boolean }) => {
    asked.push([name, request.acceptSoftware]);
    if (!able.includes(name)) throw new Error(`no ${name} here.`);
    return opened(`the ${name} device`);
  };
  return Object.fromEntries(ENGINE_NAMES.map((name) => [name, open(name)]));
}

describe('chooseEngine', () => {
  test('takes the fastest kind that runs, and gives the reasons against faster ones', async () => {
    for (const [index, name] of AUTOMATIC_ENGINES.entries()) {
      const asked: [EngineName, boolean][] = [];
      const chosen = await chooseEngine('auto', openers(AUTOMATIC_ENGINES.slice(index), asked));
      assert.equal(chosen.name, name);
      const refused = AUTOMATIC_ENGINES.slice(0, index).map((other) => `; not ${other}: no ${other} here`);
      assert.equal(chosen.reason, `${name} on the ${name} device${refused.join('')}`);
      // Software GPUs are not allowed, and no opener after the first success is called.
      assert.deepEqual(
        asked,
        AUTOMATIC_ENGINES.slice(0, index + 1).map((other) => [other, false]),
      );
    }
  });

  test('skips kinds that were lost too often', async () => {
    const passOver = new Map<EngineName, string>([['webgpu', 'its device was lost 3 times']]);
    const chosen = await chooseEngine('auto', openers(['webgpu', 'onnx']), passOver);
    assert.match(
      chosen.reason,
      /^onnx on .*; not webgpu: its device was lost 3 times; not integer: no integer here$/,
    );
  });

  test('takes only the kind that the operator named', async () => {
    const asked: [EngineName, boolean][] = [];
    const chosen = await chooseEngine('webgpu', openers(AUTOMATIC_ENGINES, asked));
    assert.equal(chosen.reason, 'webgpu on the webgpu device, as SCIFI_ENGINE says');
    assert.deepEqual(asked, [['webgpu', true]]);
    await assert.rejects(chooseEngine('cuda', openers(['onnx'])), {
      code: 'configuration',
      message: 'SCIFI_ENGINE=cuda cannot run here: no cuda here. Provide that, or set SCIFI_ENGINE=auto.',
    });
    await assert.rejects(chooseEngine('cuda', {}), /: it is not made for this environment\. /);
  });

  test('takes the processor for CUDA only where it is named', async () => {
    await assert.rejects(chooseEngine('auto', openers(['cuda-cpu'])), { code: 'configuration' });
    assert.equal((await chooseEngine('cuda-cpu', openers(['cuda-cpu']))).name, 'cuda-cpu');
  });

  test('names every reason when nothing runs', async () => {
    await assert.rejects(chooseEngine('auto', openers([])), {
      code: 'configuration',
      message:
        'No engine can run here (cuda: no cuda here; webgpu: no webgpu here; integer: no integer here; onnx: no onnx here; wasm: no wasm here).',
    });
  });
});

describe('the engines of this machine', () => {
  test('are chosen from, with the reason against each other one', async () => {
    const chosen = await chooseEngine('auto', ENGINE_OPENERS);
    // On a machine with a GPU another engine is chosen, and the reasons end with it.
    if (chosen.name === 'integer') {
      assert.match(
        chosen.reason,
        /^integer on the processor \(.+\); not cuda: .*engine install cuda.*; not webgpu: ./,
      );
    }
    const engine = await chosen.create(randomModel(), { capacity: 2, threads: 1 });
    assert.equal((await engine.logits([0], [1])).length, 12);
    await engine.close();
    await chosen.close();
  });

  test('CUDA names the command that installs it, or what else is missing', async (t) => {
    const cuda = await ENGINE_OPENERS.cuda({ acceptSoftware: false }).catch((error: Error) => error);
    if (!(cuda instanceof Error)) return t.skip('CUDA is here');
    assert.match(cuda.message, /engine install cuda|there is no NVIDIA driver|found no CUDA device/);
  });

  test('wasm runs when it is named', async () => {
    const chosen = await chooseEngine('wasm', ENGINE_OPENERS);
    const engine = await chosen.create(randomModel(), { capacity: 2, threads: 1 });
    assert.equal(engine.name, 'tensorflow-wasm');
    await engine.close();
  });

  test('integer runs a model of LSTMs, and leaves others to onnx', async () => {
    const chosen = await chooseEngine('integer', ENGINE_OPENERS);
    assert.match(chosen.device, /^the processor \(.+\)$/);
    for (const [units, name, reason] of [
      [16, 'integer-1', undefined],
      [15, 'onnx', 'an LSTM has 15 units, which is no multiple of 16 up to 4096'],
    ] as const) {
      let refusal: string | undefined;
      const engine = await chosen.create(randomModel({ units: [units] }), {
        capacity: 2,
        threads: 1,
        onRefusal: (reason) => {
          refusal = reason;
        },
      });
      assert.equal(engine.name, name);
      assert.equal(refusal, reason);
      await engine.close();
    }
  });

  test('a software GPU is taken only when it is named', {
    skip: skipWithoutWebgpu(),
  }, async (t) => {
    const webgpu = await chooseEngine('webgpu', ENGINE_OPENERS);
    const engine = await webgpu.create(randomModel(), { capacity: 2, threads: 1 });
    assert.equal(engine.name, 'tensorflow-webgpu');
    await engine.close();
    await webgpu.close();
    if (!/SwiftShader/.test(webgpu.device)) return t.skip('there is a real GPU');
    await assert.rejects(
      ENGINE_OPENERS.webgpu({ acceptSoftware: false }),
      /SwiftShader .* is a program and no GPU/,
    );
  });
});
