import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { StoryError } from '../../../src/errors.ts';
import { listModels, loadModel, saveModel } from '../../../src/generator/model/files.ts';
import { float16ToFloat32, float32ToFloat16 } from '../../../src/generator/model/float16.ts';
import { type LstmLayer, weightsOf } from '../../../src/generator/model/layers.ts';
import { type Model, parameterCount } from '../../../src/generator/model/model.ts';
import { randomModel } from './random-model.ts';

const MODELS = fileURLToPath(new URL('../../../models', import.meta.url));

let folder: string;
let count = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'models-'));
});
after(() => rm(folder, { recursive: true }));

async function savedModel(dtype: 'float32' | 'float16' = 'float32'): Promise<string> {
  const path = join(folder, `model-${count++}`);
  await saveModel(path, { ...randomModel(), metadata: { epochs: 3 } }, { dtype });
  return path;
}

function lstmsOf({ layers }: Model): LstmLayer[] {
  return layers.filter((layer) => layer.kind === 'lstm');
}

describe('a saved model', () => {
  test('is unchanged after float32', async () => {
    const path = await savedModel();
    const model = await loadModel(path);
    assert.deepEqual(model.layers, randomModel().layers);
    assert.deepEqual(model.reading, { kind: 'stateful' });
    assert.deepEqual(model.metadata, { epochs: 3 });
    assert.match(model.version, /^[0-9a-f]{12}$/);
    assert.equal(path.endsWith(model.name), true);
    assert.equal(parameterCount(model), 12 * 5 + 4 * 8 * (5 + 8 + 1) + 4 * 6 * (8 + 6 + 1) + 7 * 12);
  });

  test('is rounded after float16', async () => {
    const model = await loadModel(await savedModel('float16'));
    const rounded = (weights: Float32Array) => float16ToFloat32(float32ToFloat16(weights));
    assert.deepEqual(model.layers.flatMap(weightsOf), randomModel().layers.flatMap(weightsOf).map(rounded));
  });

  test('records the windows on which it was trained', async () => {
    const path = join(folder, 'windowed');
    const reading = { kind: 'window', characters: 50 } as const;
    await saveModel(path, { ...randomModel(), reading }, { dtype: 'float32' });
    assert.deepEqual((await loadModel(path)).reading, reading);
  });

  test('has another version when its weights differ, and the same version when they do not', async () => {
    const [first, second, rounded] = await Promise.all([savedModel(), savedModel(), savedModel('float16')]);
    assert.equal((await loadModel(first)).version, (await loadModel(second)).version);
    assert.notEqual((await loadModel(first)).version, (await loadModel(rounded)).version);
  });

  test('may have any number of layers', async () => {
    for (const units of [[4], [4, 4, 4]]) {
      const path = join(folder, `layers-${units.length}`);
      await saveModel(path, randomModel({ units }), { dtype: 'float32' });
      const model = await loadModel(path);
      assert.deepEqual(
        lstmsOf(model).map((layer) => layer.units),
        units,
      );
    }
  });

  test('may consist of several shards', async () => {
    const path = await savedModel();
    const bytes = await readFile(join(path, 'weights.bin'));
    await writeFile(join(path, 'a.bin'), bytes.subarray(0, 1_001));
    await writeFile(join(path, 'b.bin'), bytes.subarray(1_001));
    await edit(path, (json) => {
      json.weightsManifest[0]!.paths = ['a.bin', 'b.bin'];
    });
    assert.deepEqual((await loadModel(path)).layers, randomModel().layers);
  });

  test('reports the loaded share, which rises to 1', async () => {
    const shares: number[] = [];
    await loadModel(join(MODELS, 'scifi'), { onProgress: (loaded) => shares.push(loaded) });
    assert.ok(shares.length > 3);
    assert.deepEqual(
      shares,
      shares.toSorted((a, b) => a - b),
    );
    assert.equal(shares[0], 0);
    assert.equal(shares.at(-1), 1);
  });
});

describe('the models of this repository', () => {
  const names = ['scifi', 'melville'];

  test('are listed', async () => {
    assert.deepEqual(
      (await listModels(MODELS)).map((choice) => choice.name),
      names,
    );
  });

  for (const name of names) {
    test(`${name} can be loaded, and its card has every required field`, async () => {
      const model = await loadModel(join(MODELS, name));
      assert.equal(model.name, name);
      assert.equal(model.vocabulary.size, 97);
      assert.equal(parameterCount(model), 3_336_865);
      assert.deepEqual(
        lstmsOf(model).map((layer) => [layer.inputSize, layer.units]),
        [
          [64, 512],
          [512, 512],
        ],
      );
      const card = await readFile(join(MODELS, name, 'README.md'), 'utf8');
      for (const part of ['## Training', '## Scores', '## What to expect', 'Licence', 'bits per character']) {
        assert.ok(card.includes(part), part);
      }
      // The scores of the card are those that were recorded when it was evaluated.
      const { test: score } = model.metadata.scores as {
        test: { bitsPerCharacter: number; accuracy: number };
      };
      assert.ok(card.includes(score.bitsPerCharacter.toFixed(4)));
      assert.ok(card.includes(`${(score.accuracy * 100).toFixed(2)}%`));
    });
  }
});

interface ModelJson {
  modelTopology: {
    class_name: string;
    config: { layers: { class_name: string; config: Record<string, unknown> }[] };
  };
  weightsManifest: { paths: string[]; weights: Record<string, unknown>[] }[];
  userDefinedMetadata: Record<string, unknown>;
}

async function edit(path: string, change: (json: ModelJson) => void): Promise<void> {
  const file = join(path, 'model.json');
  const json = JSON.parse(await readFile(file, 'utf8')) as ModelJson;
  change(json);
  await writeFile(file, JSON.stringify(json));
}

describe('a model that cannot be run is refused with its file and the fault:', () => {
  const faults: [string, (path: string) => Promise<void>, RegExp][] = [
    ['no model.json', (path) => rm(join(path, 'model.json')), /model\.json .*no such file/],
    ['no vocabulary.json', (path) => rm(join(path, 'vocabulary.json')), /vocabulary\.json .*no such file/],
    ['no weights', (path) => rm(join(path, 'weights.bin')), /weights\.bin .*no such file/],
    [
      'model.json that is no JSON',
      (path) => writeFile(join(path, 'model.json'), '{'),
      /model\.json .*not JSON/,
    ],
    ['model.json that is no object', (path) => writeFile(join(path, 'model.json'), '[]'), /JSON object/],
    [
      'truncated weights',
      (path) => truncate(join(path, 'weights.bin'), 1_000),
      /has 1000 bytes, .* says \d+/,
    ],
    [
      'longer weights',
      async (path) => writeFile(join(path, 'weights.bin'), Buffer.alloc(9_999)),
      /has 9999 bytes, .* says \d+/,
    ],
    [
      'one bit changed',
      async (path) => {
        const bytes = await readFile(join(path, 'weights.bin'));
        bytes[1_234]! ^= 1;
        await writeFile(join(path, 'weights.bin'), bytes);
      },
      /weights\.bin .*SHA-256/,
    ],
    [
      'a vocabulary of another size',
      (path) =>
        writeFile(
          join(path, 'vocabulary.json'),
          JSON.stringify(randomModel({ characters: 11 }).vocabulary.toFile()),
        ),
      /vocabulary\.json .*11 characters.*12/,
    ],
    ...(
      [
        ['no topology', (json) => Reflect.deleteProperty(json, 'modelTopology'), /describes no model/],
        ['another class', (json) => (json.modelTopology.class_name = 'Tree'), /a Tree, not a Sequential/],
        ['no chain', (json) => (json.modelTopology.class_name = 'Functional'), /not a chain of layers/],
        [
          'an unknown layer',
          (json) => (json.modelTopology.config.layers[1]!.class_name = 'Conv1D'),
          /its layer lstm_0 is a "Conv1D"; only Embedding, LSTM, GRU/,
        ],
        [
          'no recurrent layer',
          (json) => json.modelTopology.config.layers.splice(1, 2),
          /has no LSTM and no GRU/,
        ],
        [
          'an unknown activation',
          (json) => (json.modelTopology.config.layers[1]!.config.recurrent_activation = 'wobble'),
          /`recurrent_activation` of its layer lstm_0 is "wobble", which is none that can be run/,
        ],
        [
          'no softmax',
          (json) => (json.modelTopology.config.layers[3]!.config.activation = 'sigmoid'),
          /ends with no softmax/,
        ],
        [
          'an embedding further on',
          (json) => json.modelTopology.config.layers.push(json.modelTopology.config.layers.shift()!),
          /begins with no Embedding/,
        ],
        [
          'masked zeros',
          (json) => (json.modelTopology.config.layers[0]!.config.mask_zero = true),
          /its layer embedding masks an id/,
        ],
        [
          'backward reading',
          (json) => (json.modelTopology.config.layers[1]!.config.go_backwards = true),
          /`go_backwards` of its layer lstm_0 is true, expected false/,
        ],
        [
          'the last character only, before another layer',
          (json) => (json.modelTopology.config.layers[1]!.config.return_sequences = false),
          /its layer lstm_1 follows on one without return_sequences/,
        ],
        [
          'no size',
          (json) => (json.modelTopology.config.layers[1]!.config.units = '8'),
          /`units` of its layer lstm_0/,
        ],
        [
          'sizes that do not fit the weights',
          (json) => (json.modelTopology.config.layers[1]!.config.units = 7),
          /lstm_0\/kernel is 5 x 32, expected 5 x 28/,
        ],
        [
          'a missing weight',
          (json) => (json.weightsManifest[0]!.weights[1]!.name = 'x'),
          /no weight lstm_0\/kernel/,
        ],
        ['a weight twice', (json) => (json.weightsManifest[0]!.weights[1]!.name = 'dense/bias'), /same name/],
        ['another type', (json) => (json.weightsManifest[0]!.weights[0]!.dtype = 'int32'), /not float32/],
        [
          'another quantization',
          (json) =>
            (json.weightsManifest[0]!.weights[0]!.quantization = { dtype: 'uint8', min: 0, scale: 1 }),
          /something other than float16/,
        ],
        [
          'integers without scales for columns',
          (json) => (json.weightsManifest[0]!.weights[0]!.quantization = { dtype: 'int8' }),
          /something other than float16 and int8 per column/,
        ],
        [
          'a quantization that is none',
          (json) => (json.weightsManifest[0]!.weights[0]!.quantization = 'int8'),
          /the quantization of its weight .* is none/,
        ],
        ['an absurd shape', (json) => (json.weightsManifest[0]!.weights[0]!.shape = [12, -5]), /\[12,-5\]/],
        [
          'an enormous shape',
          (json) => (json.weightsManifest[0]!.weights[0]!.shape = [1e9, 1e6]),
          /says 4\d+/,
        ],
        [
          'a window of nothing',
          (json) => (json.userDefinedMetadata.window = 0),
          /`window` is 0, not a number of characters/,
        ],
        ['no manifest', (json) => Reflect.deleteProperty(json, 'weightsManifest'), /no weightsManifest/],
        [
          'a shard elsewhere in disguise',
          (json) => (json.weightsManifest[0]!.paths = ['./../w.bin']),
          /beside it/,
        ],
        ['a shard below', (json) => (json.weightsManifest[0]!.paths = ['././w.bin']), /beside it/],
        ['a shard elsewhere', (json) => (json.weightsManifest[0]!.paths = ['../weights.bin']), /beside it/],
        ['a shard anywhere', (json) => (json.weightsManifest[0]!.paths = ['/etc/passwd']), /beside it/],
      ] as [string, (json: ModelJson) => unknown, RegExp][]
    ).map(([what, change, message]): [string, (path: string) => Promise<void>, RegExp] => [
      what,
      (path) => edit(path, change),
      message,
    ]),
  ];
  for (const [what, breakIt, message] of faults) {
    test(what, async () => {
      const path = await savedModel();
      await breakIt(path);
      await assert.rejects(loadModel(path), (error) => {
        assert.ok(error instanceof StoryError);
        assert.equal(error.code, 'model_unavailable');
        assert.match(error.message, message);
        assert.match(error.message, /Put the model's files back/);
        assert.ok(!error.message.includes(folder), 'folders of the machine are nobody else’s business');
        return true;
      });
    });
  }

  test('weights that are not numbers', async () => {
    const model = randomModel();
    lstmsOf(model)[0]!.bias[3] = Number.NaN;
    const path = join(folder, 'not-a-number');
    await saveModel(path, model, { dtype: 'float32' });
    await assert.rejects(loadModel(path), /lstm_0\/bias is not all numbers/);
    await assert.rejects(saveModel(path, model, { dtype: 'float16' }), RangeError);
  });

  test('a missing folder', async () => {
    await assert.rejects(loadModel(join(folder, 'nowhere')), /nowhere\/model\.json .*no such file/);
  });
});

describe('models without fields that only this project writes', () => {
  test('need no checksum, may have dropout and may use Keras’s name of the cell', async () => {
    const path = await savedModel();
    await edit(path, (json) => {
      Reflect.deleteProperty(json, 'userDefinedMetadata');
      json.modelTopology.config.layers.splice(2, 0, {
        class_name: 'Dropout',
        config: { name: 'd', rate: 0.5 },
      });
      for (const weight of json.weightsManifest[0]!.weights) {
        weight.name = String(weight.name).replace('lstm_0/', 'lstm_0/lstm_cell/');
      }
    });
    assert.deepEqual((await loadModel(path)).layers, randomModel().layers);
  });
});

describe('models.json', () => {
  const entry = { name: 'a', title: 'A', description: 'd' };
  const lists: [string, unknown, RegExp][] = [
    ['is no list', {}, /lists no models/],
    ['is empty', [], /lists no models/],
    ['holds something else', ['a'], /not an object/],
    ['leaves the folder', [{ ...entry, name: '../a' }], /"\.\.\/a" is not the name/],
    ['lacks a title', [{ ...entry, title: '' }], /model a needs a title/],
    ['lists a model twice', [entry, entry], /twice/],
  ];
  for (const [what, list, message] of lists) {
    test(`is refused when it ${what}`, async () => {
      const path = await mkdtemp(join(folder, 'list-'));
      await writeFile(join(path, 'models.json'), JSON.stringify(list));
      await assert.rejects(listModels(path), message);
    });
  }

  test('is required by name when it is missing', async () => {
    await assert.rejects(listModels(folder), /models\.json .*no such file/);
  });

  test('keeps only the fields of a choice', async () => {
    const path = await mkdtemp(join(folder, 'list-'));
    await writeFile(join(path, 'models.json'), JSON.stringify([{ ...entry, more: 1 }]));
    assert.deepEqual(await listModels(path), [entry]);
  });
});
