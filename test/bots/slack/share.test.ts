import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Shares } from '../../../src/queue/shares.ts';
import { Person } from '../../fakes/slack/people.ts';
import { PUBLIC_URL } from '../../harness/chat.ts';
import {
  botsMessages,
  finished,
  isOver,
  labelsOf,
  openSlack,
  type SlackHarness,
} from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

describe('a story on Slack that is shared', { timeout: 240_000 }, () => {
  let harness: SlackHarness;
  let shares: Shares;

  before(async () => {
    harness = await openSlack({ publicUrl: PUBLIC_URL, isEmbedded: true, allowance: 100, pace: 900 });
    shares = new Shares(harness.connection);
    await shares.ready();
  });
  after(async () => {
    await shares.close();
    await harness.close();
  });

  const idIn = (text: string) => {
    const id = /https:\/\/scifi\.example\.org\/s\/([\w-]{27})/.exec(text)?.[1];
    assert.ok(id, text);
    return id;
  };

  it('has a page with all its parts, at one address, which ends with any of them', async () => {
    const { ann } = harness;
    const channel = harness.channelOf();
    ann.slash(channel, '/scifi', 'Long ago length=300');
    const first = await finished(channel);
    assert.deepEqual(labelsOf(first).slice(-5), ['My line', 'Vote', 'Edit', 'Delete', 'Share']);
    ann.press(first, 'Continue');
    const second = await until(
      () => botsMessages(channel).find((message) => message !== first && isOver(message)),
      'a continuation',
    );
    const id = idIn(await harness.ephemeralReply(ann.press(second, 'Share')));
    const share = await shares.read(id);
    assert.equal(share?.parts.length, 2);
    assert.equal(share.parts[0]!.text.slice(0, share.parts[0]!.promptLength), 'Long ago');
    assert.equal(idIn(await harness.ephemeralReply(ann.press(second, 'Share'))), id);
    ann.press(first, 'Delete');
    await until(async () => (await shares.read(id)) === undefined, 'the end of the page');
  });

  it('is shared by its requester and administrators only, and forgotten with the user', async () => {
    const { ann, slack } = harness;
    const channel = harness.channelOf();
    const bob = new Person(slack, 'bob');
    ann.slash(channel, '/scifi', 'Long ago length=300');
    const message = await finished(channel);
    assert.match(await harness.ephemeralReply(bob.press(message, 'Share')), /Only the user who asked/);
    const id = idIn(await harness.ephemeralReply(ann.press(message, 'Share')));
    await harness.command(ann, channel, '/scifi-forget');
    await until(async () => (await shares.read(id)) === undefined, 'the end of the page');
  });
});
