/**
 * The first start: creates an empty database in a temporary folder and moves it into place when it is
 * complete.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { running } from '../../../compiled.ts';
import { makePrivateFolder } from './private-files.ts';

const UNFINISHED = 'postgres.new-';
/** Most characters of the creator's error output that are kept. */
const MAX_COMPLAINT = 2_000;

/**
 * Creates the database `folder/postgres`. The caller holds the folder's lock.
 *
 * @throws Error with Postgres's error output
 */
export async function createDatabase(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    // Left by an earlier creation that was interrupted.
    if (name.startsWith(UNFINISHED)) await rm(join(folder, name), { recursive: true, force: true });
  }
  const unfinished = join(folder, `${UNFINISHED}${randomUUID()}`);
  try {
    await makePrivateFolder(unfinished);
    await runCreator(unfinished);
    await rename(unfinished, join(folder, 'postgres'));
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

async function runCreator(folder: string): Promise<void> {
  // Compiling WebAssembly with the fast compiler saves 100 MB and some seconds here.
  const child = spawn(
    process.execPath,
    ['--liftoff-only', ...running('queue/backends/embedded/create-process'), folder],
    {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk}`.slice(-MAX_COMPLAINT);
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(complaint.trim() || `creating it ended with code ${code}`);
  } finally {
    process.off('exit', kill);
  }
}
