import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createLogger } from '../src/logger.ts';
import { embeddedFolder } from './helpers/embedded-folder.ts';
import { printed, spawnRole } from './helpers/processes.ts';
import { freePort, skipWithout, until } from './helpers/programs.ts';

const START_TIMEOUT_MS = 120_000;

/** The text that is written to it. */
function output(isTTY: boolean) {
  let text = '';
  const stream = new PassThrough().on('data', (chunk) => {
    text += chunk;
  });
  return Object.assign(stream, { isTTY, text: () => text });
}

describe('the log', () => {
  it('is JSON when it is not written to a terminal', async () => {
    const collected = output(false);
    (await createLogger('info', collected)).info({ slots: 64 }, 'ready');
    await until(() => collected.text(), 'the line');
    const { level, slots, msg } = JSON.parse(collected.text());
    assert.deepEqual({ level, slots, msg }, { level: 30, slots: 64, msg: 'ready' });
  });

  it('omits messages below its level', async () => {
    const collected = output(false);
    const logger = await createLogger('warn', collected);
    logger.info('ready');
    logger.warn('slow');
    await until(() => collected.text(), 'the line');
    assert.doesNotMatch(collected.text(), /ready/);
  });

  const env = async (folder: string) => ({
    REDIS_URL: '',
    SCIFI_DATA: folder,
    SCIFI_PORT: String(await freePort()),
  });

  it('is JSON of a real process whose output is not a terminal, and says what it does', async (t) => {
    const { folder, remove } = await embeddedFolder();
    const role = spawnRole('start', await env(folder));
    t.after(() => role.kill().then(remove));
    await printed(role, /storyteller ready/, START_TIMEOUT_MS);
    const lines = role.output().split('\n');
    const messages = lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line).msg as string] : []));
    // The queue opens while the models are loaded.
    for (const inOrder of [
      ['starting', 'opening the embedded database', 'queue open', 'storyteller ready'],
      ['starting', 'loading the models scifi, melville', 'storyteller ready'],
    ]) {
      const places = inOrder.map((message) => messages.indexOf(message));
      assert.ok(!places.includes(-1), messages.join('; '));
      assert.deepEqual(
        places,
        places.toSorted((a, b) => a - b),
      );
    }
  });

  it('is readable lines on a terminal', { skip: skipWithout('script') }, async (t) => {
    const { folder, remove } = await embeddedFolder();
    // The pseudo-terminal of util-linux.
    const command = `exec ${process.execPath} --import tsx src/cli.ts start`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      cwd: fileURLToPath(new URL('../', import.meta.url)),
      env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', ...(await env(folder)) },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    t.after(async () => {
      child.kill();
      await ended;
      await remove();
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    await until(() => /storyteller ready/.test(text), 'the start', START_TIMEOUT_MS);
    assert.match(text, /\[\d\d:\d\d:\d\d\] INFO: starting\r?\n/);
    assert.match(text, /INFO: storyteller ready \{"slots":64,"threads":\d+\}\r?\n/);
    assert.doesNotMatch(text, /\{"level"/);
  });

  it('prints no control character of a message on a terminal', async () => {
    const terminal = output(true);
    (await createLogger('info', terminal)).info({ host: '\u001b[2J' }, 'held by \u001b[31mhost');
    await until(() => terminal.text().includes('held'), 'the line');
    assert.match(terminal.text(), /held by \\u001b\[31mhost \{"host":"\\u001b\[2J"\}/);
  });
});
