/** `scifi train` as a user runs it: interrupted, killed, and continued to the same result. */
import assert from 'node:assert/strict';
import { exec, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Command, CommanderError } from 'commander';
import { addTrain } from '../../src/cli/train.ts';
import { StoryError } from '../../src/errors.ts';
import { loadModel } from '../../src/generator/model/files.ts';
import { uniformAt } from '../../src/generator/sampler.ts';
import { CliHost } from '../helpers/cli.ts';
import { temporaryFolder, until } from '../helpers/programs.ts';

const execute = promisify(exec);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const WORDS = 'the ship fell and nobody spoke until stars turned green over a quiet sea of glass'.split(' ');

/** Words in a random order, which no network can predict completely. */
function text(length: number, seed: number): string {
  let words = '';
  for (let i = 0; words.length < length; i++)
    words += `${WORDS[Math.floor(uniformAt(seed, i, 0) * WORDS.length)]} `;
  return `\u0003${words}\n`;
}

function start(args: readonly string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'train', ...args], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', SCIFI_ENGINE: 'wasm' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, ended, output: () => output };
}

describe('scifi train', () => {
  const host = new CliHost();
  after(() => host.stop());

  /** Runs a command that is not interrupted, in a long-lived process. */
  async function train(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await host.run(['train', ...args], { SCIFI_ENGINE: 'wasm' });
    assert.equal(code, 0, stderr);
    return stdout + stderr;
  }

  it('reaches the same weights after every kind of interruption, and they write', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      const data = join(folder, 'data');
      await mkdir(data);
      await writeFile(join(data, 'train.txt'), text(8_000, 1));
      await writeFile(join(data, 'valid.txt'), text(1_000, 2));
      const options = [
        '--units',
        '24',
        '--steps',
        '20',
        '--schedule',
        'adam@0.01x4',
        '--epochs',
        '2',
        '--dropout',
        '0.1',
      ];
      const run = (name: string, ...more: string[]) =>
        train([data, '--out', join(folder, name), ...options, ...more]);
      assert.match(await run('whole'), /epoch 2: .* bits per character .*\nBest: epoch/);

      const out = join(folder, 'pieces');
      const logged = async () =>
        (await readFile(join(out, 'log.csv'), 'utf8').catch(() => '')).split('\n').length;
      const first = start([data, '--out', out, ...options]);
      await until(async () => (await logged()) > 4, 'the first lines of the log');
      first.child.kill('SIGINT');
      await until(() => /Saving/.test(first.output()), 'the answer to Ctrl-C');
      // A second Ctrl-C still leaves a checkpoint.
      first.child.kill('SIGINT');
      assert.equal(await first.ended, 130, first.output());
      const continued = /Interrupted and saved\. Continue with: (.*)\n/.exec(first.output())![1]!;
      const lines = await logged();
      const second = start([data, '--out', out, ...options, '--continue']);
      await until(async () => (await logged()) > lines + 3, 'more lines');
      second.child.kill('SIGKILL');
      await second.ended;
      // As a user does who pastes the printed command.
      await execute(continued, {
        cwd: ROOT,
        env: { ...process.env, NODE_OPTIONS: '', SCIFI_ENGINE: 'wasm' },
      });

      const weights = (name: string) => readFile(join(folder, name, 'model', 'weights.bin'));
      assert.deepEqual(await weights('pieces'), await weights('whole'));
      const log = (name: string) => readFile(join(folder, name, 'log.csv'), 'utf8');
      const withoutSeconds = (csv: string) =>
        csv.split('\n').map((line) => line.split(',').toSpliced(2, 1).join());
      const [whole, pieces] = [withoutSeconds(await log('whole')), withoutSeconds(await log('pieces'))];
      assert.deepEqual(
        pieces.map((line) => line.split(',')[1]),
        whole.map((line) => line.split(',')[1]),
      );
      assert.equal(pieces.at(-2), whole.at(-2), 'the last epoch’s figures');
      const files = await readdir(join(folder, 'whole'));
      assert.deepEqual(files.toSorted(), [
        ...['accuracy.svg', 'checkpoints', 'log.csv', 'loss.svg', 'model', 'rate.svg', 'samples.md'],
      ]);
      const names = await readdir(join(folder, 'whole', 'checkpoints'));
      assert.match(names.toSorted().at(-1)!, /^epoch-0002-chunk-000000-\d\.\d{4}bpc$/);
      assert.match(
        await readFile(join(folder, 'whole', 'samples.md'), 'utf8'),
        /## Epoch 2, .*\n\nIt all began with/,
      );
    } finally {
      await remove();
    }
  });

  it('trains a bidirectional GRU with batch normalisation, and describes it', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      await writeFile(join(folder, 'train.txt'), text(6_000, 1));
      await writeFile(join(folder, 'valid.txt'), text(1_000, 2));
      const kind = [
        '--cell',
        'gru',
        '--bidirectional',
        '--batch-normalization',
        '--steps',
        '20',
        '--units',
        '12',
      ];
      const out = join(folder, 'gru');
      const output = await train([
        folder,
        '--out',
        out,
        ...kind,
        '--schedule',
        'adam@0.01x4',
        '--epochs',
        '1',
      ]);
      assert.match(output, /figures in training are too good/);
      const { layers, reading } = await loadModel(join(folder, 'gru', 'model'));
      const kinds = layers.map(({ kind: name }) => name);
      assert.deepEqual(kinds, ['embedding', 'bidirectional', 'batch_normalization', 'dense']);
      assert.deepEqual(reading, { kind: 'window', characters: 20 });
      const samples = await readFile(join(folder, 'gru', 'samples.md'), 'utf8');
      assert.match(samples, /## Epoch 1, .*\n\nIt all began with./);
    } finally {
      await remove();
    }
  });

  it('trains a residual stack by Muon, with the words that its presets draw', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      await writeFile(join(folder, 'train.txt'), text(6_000, 1));
      await writeFile(join(folder, 'valid.txt'), text(1_000, 2));
      const out = join(folder, 'stack');
      const kind = ['--optimizer', 'muon', '--residual', '--units', '12', '--steps', '20', '--epochs', '1'];
      await train([folder, '--out', out, ...kind]);
      const model = await loadModel(join(out, 'model'));
      assert.deepEqual(
        model.layers.map((layer) => layer.kind + ('residual' in layer ? ' residual' : '')),
        ['embedding', 'lstm', 'lstm residual', 'lstm residual', 'dense'],
      );
      assert.deepEqual(
        [...model.lexicon!.words()].map(([word]) => word),
        WORDS.toSorted(),
      );
      const args = [join(out, 'model'), join(folder, 'valid.txt')];
      const evaluation = await host.run(['evaluate', ...args], { SCIFI_ENGINE: 'wasm' });
      assert.match(evaluation.stdout, /^bits per character {2}\d\.\d{4}\n/);
      // Training goes on from it, and its words stay known.
      await writeFile(join(folder, 'train.txt'), text(6_000, 1).replaceAll('ship', 'rocket'));
      const again = ['--from', join(out, 'model'), '--optimizer', 'muon', '--steps', '20', '--epochs', '1'];
      await train([folder, '--out', join(folder, 'again'), ...again]);
      const { lexicon, layers } = await loadModel(join(folder, 'again', 'model'));
      assert.ok(lexicon!.has('ship') && lexicon!.has('rocket'));
      assert.ok('residual' in layers[2]!);
    } finally {
      await remove();
    }
  });

  it('trains a network of words, which is sampled, scored and reported per character', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      await writeFile(join(folder, 'train.txt'), text(12_000, 1));
      await writeFile(join(folder, 'valid.txt'), text(2_000, 2));
      const options = [
        '--unit',
        'word',
        '--words',
        '14',
        '--units',
        '16',
        '--schedule',
        'adam@0.02x4',
        '--epochs',
        '3',
      ];
      assert.match(
        await train([folder, '--out', join(folder, 'words'), ...options]),
        /words for training, .*; \d+\.\d% of the text is in other words/,
      );
      const model = await loadModel(join(folder, 'words', 'model'));
      assert.deepEqual([model.vocabulary.unit, model.vocabulary.size], ['word', 16]);
      // Sixteen words in a random order, of five and a half characters: about 4 / 5.5 bits for each character.
      const { bitsPerCharacter } = model.metadata.validation as { bitsPerCharacter: number };
      assert.ok(bitsPerCharacter > 0.4 && bitsPerCharacter < 0.8, `${bitsPerCharacter} bits`);
      const samples = await readFile(join(folder, 'words', 'samples.md'), 'utf8');
      const words = samples
        .split('\n')
        .at(-3)!
        .replace('It all began with', '')
        .match(/[a-z]+/g)!;
      assert.ok(words.length > 20 && words.every((word) => WORDS.includes(word)), samples);
    } finally {
      await remove();
    }
  });

  it('reports mistakes', async () => {
    process.env.SCIFI_ENGINE = 'wasm';
    const { folder, remove } = await temporaryFolder();
    try {
      for (const [args, sentence] of [
        [
          [folder, '--out', join(folder, 'a')],
          /train\.txt cannot be read \(ENOENT\)\. A folder to learn from/,
        ],
        [[folder, '--out', join(folder, 'a'), '--schedule', 'adm'], /The schedule's part "adm"/],
        [
          [folder, '--out', join(folder, 'a'), '--units', '0'],
          /--units .*Give a whole number from 1 to 16,384/,
        ],
        [[folder, '--out', join(folder, 'a'), '--optimizer', 'mun'], /The schedule's part "mun"/],
        [
          [folder, '--out', join(folder, 'a'), '--layers', '0'],
          /--layers .*Give a whole number from 1 to 64/,
        ],
        [
          [folder, '--out', join(folder, 'a'), '--layers', '2', '--units', '8,8'],
          /--layers is for layers of one size/,
        ],
        [
          [folder, '--out', join(folder, 'a'), '--residual', '--units', '8,9'],
          /--residual is for layers of one size that read forwards/,
        ],
        [
          [folder, '--out', join(folder, 'a'), '--words', '70000'],
          /--words .*Give a whole number from 1 to 65,534/,
        ],
        [
          [folder, '--out', join(folder, 'a'), '--dropout', '1'],
          /--dropout .*Give a number from 0 to below 1/,
        ],
        [[folder, '--out', join(folder, 'a'), '--continue'], /There is no run in .* to go on with/],
      ] as const) {
        const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
        addTrain(program);
        const parsed = program.parseAsync(['train', ...args], { from: 'user' });
        await assert.rejects(parsed, (error) => {
          const isMistake = error instanceof StoryError || error instanceof CommanderError;
          assert.ok(isMistake, `${(error as Error).stack}`);
          assert.match(error.message, sentence);
          return true;
        });
      }
    } finally {
      await remove();
    }
  });
});
