import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readPrivate } from '../../../src/bots/slack/markup.ts';
import { finished, openSlack, type SlackHarness, smallPrintOf, textOf } from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

describe('a private story on Slack', { timeout: 240_000 }, () => {
  let harness: SlackHarness;

  before(async () => {
    harness = await openSlack({ isEmbedded: true, allowance: 100, pace: 900 });
  });
  after(() => harness.close());

  it('comes in a direct message, where its buttons answer', async () => {
    const { ann, slack, channel } = harness;
    const asked = ann.slash(channel, '/scifi', 'private It all began preset=wild length=120');
    assert.equal(
      await harness.ephemeralReply(asked),
      'Your story is in our direct messages, where only you see it.',
    );
    const key = `${slack.workspace.id}/${ann.user.id}`;
    const direct = await until(() => slack.world.directs.get(key), 'a direct message');
    const story = await finished(direct);
    assert.ok(textOf(story).startsWith('It all began'));
    assert.match(smallPrintOf(story), / · wild · /);
    ann.press(story, 'Continue');
    const next = await finished(direct, (message) => message !== story);
    ann.press(next, 'Undo');
    await until(() => next.isDeleted, 'the end of the message');
    ann.slash(channel, '/scifi', 'Another one private=yes length=120');
    await finished(direct, (message) => textOf(message).startsWith('Another one'));
    assert.equal(channel.messages.size, 0);
  });

  it('is refused, with what to do, where the app may not write directly', async () => {
    const { ann, slack } = harness;
    // An answer to an earlier command may still arrive in the usual channel.
    const channel = harness.channelOf();
    slack.workspace.scopes = slack.workspace.scopes.filter((scope) => scope !== 'im:write');
    const asked = ann.slash(channel, '/scifi', 'private It all began');
    assert.match(await harness.ephemeralReply(asked), /add the scope im:write/);
  });

  it('is asked for by the first word or by an option, and by no other word', () => {
    const cases: [string, boolean, string][] = [
      ['private It all began', true, 'It all began'],
      ['It all began private=yes', true, 'It all began'],
      ['private=true, It all began', true, 'It all began'],
      ['It all began private=no', false, 'It all began'],
      ['Private Johnson ran', false, 'Private Johnson ran'],
      ['A private eye', false, 'A private eye'],
      ['privateers came', false, 'privateers came'],
    ];
    for (const [text, isPrivate, rest] of cases)
      assert.deepEqual(readPrivate(text), { isPrivate, rest }, text);
  });
});
