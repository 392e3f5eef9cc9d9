import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type NewShare, SHARE_ID, Shares } from '../../src/queue/shares.ts';
import { SHARE_BOUNDS } from '../../src/share/share.ts';
import { BACKENDS } from '../helpers/backends.ts';
import { PART } from './shared-part.ts';

function newShare(replyId: string, more: Partial<NewShare> = {}): NewShare {
  const reply = { platform: 'web', replyId };
  return { reply, replyIds: [replyId], parts: [PART], isKept: async () => true, ...more };
}

for (const { name, skip, start } of BACKENDS) {
  describe(`shared stories on ${name}`, { skip, timeout: 240_000 }, () => {
    it('have one address each, which outlives the process and is not derived from the reply’s id alone', async () => {
      const [backend, other] = [await start(), await start()];
      try {
        const shares = new Shares(await backend.connect());
        await shares.ready();
        const id = await shares.create(newShare('one'));
        assert.match(id, SHARE_ID);
        assert.equal(await shares.create(newShare('one')), id);
        assert.notEqual(await shares.create(newShare('two')), id);
        await shares.close();
        const next = new Shares(await backend.connect());
        await next.ready();
        assert.equal(await next.find({ platform: 'web', replyId: 'one' }), id);
        assert.deepEqual((await next.read(id))?.parts, [PART]);
        await next.close();
        const elsewhere = new Shares(await other.connect());
        await elsewhere.ready();
        assert.notEqual(await elsewhere.create(newShare('one')), id);
        await elsewhere.close();
      } finally {
        await Promise.all([backend.stop(), other.stop()]);
      }
    });

    it('are removed with any of their replies, with their owner, by age, and when a reply is deleted meanwhile', async () => {
      const backend = await start();
      try {
        const shares = new Shares(await backend.connect());
        await shares.ready();
        const reply = (replyId: string) => ({ platform: 'web', replyId });
        const id = await shares.create(newShare('one'));
        const longer = await shares.create(newShare('two', { replyIds: ['one', 'two'] }));
        const other = await shares.create(newShare('three', { owner: 'discord:1' }));
        await shares.unshare(reply('one'));
        assert.deepEqual([await shares.read(id), (await shares.read(longer))?.parts.length], [undefined, 1]);
        await shares.deleteShare(reply('one'));
        await shares.deleteShare(reply('unknown'));
        assert.equal(await shares.read(longer), undefined);
        await shares.forgetOwner('discord:2');
        assert.ok(await shares.read(other));
        await shares.forgetOwner('discord:1');
        assert.equal(await shares.read(other), undefined);

        await assert.rejects(shares.create(newShare('four', { isKept: async () => false })), {
          code: 'not_found',
        });
        assert.equal(await shares.find(reply('four')), undefined);

        await shares.create(newShare('five'));
        await shares.removeOlderThan(60_000);
        assert.ok(await shares.find(reply('five')));
        await new Promise((resolve) => setTimeout(resolve, 5));
        await shares.removeOlderThan(1);
        assert.equal(await shares.find(reply('five')), undefined);
        assert.equal((await shares.count()).waiting, 0);
        await shares.close();
        const dump = await backend.dump();
        assert.doesNotMatch(dump, /discord:1|a light in the sky/);
      } finally {
        await backend.stop();
      }
    });

    it('are no pages when a process ends while it makes one and the reply is deleted; the next one completes others', async () => {
      const backend = await start();
      try {
        const [shares, lost] = [new Shares(await backend.connect()), new Shares(await backend.connect())];
        await Promise.all([shares.ready(), lost.ready()]);
        const reply = (replyId: string) => ({ platform: 'web', replyId });
        /** A process that does not come back from its look at the replies. */
        const lose = async (replyId: string, more: Partial<NewShare> = {}) => {
          let isStored = () => {};
          const stored = new Promise<void>((resolve) => {
            isStored = resolve;
          });
          const isKept = () => {
            isStored();
            return new Promise<boolean>(() => {});
          };
          void lost.create(newShare(replyId, { ...more, isKept }));
          await stored;
        };
        const pages = async () => {
          const ids: string[] = [];
          for await (const [id] of shares.all()) ids.push(id);
          return ids;
        };
        await lose('one');
        assert.equal(await shares.find(reply('one')), undefined);
        assert.equal(await shares.list(reply('one'), true), false);
        assert.deepEqual(await pages(), []);
        await shares.deleteShare(reply('one'));
        assert.equal((await shares.count()).waiting, 0);

        await lose('two', { replyIds: ['two'] });
        const id = await shares.create(newShare('two', { replyIds: ['one', 'two'], parts: [PART, PART] }));
        assert.equal((await shares.read(id))?.parts.length, 2);
        assert.deepEqual(await pages(), [id]);
        await shares.deleteShare(reply('one'));
        assert.deepEqual(await pages(), [], 'the index has the parts of the second attempt');

        const isKept = async () => {
          await shares.deleteShare(reply('three'));
          return true;
        };
        await assert.rejects(lost.create(newShare('three', { isKept })), { code: 'not_found' });
        await Promise.all([shares.close(), lost.close()]);
      } finally {
        await backend.stop();
      }
    });

    it('are found by the operator and taken down, at once for every process and for good', async () => {
      const backend = await start();
      try {
        const shares = new Shares(await backend.connect());
        const operators = new Shares(await backend.connect());
        await Promise.all([shares.ready(), operators.ready()]);
        const read = async () => {
          const found: string[] = [];
          for await (const [id, { parts }] of operators.all()) {
            assert.deepEqual(parts, [PART]);
            found.push(id);
          }
          return found;
        };
        assert.deepEqual(await read(), []);
        const one = await shares.create(newShare('one'));
        const two = await shares.create(newShare('two', { owner: 'discord:1' }));
        assert.deepEqual((await read()).toSorted(), [one, two].toSorted());
        assert.equal(await operators.takeDown(two), true);
        assert.equal(await shares.read(two), undefined);
        assert.equal(await shares.find({ platform: 'web', replyId: 'two' }), undefined);
        assert.equal(await operators.takeDown(two), false);
        assert.equal(await operators.takeDown('x'.repeat(27)), false);
        await assert.rejects(shares.create(newShare('two')), { code: 'declined' });
        await shares.deleteShare({ platform: 'web', replyId: 'two' });
        await assert.rejects(shares.create(newShare('two')), { code: 'declined' });
        assert.deepEqual(await read(), [one]);
        await Promise.all([shares.close(), operators.close()]);
        assert.doesNotMatch(await backend.dump(), /discord:1/, 'nor is its owner kept');
      } finally {
        await backend.stop();
      }
    });

    it('are listed by search engines only while that is allowed', async () => {
      const backend = await start();
      try {
        const shares = new Shares(await backend.connect());
        await shares.ready();
        const reply = { platform: 'web', replyId: 'one' };
        assert.equal(await shares.list(reply, true), false);
        const id = await shares.create(newShare('one'));
        assert.equal((await shares.read(id))?.isListed, false);
        assert.equal(await shares.list(reply, true), true);
        assert.equal((await shares.read(id))?.isListed, true);
        await shares.close();
      } finally {
        await backend.stop();
      }
    });

    it('are bounded in their size', async () => {
      const backend = await start();
      try {
        const shares = new Shares(await backend.connect());
        await shares.ready();
        const long = { ...PART, text: 'x'.repeat(SHARE_BOUNDS.characters + 1) };
        await assert.rejects(shares.create(newShare('one', { parts: [long] })), { code: 'bad_request' });
        const many = Array.from({ length: SHARE_BOUNDS.parts + 1 }, () => PART);
        await assert.rejects(shares.create(newShare('one', { parts: many })), { code: 'bad_request' });
        assert.equal((await shares.count()).waiting, 0);
        await shares.close();
      } finally {
        await backend.stop();
      }
    });
  });
}
