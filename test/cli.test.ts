/** The commands, as a user at a terminal runs them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CliHost, MODELS, ROOT, scifi } from './helpers/cli.ts';
import { embeddedFolder } from './helpers/embedded-folder.ts';
import { startRole } from './helpers/processes.ts';
import { freePort, temporaryFolder } from './helpers/programs.ts';
import { THOROUGH_ONLY } from './helpers/sized.ts';

describe('scifi', { concurrency: 2 }, () => {
  let folder: string;
  let remove: () => Promise<void>;
  const host = new CliHost();

  before(async () => {
    ({ folder, remove } = await temporaryFolder());
  });
  after(async () => {
    host.stop();
    await remove();
  });

  it('write: the same seed gives the same story, alone on standard output', async () => {
    const args = ['write', 'It all began with', '--length', '300', '--temperature', '0.7', '--seed', '7'];
    const [first, second] = await Promise.all([scifi(args), host.run(args)]);
    assert.deepEqual(first, second);
    assert.equal(first.code, 0);
    assert.equal(first.stderr, '');
    assert.match(first.stdout, /^It all began with.*(?:[.!?]["')\]]*|--)\n$/s);
    assert.ok(first.stdout.length <= 301);
  });

  it('write: shows its progress on a terminal, and how to get the same story again', async () => {
    const args = ['write', 'The sea', '--length', '200', '--temperature', '0.5', '--seed', '11'];
    const [quiet, told] = await Promise.all([host.run(args), host.run(args, {}, true)]);
    assert.equal(told.code, 0);
    assert.equal(told.stdout, quiet.stdout);
    const credits =
      /(\d+) characters, \d+ a second; scifi [0-9a-f]{12} \(integer-1\), classic, temperature 0\.5, seed 11\n$/;
    assert.equal(Number(credits.exec(told.stderr)?.[1]), told.stdout.length - 1, told.stderr);
    assert.match(told.stderr, /\d+ of 200 characters/);
  });

  it('write: another seed gives another story, and a missing one gives a random story', async () => {
    const args = ['write', 'The sea', '--length', '200', '--temperature', '1'];
    const outcomes = await Promise.all([host.run([...args, '--seed', '1']), host.run(args), host.run(args)]);
    assert.deepEqual(
      outcomes.map(({ code }) => code),
      [0, 0, 0],
    );
    assert.equal(new Set(outcomes.map(({ stdout }) => stdout)).size, 3);
  });

  it('write: ends without a message when the reader closes the pipe', async () => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'src/cli.ts', 'write', 'x', '--length', '6000', '--seed', '1'],
      { cwd: ROOT, env: { PATH: process.env.PATH, SCIFI_MODELS: MODELS } },
    );
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  });

  it('corpus build: names its empty files, the reason, and what to do', async () => {
    const raw = join(folder, 'raw');
    const out = join(folder, 'corpus');
    await mkdir(raw);
    // None of these numbers is held out.
    const page = (name: string) =>
      Array.from(
        { length: 400 },
        (_, i) => `The ${name} fell ${i} days before the captain of it spoke.`,
      ).join('\n');
    for (const id of ['1000', '1001', '1002']) await writeFile(join(raw, `${id}.txt`), page(`ship ${id}`));
    const few = await host.run(['corpus', 'build', raw, '--out', out]);
    assert.equal(few.code, 0);
    assert.match(
      few.stdout,
      /^valid\.txt and test\.txt are empty: one work in twenty is assigned to each, by its id, and none of 3 was\./m,
    );
    assert.match(
      few.stdout,
      /to .*corpus\/valid\.txt and another to .*corpus\/test\.txt; training needs valid\.txt\.$/m,
    );
    const nothing = join(folder, 'nothing');
    await mkdir(nothing);
    await writeFile(join(nothing, '1.txt'), 'Nothing but a title');
    const none = await host.run(['corpus', 'build', nothing, '--out', out]);
    assert.match(none.stdout, /^There is no text to train on: all files were left out\./m);
  });

  it('names the mistake in one line and exits with 2', async () => {
    const file = join(folder, 'file.txt');
    await writeFile(file, '\u0003\u0003');
    const short = join(folder, 'short.txt');
    await writeFile(short, '\u0003It was a dark night on the planet.');
    const [begun, done] = [join(folder, 'begun'), join(folder, 'done')];
    for (const run of [begun, done]) await mkdir(join(run, 'checkpoints'), { recursive: true });
    await cp(join(MODELS, 'scifi'), join(done, 'model'), { recursive: true });
    const noModelYet = /The run in .*begun has no model yet: the first is written when an epoch is over/;
    const itsModel = /done is a run of training\. Its model is in .*done\/model: give that folder\./;
    const mistakes: [string[], RegExp, Record<string, string>?][] = [
      [['write', 'x', '--model', join(begun, 'model')], noModelYet],
      [['write', 'x', '--model', begun], noModelYet],
      [['write', 'x', '--model', done], itsModel],
      [['evaluate', join(begun, 'model'), short], noModelYet],
      [['evaluate', begun, short], noModelYet],
      [['evaluate', done, short], itsModel],
      [['model', 'inspect', join(begun, 'model')], noModelYet],
      [['model', 'inspect', done], itsModel],
      [['model', 'export', begun, join(folder, 'exported'), '--format', 'onnx'], noModelYet],
      [['train', folder, '--out', folder, '--from', begun], noModelYet],
      [['write', '--lenght', '7'], /unknown option '--lenght'/],
      [['wirte'], /unknown command 'wirte'/],
      [['write', 'x', '--length', 'many'], /'many' is invalid. Give a number/],
      [
        ['write', 'x', '--length', '7'],
        /The length is 7; give a whole number of characters from 50 to 6,000/,
      ],
      [['write', 'x', '--temperature', '9'], /The temperature is 9; give a number from 0 to 2/],
      [
        ['write', 'x', '--preset', 'wild', '--temperature', '1'],
        /The temperature belongs to the preset classic; leave out one of them/,
      ],
      [['write', 'x', '--preset', 'hot'], /'hot' is invalid/],
      [['write', 'x', '--model', 'nosuch'], /There is no model nosuch. Choose one of: scifi/],
      [['write', 'x', '--model', './nosuch'], /nosuch.model.json cannot be used: there is no such file/],
      [['write', 'x'], /models.json cannot be used: there is no such file/, { SCIFI_MODELS: '/nowhere' }],
      [['write', 'x'], /SCIFI_SLOTS: expected a whole number from 1/, { SCIFI_SLOTS: '0' }],
      [['write', 'x', 'y'], /too many arguments for 'write'/],
      [['write', 'x', '--seed', '-1'], /The seed is -1; give a whole number from 0 to 4294967295/],
      [['write', 'x', '--seed', ''], /'' is invalid. Give a number/],
      [['write', 'x'.repeat(2_001)], /That opening has 2,001 characters; the most is 2,000/],
      [['model', 'import'], /missing required argument 'file'/],
      [['doctor'], /SCIFI_PROT: there is no such setting/, { SCIFI_PROT: '1' }],
      [['bots'], /Without REDIS_URL .* Set REDIS_URL/],
      [['worker'], /Without REDIS_URL .* Set REDIS_URL/],
      [
        ['evaluate', join(MODELS, 'nosuch'), join(ROOT, 'README.md')],
        /nosuch\/model.json cannot be used: there is no such file/,
      ],
      [['train', folder, '--out', folder, '--from', join(MODELS, 'nosuch')], /nosuch\/model\.json/],
      [
        ['train', folder, '--out', folder, '--from', MODELS, '--units', '9'],
        /--from .*cannot be used with .*--units/,
      ],
      [['evaluate', join(MODELS, 'scifi'), '/nowhere'], /\/nowhere cannot be read \(ENOENT\)/],
      [['evaluate', join(MODELS, 'scifi'), file], /file.txt holds no characters to score/],
      [['evaluate', join(MODELS, 'scifi'), short, '--fresh-starts'], /too short for 64 fresh starts/],
      [['start'], /file.txt cannot be created \(EEXIST\). Set SCIFI_DATA/, { SCIFI_DATA: file }],
      [['worker'], /REDIS_URL: expected hosts such as/, { REDIS_URL: 'redis://hunter2@[' }],
      [
        ['worker'],
        /REDIS_URL: expected special characters of user and password percent-encoded/,
        { REDIS_URL: 'redis://me:hunter2%ZZ@127.0.0.1:1' },
      ],
    ];
    const outcomes = await Promise.all(mistakes.map(([args, , env]) => host.run(args, env)));
    for (const [index, { code, stderr, stdout }] of outcomes.entries()) {
      const [args, sentence] = mistakes[index]!;
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
      assert.match(stderr, sentence);
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /^\s+at |hunter2/m, 'no stack trace, no secret');
      const lines = stderr.trimEnd().split('\n');
      // Commander's own sentences are followed by a hint; ours are not.
      const hint = lines[0]!.startsWith('error: ') ? ['(--help lists the commands and options)'] : [];
      assert.deepEqual(
        lines.slice(1).filter((line) => !line.startsWith('(Did you mean ')),
        hint,
        stderr,
      );
    }
  });

  it(
    'start: names the process that has the data folder, and reports a port in use',
    THOROUGH_ONLY,
    async () => {
      const port = await freePort();
      const queue = await embeddedFolder();
      const env = { SCIFI_DATA: queue.folder, SCIFI_PORT: String(port), REDIS_URL: '' };
      const running = await startRole('start', env);
      try {
        const second = await host.run(['start'], { ...env, SCIFI_PORT: '0' });
        const examined = await host.run(['doctor'], { ...env, SCIFI_MODELS: '/nowhere' });
        assert.equal(examined.code, 1);
        assert.match(
          examined.stdout,
          new RegExp(`^FAIL {2}Queue: .*in use by process ${running.pid}\\.`, 'm'),
        );
        assert.match(
          examined.stdout,
          new RegExp(`^FAIL {2}Page: Something else already uses port ${port} of`, 'm'),
        );
        assert.equal(second.code, 2);
        assert.equal(second.stdout, '');
        assert.equal(second.stderr.trimEnd().split('\n').length, 1, second.stderr);
        assert.match(
          second.stderr,
          new RegExp(`in use by process ${running.pid} on \\S+ since \\S+\\. Stop that one`),
        );
      } finally {
        await running.kill();
      }
      const server = createServer().listen(port, '127.0.0.1');
      try {
        const blocked = await host.run(['start'], env);
        assert.equal(blocked.code, 2);
        assert.match(blocked.stderr, new RegExp(`^Something else already uses port ${port} of [^\\n]*\\n$`));
        assert.equal(blocked.stdout, '');
        for (const [name, ports] of Object.entries({
          Page: { SCIFI_PORT: String(port) },
          'Operator port': { SCIFI_OPERATOR_PORT: String(port) },
          Slack: {
            SLACK_BOT_TOKEN: 'xoxb-1',
            SLACK_SIGNING_SECRET: 'x'.repeat(32),
            SLACK_PORT: String(port),
          },
        })) {
          const { code, stdout } = await host.run(['doctor'], {
            ...env,
            SCIFI_PORT: '0',
            SCIFI_MODELS: '/nowhere',
            ...ports,
          });
          assert.equal(code, 1);
          assert.match(
            stdout,
            new RegExp(`^FAIL {2}${name}: Something else already uses port ${port} of`, 'm'),
          );
          assert.match(stdout, /^ok {4}Queue: embedded/m, 'nobody holds the folder now');
        }
        const elsewhere = await host.run(['doctor'], {
          ...env,
          SCIFI_HOST: '192.0.2.1',
          SCIFI_MODELS: '/nowhere',
        });
        assert.match(elsewhere.stdout, /^FAIL {2}Page: This machine has no address 192\.0\.2\.1/m);
      } finally {
        server.close();
        await queue.remove();
      }
    },
  );

  it('evaluate: scores works that begin with U+0003', async () => {
    const file = join(folder, 'works.txt');
    const work = '\u0003It was a dark night on the planet. The ship was gone, and the men were afraid.\n';
    await writeFile(file, work.repeat(3));
    const { code, stdout } = await host.run(['evaluate', join(MODELS, 'scifi'), file]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`characters scored {3}${(work.length - 1) * 3} in 3 works`));
    const bits = Number(/bits per character {2}([\d.]+)/.exec(stdout)![1]);
    assert.ok(bits > 0.5 && bits < 3, `${bits} bits`);
  });

  it('evaluate: shows its confidence, and the text above the predicted text', async () => {
    const file = join(folder, 'shown.txt');
    await writeFile(file, '\u0003It was a dark night on the planet.\n\nThe ship was gone.');
    const flags = ['--calibration', '--show', '36'];
    const { code, stdout } = await host.run(['evaluate', join(MODELS, 'scifi'), file, ...flags]);
    assert.equal(code, 0);
    assert.match(stdout, /^temperature {2}bits per character {2}confidence {2}calibration error\n {8}0\.2 /m);
    assert.match(stdout, /^Accuracy [\d.]+%; fewest bits at temperature [\d.]+/m);
    assert.match(stdout, /^text {3}It was a dark night on the planet\.¶¶\nguess {2}.{36}\n\n$/m);
    for (const count of ['0', '1.5', 'all']) {
      const refused = await host.run(['evaluate', join(MODELS, 'scifi'), file, '--show', count]);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /--show \[characters\].* Give a (whole )?number/);
    }
  });

  it('evaluate: shows its progress on a terminal, from 0 to 100%', async () => {
    const file = join(folder, 'work.txt');
    await writeFile(file, `\u0003${'The ship was gone. '.repeat(40)}`);
    const { code, stderr, stdout } = await host.run(['evaluate', join(MODELS, 'scifi'), file], {}, true);
    assert.equal(code, 0);
    assert.match(stdout, /^bits per character/);
    const shares = [...stderr.matchAll(/(\d+)%/g)].map(([, share]) => Number(share));
    assert.ok(shares.length >= 2 && shares.at(-1) === 100, stderr);
    assert.deepEqual(
      shares,
      shares.toSorted((a, b) => a - b),
    );
  });

  it('doctor: exits with 0 when all is well, and with 1 and advice when it is not', async () => {
    const [well, ill] = await Promise.all([
      host.run(['doctor'], { SCIFI_DATA: folder }),
      host.run(['doctor'], { SCIFI_DATA: folder, SCIFI_MODELS: '/nowhere' }),
    ]);
    assert.equal(well.code, 0);
    assert.match(well.stdout, /^ok {4}Engine: \w+ on /m);
    assert.match(well.stdout, /^ok {4}Models: scifi [0-9a-f]{12}/m);
    assert.equal(ill.code, 1);
    assert.match(ill.stdout, /^FAIL {2}Models: .*there is no such file/m);
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const unwritable = await host.run(['doctor'], { SCIFI_DATA: file });
    assert.equal(unwritable.code, 1);
    assert.match(unwritable.stdout, /^FAIL {2}Queue: .*a-file cannot be written\. Set SCIFI_DATA/m);
  });

  it('prints its help', async () => {
    const { code, stdout } = await host.run(['--help']);
    assert.equal(code, 0);
    for (const command of ['start', 'bots', 'worker', 'write', 'evaluate', 'model', 'doctor']) {
      assert.match(stdout, new RegExp(`^ {2}${command}\\b`, 'm'));
    }
    assert.match((await host.run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});
