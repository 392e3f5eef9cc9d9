/**
 * The commands, as somebody at a terminal meets them.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startRole } from './helpers/processes.ts';
import { freePort, temporaryFolder } from './helpers/programs.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

function scifi(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, LOG_LEVEL: 'silent', ...env },
  });
  const outcome: Outcome = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    outcome.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    outcome.stderr += chunk;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ ...outcome, code })));
}

describe('scifi', () => {
  let folder: string;
  let remove: () => Promise<void>;

  before(async () => {
    ({ folder, remove } = await temporaryFolder());
  });
  after(() => remove());

  it('write: the same seed gives the same story, alone on standard output', async () => {
    const args = ['write', 'It all began with', '--length', '300', '--temperature', '0.7', '--seed', '7'];
    const [first, second] = await Promise.all([scifi(args), scifi(args)]);
    assert.deepEqual(first, second);
    assert.equal(first.code, 0);
    assert.equal(first.stderr, '');
    assert.match(first.stdout, /^It all began with.*(?:[.!?]["')\]]*|--)\n$/s);
    assert.ok(first.stdout.length <= 301);
  });

  it('write: ends in silence when nobody reads on', async () => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'src/cli.ts', 'write', 'x', '--length', '6000', '--seed', '1'],
      { cwd: ROOT, env: { PATH: process.env.PATH } },
    );
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  });

  it('names the mistake in one line and exits with 2', async () => {
    const file = join(folder, 'file.txt');
    await writeFile(file, '\u0003\u0003');
    const mistakes: [string[], RegExp, Record<string, string>?][] = [
      [['write', '--lenght', '7'], /unknown option '--lenght'/],
      [['wirte'], /unknown command 'wirte'/],
      [['write', 'x', '--length', 'many'], /'many' is invalid. Give a number/],
      [
        ['write', 'x', '--length', '7'],
        /The length is 7; give a whole number of characters from 50 to 6,000/,
      ],
      [['write', 'x', '--temperature', '9'], /The temperature is 9; give a number from 0 to 2/],
      [['write', 'x', '--model', 'nosuch'], /There is no model nosuch. Choose one of: scifi/],
      [['write', 'x'], /models.json cannot be used: there is no such file/, { SCIFI_MODELS: '/nowhere' }],
      [['write', 'x'], /SCIFI_SLOTS: expected at least 1/, { SCIFI_SLOTS: '0' }],
      [['bots'], /Without REDIS_URL .* Set REDIS_URL/],
      [['worker'], /Without REDIS_URL .* Set REDIS_URL/],
      [
        ['start'],
        /Redis at redis:\/\/127.0.0.1:1 cannot be used/,
        { REDIS_URL: 'redis://me:hunter2@127.0.0.1:1' },
      ],
      [
        ['evaluate', 'models/nosuch', 'README.md'],
        /nosuch\/model.json cannot be used: there is no such file/,
      ],
      [['evaluate', 'models/scifi', '/nowhere'], /\/nowhere cannot be read \(ENOENT\)/],
      [['evaluate', 'models/scifi', file], /file.txt holds no characters to score/],
      [['start'], /file.txt cannot be made \(EEXIST\). Set SCIFI_DATA/, { SCIFI_DATA: file }],
      [['worker'], /REDIS_URL: that is no address/, { REDIS_URL: 'redis://hunter2@[' }],
      [
        ['worker'],
        /Redis at redis:\/\/127.0.0.1:1 cannot be used \(URI malformed\)/,
        { REDIS_URL: 'redis://me:hunter2%ZZ@127.0.0.1:1' },
      ],
    ];
    const outcomes = [];
    for (const [args, , env] of mistakes) outcomes.push(await scifi(args, env));
    for (const [index, { code, stderr, stdout }] of outcomes.entries()) {
      const [args, sentence] = mistakes[index]!;
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
      assert.match(stderr, sentence);
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /^\s+at |hunter2/m, 'no stack trace, no secret');
      const lines = stderr.split('\n').filter((line) => line && !line.startsWith('('));
      assert.equal(lines.length, 1, stderr);
    }
  });

  it('start: says who has the data folder, and that the port is taken', async () => {
    const port = await freePort();
    const env = { SCIFI_DATA: join(folder, 'taken'), SCIFI_PORT: String(port), REDIS_URL: '' };
    const running = await startRole('start', env);
    try {
      const second = await scifi(['start'], { ...env, SCIFI_PORT: '0' });
      assert.equal(second.code, 2);
      assert.match(second.stderr, new RegExp(`in use by process ${running.pid}\\. Stop that one first`));
    } finally {
      await running.kill();
    }
    const server = createServer().listen(port, '127.0.0.1');
    try {
      const blocked = await scifi(['start'], env);
      assert.equal(blocked.code, 2);
      assert.match(blocked.stderr, new RegExp(`${port}`));
      assert.doesNotMatch(blocked.stderr, /^\s+at /m);
    } finally {
      server.close();
    }
  });

  it('evaluate: scores works that begin with U+0003', async () => {
    const file = join(folder, 'works.txt');
    const work = '\u0003It was a dark night on the planet. The ship was gone, and the men were afraid.\n';
    await writeFile(file, work.repeat(3));
    const { code, stdout } = await scifi(['evaluate', 'models/scifi', file]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`characters scored {3}${(work.length - 1) * 3} in 3 works`));
    const bits = Number(/bits per character {2}([\d.]+)/.exec(stdout)![1]);
    assert.ok(bits > 0.5 && bits < 3, `${bits} bits`);
  });

  it('doctor: 0 when all is well, 1 with what to do when it is not', async () => {
    const [well, ill] = await Promise.all([
      scifi(['doctor'], { SCIFI_DATA: folder }),
      scifi(['doctor'], { SCIFI_DATA: folder, SCIFI_MODELS: '/nowhere' }),
    ]);
    assert.equal(well.code, 0);
    assert.match(well.stdout, /^ok {4}Models: scifi [0-9a-f]{12}/m);
    assert.equal(ill.code, 1);
    assert.match(ill.stdout, /^FAIL {2}Models: .*there is no such file/m);
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const unwritable = await scifi(['doctor'], { SCIFI_DATA: file });
    assert.equal(unwritable.code, 1);
    assert.match(unwritable.stdout, /^FAIL {2}Queue: .*a-file cannot be written\. Set SCIFI_DATA/m);
  });

  it('explains itself', async () => {
    const { code, stdout } = await scifi(['--help']);
    assert.equal(code, 0);
    for (const command of ['start', 'bots', 'worker', 'write', 'evaluate', 'model', 'doctor']) {
      assert.match(stdout, new RegExp(`^ {2}${command}\\b`, 'm'));
    }
  });
});
