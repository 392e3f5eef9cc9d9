/** `scifi share` at a terminal, with the embedded queue. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import type { QueueConnection } from '../src/queue/connection.ts';
import { openConnection } from '../src/queue/open.ts';
import { Shares } from '../src/queue/shares.ts';
import { CliHost, type Outcome } from './helpers/cli.ts';
import { embeddedFolder } from './helpers/embedded-folder.ts';
import { PART } from './queue/shared-part.ts';

const PUBLIC_URL = 'https://scifi.example.org/';

describe('scifi share', { timeout: 240_000 }, () => {
  const host = new CliHost();
  let data: Awaited<ReturnType<typeof embeddedFolder>>;

  before(async () => {
    data = await embeddedFolder();
  });
  after(async () => {
    host.stop();
    await data.remove();
  });

  const run = (args: string[], env: Record<string, string> = {}): Promise<Outcome> =>
    host.run(['share', ...args], { SCIFI_DATA: data.folder, SCIFI_PUBLIC_URL: PUBLIC_URL, ...env });

  async function withShares(act: (shares: Shares, connection: QueueConnection) => Promise<void>) {
    const settings = { redisUrl: undefined, dataFolder: data.folder, prefix: '' };
    const connection = await openConnection(settings, pino({ level: 'silent' }));
    const shares = new Shares(connection);
    await shares.ready();
    try {
      await act(shares, connection);
    } finally {
      await shares.close();
      await connection.close();
    }
  }

  it('lists the pages and deletes them by their address or its end', async () => {
    assert.equal((await run(['list'])).stdout, 'No story is shared.\n');
    const ids: string[] = [];
    await withShares(async (shares) => {
      for (const replyId of ['one', 'two', 'three']) {
        const reply = { platform: 'web', replyId };
        ids.push(
          await shares.create({ reply, replyIds: [replyId], parts: [PART], isKept: async () => true }),
        );
        if (replyId === 'two') await shares.list(reply, true);
      }
      const busy = await run(['list']);
      assert.equal(busy.code, 2);
      assert.match(busy.stderr, /board of the queues: docs\/operations\.md/);
    });
    const lines = (await run(['list'])).stdout.trim().split('\n');
    assert.equal(lines.length, 3);
    for (const id of ids) {
      const line = lines.find((one) => one.startsWith(`${PUBLIC_URL}s/${id}  `))!;
      assert.match(line, / {2}\d{4}-\d\d-\d\d {2}37 characters/);
      assert.equal(line.endsWith(', may be listed by search engines'), id === ids[1]);
    }
    const deleted = await run(['delete', `${PUBLIC_URL}s/${ids[0]}`, `s/${ids[1]}`]);
    assert.deepEqual([deleted.code, deleted.stdout], [0, `${ids[0]} is deleted.\n${ids[1]} is deleted.\n`]);
    assert.match((await run(['list'], { SCIFI_PUBLIC_URL: '' })).stdout, new RegExp(`^s/${ids[2]}  .*\\n$`));
    const again = await run(['delete', `${PUBLIC_URL}s/${ids[0]}/cover.png`]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /No story is shared as/);
    await withShares(async (shares) => {
      assert.deepEqual(await Promise.all(ids.map(async (id) => (await shares.read(id)) !== undefined)), [
        false,
        false,
        true,
      ]);
    });
  });

  it('reports mistakes', async () => {
    const nonsense = await run(['delete', 'https://scifi.example.org/']);
    assert.equal(nonsense.code, 2);
    assert.match(nonsense.stderr, /Give the address of its page/);
  });
});
