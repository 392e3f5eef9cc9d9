/** Completions, as the shells themselves compute them; a shell that is not installed is skipped. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { CliHost } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/programs.ts';

const execute = promisify(execFile);
const isMissing = (shell: string) => spawnSync(shell, ['-c', 'true']).error && `${shell} is not installed`;

/** The completions at the end of a line. */
const OFFERS: readonly (readonly [line: string, offers: readonly string[]])[] = [
  ['scifi wor', ['worker']],
  ['scifi corpus ', ['build', 'download']],
  ['scifi model export --format ', ['hdf5', 'onnx', 'scifi', 'tfjs']],
  ['scifi model export x y --for', ['--format']],
  ['scifi train data --batch', ['--batch-normalization']],
  ['scifi write --temperature 0.5 --le', ['--length']],
  // A word that is a command's name only in another position.
  ['scifi write model --se', ['--seed']],
];

describe('completion', { timeout: 240_000 }, () => {
  let folder: string;
  let remove: () => Promise<void>;
  const host = new CliHost();

  before(async () => {
    ({ folder, remove } = await temporaryFolder());
    await mkdir(join(folder, 'runs'));
    await writeFile(join(folder, 'raw.txt'), '');
  });
  after(async () => {
    host.stop();
    await remove();
  });

  async function scriptFor(shell: string): Promise<string> {
    const { code, stdout, stderr } = await host.run(['completion', shell]);
    assert.equal(code, 0, stderr);
    const file = join(folder, `completion.${shell}`);
    await writeFile(file, stdout);
    return file;
  }

  async function bashOffers(script: string, line: string): Promise<string[]> {
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: bash's own
    // As Readline sets them: the words of the line, and the index of the current one.
    const ask =
      'source "$1"; read -ra COMP_WORDS <<< "$2"; [[ "$2" == *" " ]] && COMP_WORDS+=("");' +
      'COMP_CWORD=$((${#COMP_WORDS[*]} - 1)); _scifi; printf "%s\\n" "${COMPREPLY[@]}"';
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: bash's own
    const { stdout } = await execute('bash', ['--norc', '-c', ask, 'bash', script, line], { cwd: folder });
    return stdout.split('\n').filter(Boolean);
  }

  it('bash', { skip: isMissing('bash') }, async () => {
    const script = await scriptFor('bash');
    for (const [line, offers] of OFFERS)
      assert.deepEqual((await bashOffers(script, line)).toSorted(), offers, line);
    // No completion matches: `complete -o default` makes bash offer files.
    assert.deepEqual(await bashOffers(script, 'scifi train --out ru'), []);
    const { stdout } = await execute('bash', [
      '--norc',
      '-c',
      'source "$1"; complete -p scifi',
      'bash',
      script,
    ]);
    assert.match(stdout, /-o default/);
  });

  it('fish', { skip: isMissing('fish') }, async () => {
    const script = await scriptFor('fish');
    const offers = async (line: string) => {
      const ask = 'source $argv[1]; complete --do-complete $argv[2]';
      const { stdout } = await execute('fish', ['--no-config', '-c', ask, script, line], { cwd: folder });
      return stdout
        .split('\n')
        .map((offer) => offer.split('\t')[0]!)
        .filter(Boolean);
    };
    for (const [line, expected] of OFFERS) {
      const found = await offers(line);
      for (const offer of expected) assert.ok(found.includes(offer), `${line}: ${found.join(' ')}`);
    }
    assert.deepEqual(await offers('scifi train --out ru'), ['runs/']);
    assert.deepEqual(await offers('scifi corpus build ra'), ['raw.txt']);
  });

  it('zsh', { skip: isMissing('zsh') }, async () => {
    const script = await scriptFor('zsh');
    for (const [line, expected] of OFFERS) {
      // A separate terminal, in which Tab is pressed twice and the output is read.
      const ask = `
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell "PS1='> '; cd ${folder}; source $1 2>/dev/null; setopt NO_LIST_AMBIGUOUS NO_ALWAYS_LAST_PROMPT; print READY"
        zpty -r -m shell out '*READY*READY*'
        zpty -n -w shell "$2"$'\\t'
        zpty -n -w shell $'\\t'
        zpty -r -m shell out "*$3*" && print -r -- "$out"`;
      const last = expected.at(-1)!;
      const { stdout } = await execute('zsh', ['-f', '-c', ask, 'zsh', script, line, last], {
        timeout: 120_000,
      });
      for (const offer of expected) assert.ok(stdout.includes(offer), `${line}: ${stdout}`);
    }
  });

  it('lists the supported shells', async () => {
    const { code, stderr } = await host.run(['completion', 'tcsh']);
    assert.equal(code, 2);
    assert.match(stderr, /Allowed choices are bash, zsh, fish/);
  });
});
