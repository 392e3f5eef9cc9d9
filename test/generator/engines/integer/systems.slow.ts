/**
 * The digests on other versions of Node and other systems, as far as this machine can run them. TEST_NODES has a
 * command line for each, separated by semicolons; docs/integer-engine.md says where to get them.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const PROGRAM = 'test/generator/engines/integer/digests.ts';
const ROOT = new URL('../../../../', import.meta.url);
/** An emulated processor takes minutes. */
const TIMEOUT_MS = 1_500_000;
const NODES = (process.env.TEST_NODES ?? '').split(';').filter((line) => line.trim() !== '');

describe('every system gives the digests of the integer engine', () => {
  if (NODES.length === 0) test('on other machines', { skip: 'TEST_NODES names no other Node' }, () => {});
  for (const line of NODES) {
    test(line.trim(), { timeout: TIMEOUT_MS }, () => {
      const folder = mkdtempSync(join(tmpdir(), 'systems-'));
      const path = join(folder, 'output');
      // A file, because Node for Windows cannot write to a pipe of Wine's.
      const output = openSync(path, 'w');
      try {
        const [command, ...options] = line.trim().split(/\s+/);
        const stdio = ['ignore', output, output] as const;
        const { status } = spawnSync(command!, [...options, PROGRAM], { cwd: ROOT, stdio: [...stdio] });
        const text = readFileSync(path, 'utf8');
        assert.equal(status, 0, text);
        assert.match(text, /random steps: the same\r?\n.*stories: the same/);
      } finally {
        closeSync(output);
        rmSync(folder, { recursive: true });
      }
    });
  }
});
