import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions, storeOptions } from '../../src/page/options.ts';
import type { PageStorage } from '../../src/page/store.ts';

const KEY = 'write-me-a-sci-fi.options.v1';
const DEFAULTS = {
  preset: 'lively',
  temperature: 0.4,
  length: 1_200,
  model: '',
  brief: false,
  likelihoods: false,
};

/** A browser's storage that holds these options. */
function storageOf(text: string | null): PageStorage {
  const items = new Map(text === null ? [] : [[KEY, text]]);
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

test('options are restored as they were stored', () => {
  const storage = storageOf(null);
  assert.deepEqual(readOptions(storage), DEFAULTS);
  const chosen = {
    preset: 'wild',
    temperature: 1.1,
    length: 300,
    model: 'melville',
    brief: true,
    likelihoods: true,
  } as const;
  storeOptions(storage, chosen);
  assert.deepEqual(readOptions(storage), chosen);
  storeOptions(storage, { ...chosen, preset: 'classic' });
  assert.deepEqual(readOptions(storage), { ...chosen, preset: 'classic' });
});

test('options of version 0.1 are classic only with a temperature that was changed', () => {
  const old = (temperature: string) =>
    readOptions(storageOf(JSON.stringify({ temperature, length: '800', model: 'scifi' })));
  assert.deepEqual(old('0.4'), {
    preset: 'lively',
    temperature: 0.4,
    length: 800,
    model: 'scifi',
    brief: false,
    likelihoods: false,
  });
  assert.deepEqual(old('0.65'), {
    preset: 'classic',
    temperature: 0.65,
    length: 800,
    model: 'scifi',
    brief: false,
    likelihoods: false,
  });
  assert.equal(old('').preset, 'lively');
});

test('unreadable options take their defaults, and numbers stay within bounds', () => {
  for (const text of ['{', 'null', '7', '{"preset":"odd"}', '{"preset":7,"length":"x"}']) {
    assert.deepEqual(readOptions(storageOf(text)), DEFAULTS, text);
  }
  const { temperature, length } = readOptions(storageOf('{"temperature":9,"length":1}'));
  assert.deepEqual([temperature, length], [2, 50]);
});

test('a browser without storage space or permission has the defaults', () => {
  const refuse = () => {
    throw new Error('QuotaExceededError');
  };
  for (const storage of [undefined, { getItem: refuse, setItem: refuse, removeItem: refuse }]) {
    storeOptions(storage, { ...DEFAULTS, preset: 'wild' });
    assert.deepEqual(readOptions(storage), DEFAULTS);
  }
});
