/** What the integer engine does to its process: idle threads, exits, leaks, lost processors. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { skipWithout } from '../../../helpers/programs.ts';

const TIMEOUT_MS = 240_000;

/** An engine of `threads` threads, and `decode(slots, steps)`. */
const PREAMBLE = `
import { createIntegerEngine } from './src/generator/engines/integer/create.ts';
import { randomModel } from './test/generator/model/random-model.ts';
import { setTimeout as sleep } from 'node:timers/promises';
const engine = await createIntegerEngine(randomModel({ units: [256, 256] }), { capacity: 64, threads: 2 });
const slotsOf = (count, from = 0) => Array.from({ length: count }, (_, i) => from + i);
const decode = (slots, steps) =>
  engine.decode(slots.map((slot) => ({ slot, feed: [1], temperature: 1, uniforms: new Float64Array(steps) })), steps);
`;

/** Runs a script with an engine; returns its output. Rejects where it fails, is aborted or hangs. */
async function runWithEngine(script: string, wrapper: readonly string[] = []): Promise<string> {
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', PREAMBLE + script];
  const [file, ...args] = [...wrapper, ...node];
  return (await promisify(execFile)(file!, args, { timeout: TIMEOUT_MS })).stdout.trim();
}

describe('a process with an integer engine', () => {
  test('uses no processor time while the engine is idle', async () => {
    const ms = await runWithEngine(`
      for (const count of [1, 8, 64]) await decode(slotsOf(count), 16);
      await sleep(500);
      const before = process.cpuUsage();
      await sleep(4_000);
      const { user, system } = process.cpuUsage(before);
      console.log((user + system) / 1_000);
      process.exit();
    `);
    // A busy thread would use 4,000.
    assert.ok(Number(ms) < 200, `${ms} ms of 4 s`);
  });

  test('ends by itself after its last decode', async () => {
    assert.equal(await runWithEngine('decode([0], 16).then(() => console.log("drawn"));'), 'drawn');
  });

  test('may exit while decodes are active', async () => {
    for (const rows of ['slotsOf(1)', 'slotsOf(60)']) {
      const output = await runWithEngine(`
        for (let i = 0; i < 3; i++) await decode(${rows}, 16);
        void decode(${rows}, 16);
        void decode([63], 16);
        console.log('exits');
        setImmediate(() => process.exit());
      `);
      assert.equal(output, 'exits');
    }
  });

  test('may close the engine while decodes are active: they end first', async () => {
    const output = await runWithEngine(`
      const active = [decode(slotsOf(60), 16), decode([63], 16)];
      await engine.close();
      console.log((await Promise.all(active)).map(({ length }) => length).join(' '));
    `);
    assert.equal(output, '960 16');
  });

  test('does not grow in a hundred thousand steps', async () => {
    const [first, last] = (
      await runWithEngine(
        `
      const step = async (call) => {
        const count = 1 + (call % 9);
        if (call % 5 === 0) engine.clear(call % 64);
        engine.checkpoint(slotsOf(count), call % 2);
        if (call % 7 === 0) engine.restore(0, call % 2);
        await Promise.all([decode(slotsOf(count), 16), decode(slotsOf(3, 40), 16)]);
      };
      const memory = () => { gc(); return process.memoryUsage(); };
      for (let call = 0; call < 500; call++) await step(call);
      const before = memory();
      for (let call = 0; call < 6_250; call++) await step(call);
      const after = memory();
      const sum = ({ heapUsed, external }) => heapUsed + external;
      console.log(sum(before), sum(after));
      process.exit();
    `,
        ['env', 'NODE_OPTIONS=--expose-gc'],
      )
    )
      .split(' ')
      .map(Number);
    assert.ok(last! < first! + 2 ** 20, `${last! - first!} bytes more`);
  });

  test('gives the same ids where its threads have one processor', {
    skip: skipWithout('taskset'),
  }, async () => {
    const script = `
      const ids = [];
      for (const count of [1, 5, 40]) ids.push(...(await decode(slotsOf(count), 16)));
      console.log(ids.join(' '));
      process.exit();
    `;
    assert.equal(await runWithEngine(script, ['taskset', '-c', '0']), await runWithEngine(script));
  });
});
