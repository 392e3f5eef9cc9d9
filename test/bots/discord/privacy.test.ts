/**
 * `/scifi-privacy` and `/scifi-forget` on Discord, from the command to the remaining content of the store.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Person } from '../../fakes/discord/people.ts';
import type { FakeInteraction } from '../../fakes/discord/world.ts';
import { ephemeralReply, finished, openDiscord, textOf } from '../../harness/discord.ts';
import { REDIS_SERVER, skipWithout, until } from '../../helpers/programs.ts';

describe('privacy on Discord', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('lists the stored data; forgetting stops running stories and removes all data of the user', async () => {
    const harness = await openDiscord({ pace: 60 });
    try {
      const { ann, channel, discord } = harness;
      const told = await ephemeralReply(ann.slash(channel, 'scifi-privacy'));
      assert.match(told, /for 24 hours after that: .*`\/scifi-forget`.*https:\/\/example\.org\/privacy/s);
      const bob = new Person(discord, 'bob');
      const [theirs, others] = [ann, bob].map((person) =>
        person.slash(channel, 'scifi', { prompt: 'The robots had a union now', length: 300 }),
      ) as [FakeInteraction, FakeInteraction];
      await until(() => theirs.original && textOf([theirs.original]).length > 60, 'a story to grow');
      assert.ok((await harness.dump()).includes(ann.user.id));
      assert.match(await ephemeralReply(ann.slash(channel, 'scifi-forget')), /^Done\. Stories of yours/);
      const all = await harness.dump();
      assert.ok(all.includes(bob.user.id));
      assert.ok(!all.includes(ann.user.id));
      const [message] = await finished(theirs);
      assert.ok(textOf([message!]).length < 300, 'stopped where it was');
      assert.match(
        await ephemeralReply(ann.slash(channel, 'scifi-forget')),
        /^You asked for that a moment ago/,
      );
      await finished(others);
      assert.ok(!harness.log.join('\n').includes('robots'));
    } finally {
      await harness.close();
    }
  });
});
