import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BINARIES, buildKernels } from '../../../../scripts/kernel/build.ts';
import { COMPILER } from '../../../../scripts/kernel/toolchain.ts';

const hasCompiler = spawnSync(COMPILER, ['--version']).status === 0;

test('the kernels of the integer engine are built again with the same bytes', {
  skip: hasCompiler ? false : `no ${COMPILER} here`,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kernels-'));
  try {
    assert.deepEqual(buildKernels(folder), JSON.parse(readFileSync(join(BINARIES, 'manifest.json'), 'utf8')));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
