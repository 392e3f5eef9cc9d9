/**
 * Printed commands work when they are pasted: in sentences, in documents, and with the shell's own quoting.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import fc from 'fast-check';
import { createProgram } from '../src/cli/run.ts';
import { ownCommand } from '../src/terminal.ts';
import { MODELS, ROOT } from './helpers/cli.ts';
import { temporaryFolder } from './helpers/programs.ts';

const execute = promisify(execFile);
const TRANSLATIONS = join('bots', 'discord', 'locales');
/** A user agent that is sent to servers, and a line of a model's card, which is read elsewhere. */
const EXCEPTIONS = ['(scifi corpus download', 'npm run -s scifi -- evaluate FOLDER FILE'];

/** Runs a line as a user does who pastes it into a shell. */
async function paste(line: string, folder: string, path = process.env.PATH): Promise<string> {
  const env = { HOME: process.env.HOME, PATH: path, SCIFI_MODELS: MODELS };
  const { stdout } = await execute('sh', ['-c', line], { cwd: folder, env });
  return stdout;
}

/** Parses words as the command line does, without running the command. */
function parse(words: readonly string[]): void {
  const program = createProgram();
  const disarm = (command: Command) => {
    command.exitOverride().configureOutput({ writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => {});
    command.commands.forEach(disarm);
  };
  disarm(program);
  program.parse(words, { from: 'user' });
}

/** The words of a line of a document: as a shell with quotes and comments splits them. */
async function wordsOf(line: string): Promise<string[]> {
  const { stdout } = await execute('sh', ['-c', `set -f; printf '%s\\0' ${line}`]);
  return stdout.split('\0').slice(0, -1);
}

describe('printed commands', () => {
  it('reach the program word for word, with any characters in the words', async () => {
    const invocation = { script: '/usr/local/bin/scifi', workingFolder: '/' };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary' }).filter((word) => !word.includes('\0') && word.isWellFormed())),
        async (words) => {
          const line = ownCommand(words, invocation);
          assert.deepEqual((await wordsOf(line)).slice(1), words);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('run in the folder of the checkout', async () => {
    const line = ownCommand(['write', "The cook's ship", '--length', '70', '--seed', '1'], {
      script: join(ROOT, 'src/cli.ts'),
      workingFolder: ROOT,
    });
    assert.match(await paste(line, ROOT), /^The cook's ship/);
  });

  it('run in another folder, where they name the program by its path', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      const invocation = { script: join(ROOT, 'bin/scifi.js'), workingFolder: folder };
      assert.equal(await paste(ownCommand(['--version'], invocation), folder), '0.1.0\n');
    } finally {
      await remove();
    }
  });

  it('run by their name where the program is on the PATH, as `npm link` puts it there', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      const script = join(folder, 'scifi');
      await symlink(join(ROOT, 'bin/scifi.js'), script);
      const line = ownCommand(['write', 'The sea', '--length', '60'], { script, workingFolder: folder });
      assert.equal(line, "scifi write 'The sea' --length 60");
      assert.match(await paste(line, folder, `${folder}:${process.env.PATH}`), /^The sea/);
    } finally {
      await remove();
    }
  });

  it('exist, in every document', async () => {
    const documents = [
      ...(await readdir(join(ROOT, 'docs'))).map((name) => `docs/${name}`),
      ...(await readdir(ROOT)),
      ...(await readdir(MODELS)).map((name) => `models/${name}`),
      '.env.example',
    ].filter((name) => name.endsWith('.md') || name === '.env.example');
    let found = 0;
    for (const name of documents) {
      const text = await readFile(join(ROOT, name), 'utf8');
      for (const [, words] of text.matchAll(/npm run -s scifi -- ([^`\n]*)/g)) {
        // A number replaces the only placeholder whose form is checked.
        const line = words!.replace(/--guild ID$/, '--guild 12345678901234567');
        try {
          parse(await wordsOf(line));
        } catch (error) {
          if ((error as { code?: string }).code !== 'commander.helpDisplayed')
            assert.fail(`${name}: scifi ${line}: ${(error as Error).message}`);
        }
        found += 1;
      }
    }
    assert.ok(found > 15, `${found} commands`);
  });

  it('come from ownCommand, in every sentence of the program', async () => {
    const names = createProgram().commands.map((command) => command.name());
    const command = new RegExp(`(?:run -s scifi --|\\bscifi) (?:${names.join('|')})\\b`);
    for (const file of await readdir(join(ROOT, 'src'), { recursive: true })) {
      // Translations name commands of Discord, and their options: `scifi model`.
      if (!file.endsWith('.ts') || file.startsWith(TRANSLATIONS)) continue;
      const source = await readFile(join(ROOT, 'src', file), 'utf8');
      const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
      for (const line of code.split('\n')) {
        if (EXCEPTIONS.some((exception) => line.includes(exception))) continue;
        assert.doesNotMatch(line, command, file);
      }
    }
  });
});
