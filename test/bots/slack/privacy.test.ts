/** `/scifi-privacy` and `/scifi-forget` on Slack, from the command to the remaining content of the store. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Person } from '../../fakes/slack/people.ts';
import { botsMessages, finished, openSlack, textOf } from '../../harness/slack.ts';
import { REDIS_SERVER, skipWithout, until } from '../../helpers/programs.ts';

describe('privacy on Slack', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('lists the stored data; forgetting stops running stories and removes all data of the user', async () => {
    const harness = await openSlack({ pace: 60, allowance: 20 });
    try {
      const { ann, slack, channel } = harness;
      const told = ann.slash(channel, '/scifi-privacy', '');
      assert.match(await harness.ephemeralReply(told), /for 24 hours after that: /);
      const bob = new Person(slack, 'bob');
      for (const person of [ann, bob])
        person.slash(channel, '/scifi', 'The robots had a union now length=300');
      await until(() => botsMessages(channel).some((message) => textOf(message).length > 60), 'growth');
      assert.ok((await harness.dump()).includes(ann.user.id));
      const forgotten = ann.slash(channel, '/scifi-forget', '');
      assert.match(await harness.ephemeralReply(forgotten), /Done\. Stories of yours/);
      const all = await harness.dump();
      assert.ok(all.includes(bob.user.id));
      assert.ok(!all.includes(ann.user.id));
      await finished(channel, (message) => textOf(message).length < 300);
      const help = bob.slash(channel, '/scifi-forget', ' Help ');
      assert.match(await harness.ephemeralReply(help), /^Stop your stories and delete/);
      assert.ok((await harness.dump()).includes(bob.user.id), 'help deletes nothing');
    } finally {
      await harness.close();
    }
  });

  it('names the policy of the operator, escaped', async () => {
    const url = 'https://example.org/privacy?of=bot&as=<html>';
    const harness = await openSlack({ privacy: { retentionMs: 3_600_000, shelfMs: 86_400_000, url } });
    try {
      const told = harness.ann.slash(harness.channel, '/scifi-privacy', '');
      const answer = await harness.ephemeralReply(told);
      assert.match(answer, /\nMore: https:\/\/example\.org\/privacy\?of=bot&amp;as=&lt;html&gt;$/);
    } finally {
      await harness.close();
    }
  });
});
