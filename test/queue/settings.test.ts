import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KnownSettings, Settings } from '../../src/queue/settings.ts';
import { BACKENDS } from '../helpers/backends.ts';
import { until } from '../helpers/programs.ts';

for (const { name, skip, start } of BACKENDS) {
  describe(`settings on ${name}`, { skip, timeout: 240_000 }, () => {
    it('are written, changed, listed and removed, and outlive the process that wrote them', async () => {
      const backend = await start();
      try {
        const settings = new Settings<{ hour: number }>(await backend.connect(), 'test');
        await settings.ready();
        // Ids of chats look like numbers, and some are numbers that JavaScript can represent.
        for (const key of ['123456789012345678', '4096', 'c']) await settings.write(key, { hour: 1 });
        await settings.write('c', { hour: 2 });
        await settings.write('c', { hour: 3 });
        await settings.close();
        const next = new Settings<{ hour: number }>(await backend.connect(), 'test');
        await next.ready();
        assert.deepEqual(await next.read('c'), { hour: 3 });
        assert.deepEqual(await next.read('4096'), { hour: 1 });
        assert.equal(await next.read('unknown'), undefined);
        assert.deepEqual([...(await next.all()).keys()].toSorted(), ['123456789012345678', '4096', 'c']);
        await next.remove('c');
        await next.remove('unknown');
        assert.equal(await next.read('c'), undefined);
        assert.equal((await next.all()).size, 2);
        await next.close();
      } finally {
        await backend.stop();
      }
    });

    it('in memory are soon those that other processes wrote', async (t) => {
      const backend = await start();
      try {
        const mine = new KnownSettings<{ hour: number }>(await backend.connect(), 'known');
        const theirs = new KnownSettings<{ hour: number }>(await backend.connect(), 'known');
        await mine.write('old', { hour: 1 });
        t.mock.timers.enable({ apis: ['setInterval'] });
        await Promise.all([mine.ready(), theirs.ready()]);
        assert.deepEqual(theirs.known('old'), { hour: 1 });
        await mine.write('new', { hour: 2 });
        await mine.remove('old');
        assert.deepEqual([mine.known('new'), mine.known('old')], [{ hour: 2 }, undefined]);
        // A setting that is changed while the queue is read keeps the new value.
        let answer = () => {};
        const gate = new Promise<void>((resolve) => {
          answer = resolve;
        });
        const read = t.mock.method(theirs, 'all', async () => {
          const before = await Settings.prototype.all.call(theirs);
          await gate;
          return before;
        });
        t.mock.timers.tick(30_000);
        const reading = read.mock.calls[0]!.result as Promise<unknown>;
        await theirs.write('late', { hour: 3 });
        answer();
        await reading;
        read.mock.restore();
        assert.deepEqual(theirs.known('late'), { hour: 3 });
        t.mock.timers.tick(30_000);
        await until(() => theirs.known('new') && !theirs.known('old'), 'what the other one changed');
        assert.deepEqual([theirs.known('new'), theirs.known('late')], [{ hour: 2 }, { hour: 3 }]);
        await mine.close();
        await theirs.close();
      } finally {
        await backend.stop();
      }
    });
  });
}
