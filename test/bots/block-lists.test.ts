import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Block, BlockLists } from '../../src/bots/blocks.ts';
import { BACKENDS } from '../helpers/backends.ts';

const HERE = { platform: 'discord', userId: '1', community: '9', channels: ['5'] } as const;

for (const { name, skip, start } of BACKENDS) {
  describe(`block lists on ${name}`, { skip, timeout: 240_000 }, () => {
    it('persist, apply where they were set, and end when the community is removed', async () => {
      const backend = await start();
      try {
        const first = new BlockLists(await backend.connect(), []);
        await first.ready();
        const byModerators: Block = { platform: 'discord', kind: 'user', id: '1', setIn: '9' };
        assert.equal(first.find(HERE), undefined);
        await first.add(byModerators);
        await first.add(byModerators);
        assert.deepEqual(first.find(HERE), byModerators);
        assert.throws(() => first.refuse(HERE), { name: 'StoryError', code: 'blocked' });
        first.refuse(HERE, { ofOperatorOnly: true });
        assert.equal(first.find({ ...HERE, community: '8' }), undefined, 'in another server');
        assert.equal(first.find({ ...HERE, platform: 'slack' }), undefined);
        await first.close();

        const operators: Block = { platform: 'discord', kind: 'channel', id: '5' };
        const next = new BlockLists(await backend.connect(), [operators]);
        await next.ready();
        assert.deepEqual(next.find(HERE), operators, 'the operator’s come first');
        assert.throws(() => next.refuse(HERE, { ofOperatorOnly: true }), { code: 'blocked' });
        assert.deepEqual(next.find({ ...HERE, channels: ['6'] }), byModerators);
        assert.deepEqual(await next.list('discord', '9'), [byModerators]);
        assert.deepEqual(await next.list('discord', undefined), [], 'the environment’s are not kept');
        assert.deepEqual([await next.holds('discord', '1'), await next.holds('slack', '1')], [true, false]);
        await next.add({ platform: 'discord', kind: 'community', id: '9' });
        await next.forgetCommunity('discord', '9');
        assert.equal(next.find({ ...HERE, channels: [] })?.kind, 'community', 'the operator’s stays');
        assert.ok(await next.remove({ platform: 'discord', kind: 'community', id: '9' }));
        assert.ok(!(await next.remove({ platform: 'discord', kind: 'community', id: '9' })));
        assert.equal(next.find({ ...HERE, channels: [] }), undefined);
        await next.close();
      } finally {
        await backend.stop();
      }
    });
  });
}
