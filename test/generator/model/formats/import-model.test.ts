/** A model and a dictionary become a model in our format: which ids are characters, and how it is read. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { saveModel } from '../../../../src/generator/model/files.ts';
import { type ImportedModel, importModel } from '../../../../src/generator/model/formats/import-model.ts';
import { type Model, ModelFileError, type Reading } from '../../../../src/generator/model/model.ts';
import { Reference } from '../../engines/reference.ts';
import { randomModel } from '../random-model.ts';

const SIZE = 9;
/** A character for each id but 0, 3 and 7. */
const GAPPED = { 1: 'a', 2: '\n', 4: 'b', 5: 'c', 6: ' ', 8: 'd' };
const KEPT = Object.keys(GAPPED).map(Number);
const STATEFUL: Reading = { kind: 'stateful' };

let folder: string;
let count = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'import-'));
});
after(() => rm(folder, { recursive: true }));

/** Imports a model in our format; `model.json` may be changed first. */
async function imported(
  model: Model,
  dictionary: unknown,
  { reading, change = (text) => text }: { reading?: Reading; change?: (text: string) => string } = {},
): Promise<ImportedModel> {
  const path = join(folder, `model-${count++}`);
  await saveModel(path, model, { dtype: 'float32' });
  const file = join(path, 'model.json');
  await writeFile(file, change(await readFile(file, 'utf8')));
  const vocabulary = join(folder, 'dict.json');
  await writeFile(vocabulary, JSON.stringify(dictionary));
  return importModel(path, { name: 'new', vocabulary, reading });
}

/** The same network, with a one-hot layer instead of an embedding. */
function oneHotModel(): Model {
  const model = randomModel({ characters: SIZE, columns: SIZE });
  return { ...model, layers: [{ kind: 'one_hot', size: SIZE }, ...model.layers.slice(1)] };
}

const allOf = (characters: string) =>
  Object.fromEntries([...characters].map((character, id) => [id, character]));
const turned = (dictionary: Record<string, string>) =>
  Object.fromEntries(Object.entries(dictionary).map(([id, character]) => [character, Number(id)]));

describe('a residual stack', () => {
  test('is said by every format but safetensors, so that the caller may not say it', async () => {
    const path = join(folder, 'stack');
    const model = randomModel({ characters: SIZE, units: [4, 4], residual: true });
    await saveModel(path, model, { dtype: 'float32' });
    const options = { name: 'new', vocabulary: undefined, reading: undefined };
    assert.deepEqual((await importModel(path, options)).model.layers, model.layers);
    await assert.rejects(
      importModel(path, { ...options, isResidual: true }),
      /stack\/model\.json cannot be used: it says itself which of its layers are residual/,
    );
  });
});

describe('a dictionary', () => {
  test('is read in each of its forms', async () => {
    const idToChar = allOf('\u0003\n abc0.1');
    const charToId = turned(idToChar);
    const list = Object.values(idToChar);
    const forms: unknown[] = [
      ...[idToChar, charToId, list],
      ...[{ idToChar, charToId }, { charToId }, { char_indices: charToId, indices_char: list, size: SIZE }],
    ];
    for (const form of forms) {
      const { model, unusedIds } = await imported(randomModel({ characters: SIZE }), form);
      assert.deepEqual({ ...model.vocabulary.toFile().charToId }, charToId);
      assert.deepEqual(unusedIds, []);
    }
  });

  test('may be a list with gaps', async () => {
    const list = [null, 'a', '\n', null, 'b', 'c', ' ', null, 'd'];
    assert.deepEqual((await imported(randomModel({ characters: SIZE }), list)).unusedIds, [0, 3, 7]);
  });

  test('may begin at 1 and have gaps: only those ids are removed from the network', async () => {
    for (const whole of [randomModel({ characters: SIZE }), oneHotModel()]) {
      const { model, unusedIds } = await imported(whole, GAPPED);
      assert.deepEqual(unusedIds, [0, 3, 7]);
      assert.equal(model.vocabulary.size, KEPT.length);
      assert.equal(model.vocabulary.decode(2), 'b');
      const [before, after] = [new Reference(whole), new Reference(model)];
      for (const id of [4, 1, 8, 2, 6, 5, 5]) {
        const logits = before.step(id);
        assert.deepEqual(
          [...after.step(KEPT.indexOf(id))],
          KEPT.map((kept) => logits[kept]),
        );
      }
    }
  });

  test('may lack an id that the network masks, and no other', async () => {
    const model = randomModel({ characters: SIZE });
    const change = (text: string) => text.replace('"mask_zero": false', '"mask_zero": true');
    assert.deepEqual((await imported(model, GAPPED, { change })).unusedIds, [0, 3, 7]);
    await assert.rejects(
      imported(model, allOf('\u0003\n abcdef'), { change }),
      /jumps over the id 0, which is "\\u0003"/,
    );
  });

  test('is refused in one line that names the fault', async () => {
    const good = allOf('\u0003\n abcdef');
    const faults: [unknown, RegExp][] = [
      ['abc', /neither a JSON object nor a list/],
      [[], /it is empty/],
      [[1, 2], /maps neither/],
      [{ a: good, b: good, c: {} }, /holds 3 dictionaries, "a", "b", "c"; leave one/],
      [{ unit: 'word', idToChar: good, charToId: turned(good) }, /a vocabulary of words/],
      [{}, /it is empty/],
      [{ a: null }, /maps neither ids to characters nor characters to ids/],
      [{ a: 1, 2: 'b' }, /maps neither/],
      [{ ...good, 8: 'UNK' }, /"UNK" is not one character; leave it out/],
      [{ ...good, x: 'y' }, /the id of "y" is NaN/],
      [{ ...turned(good), z: 8 }, /gives the id 8 to two characters/],
      [{ ...turned(good), z: 1.5 }, /the id of "z" is 1\.5/],
      [{ ...turned(good), z: -1 }, /the id of "z" is -1/],
      [{ ...good, 8: 'a' }, /two ids have the same character/],
      [{ idToChar: good, charToId: { ...turned(good), a: 4, b: 3 } }, /disagree about the id 3/],
      [{ idToChar: good, charToId: { ...turned(good), z: 9 } }, /not equally long/],
      [allOf('\u0003\n abcde'), /its ids end at 7, but those of the model in .* at 8/],
      [allOf('\u0003\n abcdefg'), /its ids end at 9, but those of the model in .* at 8/],
      [allOf('abcdefghi'), /U\+0003, a line end or a space/],
      [{ a: 1e15 }, /its ids end at 1000000000000000/],
    ];
    for (const [dictionary, message] of faults) {
      await assert.rejects(imported(randomModel({ characters: SIZE }), dictionary), (error) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, message);
        assert.ok(!error.message.includes('\n'));
        return true;
      });
    }
  });
});

describe('the way in which a model is read', () => {
  test('is the caller’s choice, or else the one of the file', async () => {
    const window: Reading = { kind: 'window', characters: 30 };
    const dictionary = allOf('\u0003\n abcdef');
    const plain = randomModel({ characters: SIZE });
    const readings: [Model, Reading | undefined, Reading][] = [
      [plain, undefined, STATEFUL],
      [plain, window, window],
      [{ ...plain, reading: window }, undefined, window],
      [{ ...plain, reading: window }, STATEFUL, STATEFUL],
    ];
    for (const [model, reading, expected] of readings) {
      const { model: found } = await imported(model, dictionary, reading === undefined ? {} : { reading });
      assert.deepEqual(found.reading, expected);
    }
  });

  test('has to be windows for a layer that reads backwards', async () => {
    const plain = randomModel({ characters: SIZE, units: [4] });
    const [embedding, lstm, dense] = plain.layers;
    assert.ok(lstm?.kind === 'lstm');
    const both: Model = {
      ...plain,
      layers: [embedding!, { kind: 'bidirectional', forward: lstm, backward: lstm, merge: 'sum' }, dense!],
    };
    const dictionary = allOf('\u0003\n abcdef');
    await assert.rejects(imported(both, dictionary), (error) => {
      assert.ok(error instanceof ModelFileError);
      assert.match(error.problem, /reads backwards too, so give the characters of its windows with --window/);
      return true;
    });
    const reading: Reading = { kind: 'window', characters: 5 };
    assert.deepEqual((await imported(both, dictionary, { reading })).model.reading, reading);
  });
});
