/** `/scifi-relay` on Slack: the real Bolt, a real queue and a real worker, and the messages that users see. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Person } from '../../fakes/slack/people.ts';
import { type FakeMessage, wordsOf } from '../../fakes/slack/world.ts';
import { botsMessages, labelsOf, smallPrintOf, textOf } from '../../harness/slack.ts';
import { PATIENCE_MS, REDIS_SERVER, skipWithout, until } from '../../helpers/programs.ts';
import { answers, begun, linesIn, overIn, stored, withSlack } from './relay-threads.ts';

function signOf(message: FakeMessage): Promise<string> {
  return until(() => message.reactions[0], 'a sign', PATIENCE_MS);
}

describe('relays on Slack', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('has thirty lines by ten people, with edits, deletions, double deliveries and a restart', () =>
    withSlack(
      async (harness) => {
        const { ann, channel, slack, log } = harness;
        const head = await begun(harness, 'It *all* began, a < b. every=10');
        assert.match(wordsOf(head.blocks, 'section'), /^\*A relay\*\nIt \*all\* began, a &lt; b\.$/);
        assert.match(
          smallPrintOf(head),
          /^Post lines of the story in the thread; I add one after every 10\. Anyone/,
        );
        assert.deepEqual(labelsOf(head), ['Your turn, computer', 'The end']);
        const threadTs = head.ts;
        const people = Array.from({ length: 10 }, (_, index) => new Person(slack, `person${index}`));
        const said: FakeMessage[] = [];
        slack.copies = 2;
        const say = (from: number, to: number) => {
          for (let index = from; index < to; index++) {
            said.push(people[index % people.length]!.say(channel, `Line ${index} is here.`, { threadTs }));
          }
        };
        say(0, 9);
        const [first] = await answers(head, 1);
        people[3]!.edit(said[3]!, 'Line 3 is *mended*.');
        people[4]!.delete(said[4]!);
        await stored(harness, 'Line 3 is *mended*.');
        say(9, 15);
        await stored(harness, 'Line 14 is here.');
        await harness.bot.close();
        // Slack delivers nothing of this to the app.
        slack.deliveries.retryMs = [];
        const left = slack.deliveries.all.length;
        say(15, 20);
        people[0]!.edit(said[0]!, 'Line 0 is mended, too.');
        people[9]!.delete(said[9]!);
        await Promise.all(slack.deliveries.all.slice(left).map(({ done }) => done));
        harness.bot = await harness.another();
        const [, second] = await answers(head, 2);
        say(20, 30);
        await answers(head, 3);
        const silly = people[0]!.say(channel, 'The w0ps took over the ship', { threadTs });
        assert.equal(await signOf(silly), 'zipper_mouth_face');
        people[1]!.say(channel, '// Who is the captain?', { threadTs });
        people[1]!.mention(channel, ':rocket:', { threadTs });
        ann.press(head, 'The end');
        const end = await overIn(head);
        const third = linesIn(head)[2];
        const lineOf = (index: number) =>
          index === 0
            ? 'Line 0 is mended, too.'
            : index === 3
              ? 'Line 3 is *mended*.'
              : `Line ${index} is here.`;
        const numbers = Array.from({ length: 30 }, (_, index) => index).filter(
          (index) => index !== 4 && index !== 9,
        );
        let rest = textOf(end);
        for (const own of [first, second, third]) {
          assert.ok(rest.includes(` ${own}`), `${own} in ${rest}`);
          rest = rest.replace(` ${own}`, '');
        }
        assert.equal(rest, `It *all* began, a < b. ${numbers.map(lineOf).join(' ')}`);
        assert.match(
          smallPrintOf(end),
          /^By person0 \(3 lines\), .*person4 \(2 lines\).*, ann \(1 line\), the computer \(3 lines\) · Science fiction/,
        );
        await until(
          () => smallPrintOf(head).startsWith('This relay is over: 32 lines.'),
          'the end above',
          PATIENCE_MS,
        );
        assert.deepEqual(labelsOf(head), []);
        assert.deepEqual(slack.world.pings, []);
        assert.ok(!/is here|mended/.test(log.join('\n')), 'no line is logged');
        slack.copies = 1;
        ann.press(end, 'Delete');
        await until(
          () => end.isDeleted && head.isDeleted && linesIn(head).length === 0,
          'its deletion',
          PATIENCE_MS,
        );
      },
      { allowance: 100 },
    ));

  it('answers each line within Slack’s limits, and when a user asks', () =>
    withSlack(async (harness) => {
      const { ann, channel, slack } = harness;
      const head = await begun(harness, '');
      const threadTs = head.ts;
      const bob = new Person(slack, 'bob');
      ann.say(channel, 'A ship fell.', { threadTs });
      await answers(head, 1);
      const own = await harness.ephemeralReply(bob.press(head, 'Your turn, computer'));
      assert.equal(own, 'The last line is mine: add one of yours first.');
      bob.say(channel, 'It was blue.', { threadTs });
      await answers(head, 2);
      const refused = await harness.ephemeralReply(bob.press(head, 'The end'));
      assert.match(refused, /^Only the user who started this relay, or a moderator, can end it/);
      const early = { ...head };
      slack.world.administrators.add(bob.user.id);
      bob.press(head, 'The end');
      const [first, second] = linesIn(head);
      assert.equal(textOf(await overIn(head)), `A ship fell. ${first} It was blue. ${second}`);
      assert.equal(await harness.ephemeralReply(ann.press(early, 'The end')), 'This relay is over.');
      assert.equal(slack.count(/./, 'ratelimited'), 0);
    }));

  it('tells users whose turn it is once, and needs a channel and an invitation', () =>
    withSlack(
      async (harness) => {
        const { ann, channel, slack, channelOf } = harness;
        const [bob, cem] = ['bob', 'cem'].map((name) => new Person(slack, name)) as [Person, Person];
        const ask = (text: string, at = channel) => harness.command(bob, at, '/scifi-relay', text);
        assert.match(await ask('help'), /^I open a thread, in which you and others write a story/);
        assert.match(await ask('A. every=many'), /^The every is “many”; give a number/);
        assert.match(await ask('A. every=11'), /^I answer after every 1 to 10 lines/);
        assert.match(await ask('A. turns=mine'), /^The turns are free, round-robin, once; got “mine”/);
        assert.match(await ask('A.', bob.openMessages()), /^A relay needs a channel/);
        const closed = channelOf();
        closed.isMember = false;
        assert.match(await ask('A.', closed), /^I may not write here\. Type \/invite/);
        const head = await begun(harness, 'A. every=demand turns=round-robin');
        const threadTs = head.ts;
        bob.say(channel, 'B.', { threadTs });
        cem.say(channel, 'C is here.', { threadTs });
        await stored(harness, 'C is here.');
        const out = bob.say(channel, 'Not now.', { threadTs });
        const told = await until(() => harness.ephemeralAfter(out), 'a sentence', PATIENCE_MS);
        assert.match(told, /^It is ann’s turn, so this line is not in the story/);
        assert.equal(
          await signOf(bob.say(channel, 'Not now either.', { threadTs })),
          'hourglass_flowing_sand',
        );
        bob.press(head, 'Your turn, computer');
        const [answer] = await answers(head, 1);
        await harness.command(ann, channel, '/scifi-forget');
        const end = await overIn(head);
        assert.equal(textOf(end), `A. B. C is here. ${answer}`);
        assert.match(
          smallPrintOf(end),
          /^By bob \(1 line\), cem \(1 line\), a user \(1 line\), the computer|^By .*a user \(1 line\)/,
        );
        await until(
          async () => !(await harness.dump()).includes(ann.user.id),
          'the removal of the host’s id',
          PATIENCE_MS,
        );
      },
      { allowance: 100 },
    ));

  it('ends where its message is deleted, and takes out a deleted line of the network', () =>
    withSlack(
      async (harness) => {
        const { slack, channel, ann } = harness;
        const head = await begun(harness, 'A ship.');
        await answers(head, 1);
        const [line] = botsMessages(channel, head.ts);
        const deleted = (message: FakeMessage) => {
          message.isDeleted = true;
          slack.world.onDelete(message);
        };
        deleted(line!);
        ann.say(channel, 'It fell.', { threadTs: head.ts });
        const [next] = await answers(head, 1);
        assert.ok(next);
        const early = { ...head };
        deleted(head);
        const isOver = async () =>
          (await harness.ephemeralReply(ann.press(early, 'Your turn, computer'))) === 'This relay is over.';
        await until(isOver, 'its end', PATIENCE_MS);
      },
      { allowance: 100 },
    ));

  it('posts one message where the answer to the post is lost', () =>
    withSlack(
      async (harness) => {
        const { slack, channel, ann } = harness;
        slack.misbehave({ match: /^chat\.postMessage$/, answer: 0, takesEffect: true, times: 2 });
        const head = await begun(harness, 'A.');
        await answers(head, 1);
        ann.press(head, 'The end');
        await overIn(head);
        assert.equal(botsMessages(channel).length, 1);
        assert.equal(botsMessages(channel, head.ts).length, 2);
      },
      { allowance: 100 },
    ));
});
