/** The data folder of the embedded queue, as the real process creates it. */
import assert from 'node:assert/strict';
import { chmod, lstat, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { it } from 'node:test';
import { ask, followReply } from '../helpers/page-client.ts';
import { spawnRole, startRole } from '../helpers/processes.ts';
import { freePort, temporaryFolder } from '../helpers/programs.ts';

const STORY_TIMEOUT_MS = 180_000;

/** Every file and folder below a folder, and the folder itself. */
async function all(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return [folder, ...names.map((name) => join(folder, name))];
}

/** Files and folders whose permissions are not 0600 and 0700. */
async function openToOthers(folder: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const path of await all(folder)) {
    // Postgres removes its own files while it runs.
    const stats = await lstat(path).catch(() => undefined);
    if (!stats) continue;
    const mode = stats.mode & 0o777;
    if (mode !== (stats.isDirectory() ? 0o700 : 0o600)) {
      wrong.push(`${relative(folder, path) || '.'} ${mode.toString(8)}`);
    }
  }
  return wrong;
}

const skip = process.platform === 'win32' && 'Windows has no such permissions';

it('the data folder is private to its user, and one process at a time has it', { skip }, async (t) => {
  const temporary = await temporaryFolder();
  const folder = join(temporary.folder, 'data');
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const env = { REDIS_URL: '', SCIFI_DATA: folder, SCIFI_PORT: String(port), SCIFI_PACE: '0' };
  const umask = process.umask(0o022);
  let role = await startRole('start', env).finally(() => process.umask(umask));
  t.after(async () => {
    await role.kill();
    await temporary.remove();
  });
  const writeStory = async () => {
    const id = await ask(base, { prompt: 'It all began with', length: 200, seed: 1 });
    const { status } = await followReply(base, id, STORY_TIMEOUT_MS);
    assert.equal(status, 'finished');
  };
  await writeStory();
  assert.ok((await all(folder)).length > 500, 'Postgres is in it');
  assert.deepEqual(await openToOthers(folder), []);

  const second = spawnRole('start', env);
  assert.equal(await second.ended, 2);
  const holder = new RegExp(`in use by process ${role.pid} on ${hostname()} since \\d{4}-`);
  assert.match(second.output(), holder);

  // The next start restricts the permissions that an earlier version left.
  await role.kill();
  for (const path of await all(folder)) {
    await chmod(path, (await lstat(path)).isDirectory() ? 0o755 : 0o666);
  }
  role = await startRole('start', env);
  await writeStory();
  assert.deepEqual(await openToOthers(folder), []);
});
