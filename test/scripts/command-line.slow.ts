/** The command lines of scripts and benchmarks: help, and mistakes without a stack. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT } from '../helpers/cli.ts';

/** Scripts without an entry in package.json. */
const UNLISTED = [
  'scripts/chat-pictures.ts',
  'scripts/corpus/check.ts',
  'scripts/corpus/compare.ts',
  'scripts/icons.ts',
  'scripts/screenshot.ts',
];
/** The program itself, and experiments, which describe themselves in their own document. */
const EXCEPTIONS = ['src/cli.ts', 'scripts/experiments/run.ts'];

function run(script: string, word: string): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', script, word], { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

describe('scripts and benchmarks', () => {
  it('print help for --help, and one sentence for an unknown option', async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    const listed = Object.values<string>(scripts).flatMap(
      (command) => /^node --import tsx (\S+\.ts)$/.exec(command)?.[1] ?? [],
    );
    const found = [...listed, ...UNLISTED].filter((script) => !EXCEPTIONS.includes(script));
    assert.ok(found.length >= 14, found.join());
    for (const script of found) {
      const help = await run(script, '--help');
      assert.deepEqual({ code: help.code, stderr: help.stderr }, { code: 0, stderr: '' }, script);
      assert.match(help.stdout, /^(npm run |node --import tsx )\S+.*\n\n[A-Z]/, script);
      const wrong = await run(script, '--no-such-option');
      assert.equal(wrong.code, 2, script);
      assert.match(
        wrong.stderr,
        /^Unknown option '--no-such-option'.*\n\(--help lists the options\)\n$/,
        script,
      );
      assert.equal(wrong.stdout, '', script);
    }
  });
});
