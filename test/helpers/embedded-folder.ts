/**
 * Data folders of embedded queues. Creating one takes seconds of both processors, and a dozen tests need one:
 * the first creates it, the others get copies. `test/processes/page.test.ts` is the one that starts from an
 * empty folder.
 */
import { cp, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { openConnection } from '../../src/queue/open.ts';
import { temporaryFolder } from './programs.ts';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/embedded-queue', import.meta.url));

/** A separate folder with an empty queue in it. */
export async function embeddedFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const template = await templateFolder();
  const { folder, remove } = await temporaryFolder();
  await cp(template, folder, { recursive: true });
  return { folder, remove };
}

async function templateFolder(): Promise<string> {
  const { version } = createRequire(import.meta.url)('bullmq/package.json') as { version: string };
  const template = join(CACHE, `bullmq-${version}-private`);
  if (await exists(template)) return template;
  await mkdir(CACHE, { recursive: true });
  const making = await mkdtemp(join(CACHE, 'making-'));
  const settings = { redisUrl: undefined, dataFolder: making, prefix: '' };
  const connection = await openConnection(settings, pino({ level: 'silent' }));
  await connection.close();
  try {
    await rename(making, template);
  } catch (error) {
    // Another test created it first.
    await rm(making, { recursive: true, force: true });
    if (!(await exists(template))) throw error;
  }
  return template;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
