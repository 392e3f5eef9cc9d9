/** `/scifi-book` on Slack: the real client uploads the file to the user's direct messages. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unzipSync } from 'fflate';
import { Person } from '../../fakes/slack/people.ts';
import { botsMessages, finished, openSlack, textOf } from '../../harness/slack.ts';
import { REDIS_SERVER, skipWithout } from '../../helpers/programs.ts';

describe('books on Slack', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('sends the kept stories of the channel as a direct message', async () => {
    const harness = await openSlack({ allowance: 20 });
    try {
      const { ann, slack, channel } = harness;
      const nothing = await harness.command(ann, channel, '/scifi-book');
      assert.match(nothing, /^There is no finished story of this channel/);
      const help = await harness.command(ann, channel, '/scifi-book', 'help');
      assert.match(help, /Formats: epub, html, markdown, text\.$/);
      for (const wrong of ['pdf', 'stories=0', 'epub now', 'color=red']) {
        const told = await harness.command(ann, channel, '/scifi-book', wrong);
        assert.match(
          told,
          /^(?:There is no format pdf|A book has a whole number|I do not know (?:now|color))/,
        );
      }
      ann.slash(channel, '/scifi', 'On the red moon length=200');
      const story = textOf(await finished(channel));
      const bob = new Person(slack, 'bob');
      const told = await harness.command(bob, channel, '/scifi-book', 'epub stories=5');
      assert.match(
        told,
        /^A book of one story of this channel\. .* It is in your direct messages with me\.$/,
      );
      const direct = slack.world.directs.get(`${slack.workspace.id}/${bob.user.id}`)!;
      const [file, ...others] = slack.world.files.in(direct.messages);
      assert.equal(others.length, 0);
      assert.match(file!.title!, /^on-the-red-moon.*\.epub$/);
      const chapter = new TextDecoder().decode(unzipSync(file!.bytes!)['EPUB/chapter-1.xhtml']);
      assert.match(chapter, /<b class="prompt">On the red moon<\/b>/);
      assert.ok(chapter.includes(story.split('\n')[0]!.slice('On the red moon'.length).trim().slice(0, 40)));
      assert.equal(slack.world.files.in(channel.messages).length, 0, 'the channel shows no file');
      assert.equal(botsMessages(channel).length, 1);
      assert.deepEqual(slack.world.pings, []);
    } finally {
      await harness.close();
    }
  });

  it('says what to do where the app may not send files, and when Slack refuses one', async () => {
    const harness = await openSlack({ allowance: 20 });
    try {
      const { ann, slack, channel } = harness;
      ann.slash(channel, '/scifi', 'On the red moon length=200');
      await finished(channel);
      slack.misbehave({ match: /^upload_url$/, answer: 500 });
      const refused = await harness.command(ann, channel, '/scifi-book');
      assert.equal(refused, 'Slack did not accept the file. Try again in a minute.');
      slack.workspace.scopes = slack.workspace.scopes.filter((scope) => scope !== 'files:write');
      const unscoped = await harness.command(new Person(slack, 'bob'), channel, '/scifi-book');
      assert.match(unscoped, /^I may not send files in this workspace\. Add the scope files:write/);
    } finally {
      await harness.close();
    }
  });
});
