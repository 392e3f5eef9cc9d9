/**
 * The CUDA backend as far as it can be tested without a GPU: the messages when something is missing, and our
 * code over a stub of the binding, which is TensorFlow.js on the CPU under the binding's name.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { createCudaBackend } from '../../../src/generator/engines/tensorflow/cuda.ts';
import {
  BINDING_PACKAGE,
  type CudaDevice,
  enginesFolder,
  libraryFiles,
  loadBinding,
  preloadLibraries,
  RECEIPT_FILE,
  RECEIPT_FORMAT,
} from '../../../src/generator/engines/tensorflow/cuda-installation.ts';
import { createTensorflowEngine } from '../../../src/generator/engines/tensorflow/engine.ts';
import { skipWithout, temporaryFolder } from '../../helpers/programs.ts';
import { sized } from '../../helpers/sized.ts';
import { type ContractOptions, describeContract } from './engine-contract.ts';
import { describeKinds } from './kinds.ts';

/** Registers the CPU backend as the binding registers itself, or with other properties. */
async function standIn(isUsingGpuDevice: boolean): Promise<void> {
  const { registryFactory } = tf.engine();
  if (!registryFactory.tensorflow) {
    registryFactory.tensorflow = { ...registryFactory.cpu! };
    tf.copyRegisteredKernels('cpu', 'tensorflow');
  }
  await tf.setBackend('tensorflow');
  Object.assign(tf.backend(), { isUsingGpuDevice });
}

/** An installation of which nothing but the receipt, and the given files, is there. */
async function installation(
  device: CudaDevice,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const receipt = { format: RECEIPT_FORMAT, binding: '4.22.0', tensorflow: '2.21.0', device };
  for (const [path, text] of Object.entries({ [RECEIPT_FILE]: JSON.stringify(receipt), ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterEach(() => remove());

describe('createCudaBackend', () => {
  test('names the command that installs the engine', async () => {
    await assert.rejects(createCudaBackend({ folder }), {
      message: `it is not installed in ${folder} (\`npm run -s scifi -- engine install cuda\` installs it)`,
    });
    await assert.rejects(createCudaBackend({ folder, device: 'cpu' }), /`npm .* engine install cuda --cpu`/);
  });

  test('refuses a GPU to an installation without CUDA', async () => {
    await installation('cpu');
    await assert.rejects(
      createCudaBackend({ folder }),
      /^Error: it is installed without CUDA, .*--cpu \(`npm /,
    );
  });

  test('treats an installation of another format as none', async () => {
    await installation('gpu', { [RECEIPT_FILE]: '{"format":0}' });
    await assert.rejects(createCudaBackend({ folder }), /it is not installed/);
  });

  test('reports missing packages', async () => {
    await installation('gpu');
    await assert.rejects(
      createCudaBackend({ folder }),
      /tfjs-node-gpu in .* cannot be loaded on Node \d+\..*: Cannot find module .* installs it again\)$/,
    );
  });

  test("reports the dynamic linker's error, in one line", async () => {
    const main = "throw new Error('libtensorflow_cc.so.2: cannot open shared object file\\nRequire stack:')";
    await installation('gpu', { [`node_modules/${BINDING_PACKAGE}/index.js`]: main });
    await assert.rejects(
      createCudaBackend({ folder }),
      /cannot be loaded on Node \d+\..*: libtensorflow_cc.so.2: cannot open shared object file \(`npm/,
    );
  });

  test('refuses a binding that runs on the CPU', async () => {
    await assert.rejects(
      createCudaBackend({ load: () => standIn(false) }),
      /there is no NVIDIA driver \(libcuda.so.1: |found no CUDA device, although/,
    );
  });

  test('refuses the processor where the binding runs on a GPU', async () => {
    await assert.rejects(
      createCudaBackend({ device: 'cpu', load: () => standIn(true) }),
      /uses the binding on a GPU already/,
    );
  });
});

describe('loadBinding', () => {
  test('defines what Node 23 dropped, and sets what TensorFlow reads when it is loaded', async () => {
    const main = `
      const assert = require('node:assert/strict');
      const { isNullOrUndefined, isArray } = require('util');
      assert.deepEqual([undefined, null, 0, ''].map(isNullOrUndefined), [true, true, false, false]);
      assert.deepEqual([[], {}].map(isArray), [true, false]);
      assert.equal(process.env.NVIDIA_TF32_OVERRIDE, '0');
      assert.equal(process.env.CUDA_VISIBLE_DEVICES, '-1');
      globalThis.loaded = __filename;`;
    await installation('gpu', { [`node_modules/${BINDING_PACKAGE}/index.js`]: main });
    const before = { ...process.env };
    try {
      loadBinding(folder, 'cpu');
      assert.ok((globalThis as unknown as { loaded: string }).loaded.startsWith(await realpath(folder)));
    } finally {
      process.env = before;
    }
  });

  test('preloads libraries that need each other, in any order', { skip: skipWithout('gcc') }, async () => {
    const compile = (name: string, text: string, ...options: string[]) => {
      const [source, library] = [join(folder, `${name}.c`), join(folder, 'lib', `lib${name}.so.1`)];
      writeFileSync(source, text);
      execFileSync('gcc', [
        '-shared',
        '-fPIC',
        source,
        '-o',
        library,
        `-Wl,-soname,lib${name}.so.1`,
        ...options,
      ]);
      return library;
    };
    await mkdir(join(folder, 'lib'));
    const low = compile('scifi_low', 'int low(void) { return 1; }');
    const high = compile('scifi_high', 'int low(void); int high(void) { return low(); }', low);
    for (const other of ['libnvblas.so.12', 'readme.txt']) writeFileSync(join(folder, 'lib', other), '');
    assert.deepEqual(
      libraryFiles(dirname(folder)).filter((file) => file.startsWith(folder)),
      [high, low],
    );
    assert.match(preloadLibraries([high])[0]!, /libscifi_low.so.1/);
    assert.deepEqual(preloadLibraries([high, low]), []);
    // TensorFlow opens them by their bare names.
    assert.deepEqual(preloadLibraries(['libscifi_high.so.1']), []);
    assert.match(preloadLibraries(['libscifi_none.so.1'])[0]!, /cannot open shared object file/);
  });
});

describe('enginesFolder', () => {
  test('is that of the setting, or in the data folder of the user', () => {
    assert.equal(enginesFolder({ SCIFI_ENGINES: '/srv/engines' }), '/srv/engines');
    assert.equal(enginesFolder({ SCIFI_ENGINES: 'engines' }), resolve('engines'));
    assert.equal(enginesFolder({ XDG_DATA_HOME: '/data' }), '/data/scifi/engines');
    assert.equal(enginesFolder({ XDG_DATA_HOME: 'relative' }), join(homedir(), '.local/share/scifi/engines'));
    assert.equal(enginesFolder({}), join(homedir(), '.local/share/scifi/engines'));
  });
});

const contract: ContractOptions = {
  name: 'tensorflow-cuda (over a stand-in)',
  skip: false,
  draws: 2_048,
  runs: 10,
  textSteps: sized(50, 200),
  async create(model, capacity) {
    const backend = await createCudaBackend({ load: () => standIn(true) });
    return createTensorflowEngine(model, backend, { capacity });
  },
};
describeContract(contract);
describeKinds(contract);
