import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isExact } from '../../../../src/generator/engines/webgpu/exactness.ts';
import type { Programs } from '../../../../src/generator/engines/webgpu/programs.ts';
import { skipWithoutWebgpu } from '../tensorflow-backends.ts';
import { openTestDevice } from './webgpu-device.ts';

describe('the trial of a device', { skip: skipWithoutWebgpu() }, () => {
  test('gives the same bits where the language has no products of bytes', async () => {
    const { opened, programs } = await openTestDevice(new Set());
    assert.ok(await isExact(opened.device, programs));
    opened.device.destroy();
  });

  test('finds out that a device computes other bits', async () => {
    const { opened, programs } = await openTestDevice();
    assert.ok(await isExact(opened.device, programs));
    // Its layers compute nothing.
    const other = { ...programs, layerFor: () => ({ pipeline: programs.draw, rows: 1 }) };
    assert.ok(!(await isExact(opened.device, other as unknown as Programs)));
    opened.device.destroy();
  });
});
