import assert from 'node:assert/strict';
import { readFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { beat } from '../src/healthcheck.ts';
import { temporaryFolder } from './helpers/programs.ts';

describe('beat', () => {
  it('sets the file’s modification time to now at every beat', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      const file = join(folder, 'heartbeat');
      const before = Date.now();
      for (let time = 0; time < 2; time++) {
        await beat(file, pino({ level: 'silent' }));
        assert.ok(Date.parse(await readFile(file, 'utf8')) >= before);
        // Half a second for file systems with coarse timestamps.
        assert.ok((await stat(file)).mtimeMs > before - 500);
        await utimes(file, 0, 0);
      }
    } finally {
      await remove();
    }
  });

  it('reports what to do when the file cannot be written, and does not throw', async () => {
    const log: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void log.push(line) });
    await beat('/nowhere/heartbeat', logger);
    assert.equal(log.length, 1);
    assert.match(log[0]!, /ENOENT.*set SCIFI_HEARTBEAT to a file that can be written/);
  });
});
