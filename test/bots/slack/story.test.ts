/** The whole path, from a command on the fake Slack to the last edit of its reply. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Person } from '../../fakes/slack/people.ts';
import type { FakeMessage } from '../../fakes/slack/world.ts';
import {
  botsMessages,
  FOOTER,
  finished,
  isOver,
  labelsOf,
  openSlack,
  type SlackHarness,
  smallPrintOf,
  textOf,
} from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

const BUTTONS = ['Continue', 'Another', 'Warmer', 'Cooler', 'My line', 'Vote', 'Edit', 'Delete'];

/** Closes the set-up, and checks the data that remains. */
async function leave(harness: SlackHarness): Promise<void> {
  await harness.close();
  const log = harness.log.join('');
  assert.doesNotMatch(log, /It all began|Long ago|airlock|the ship/, 'no prompt and no story is in the log');
  assert.ok(!log.includes(harness.slack.workspace.token) && !log.includes(harness.slack.world.appToken));
  assert.doesNotMatch(log, /"level":50/);
  assert.deepEqual(harness.slack.world.pings, []);
  assert.equal(harness.slack.count(/./, 'ratelimited'), 0);
}

describe('stories on Slack', { timeout: 240_000, concurrency: true }, () => {
  describe('a growing story on Slack', { timeout: 240_000 }, () => {
    let harness: SlackHarness;

    before(async () => {
      harness = await openSlack({ isEmbedded: true, isHeld: ({ prompt }) => prompt === 'Stop me' });
    });
    after(() => leave(harness));

    it('is acknowledged, grows in place, and ends with footer and buttons', async () => {
      const { ann } = harness;
      const channel = harness.channelOf();
      const delivery = ann.slash(channel, '/scifi', 'It all length=2900 began with temp=0.5');
      const message = await finished(channel);
      assert.ok(delivery.acknowledgedAt !== undefined);
      assert.equal(harness.ephemeralTo(delivery), '');
      const texts = message.history.map(textOf);
      const growing = texts.filter((text) => text.startsWith('It all began with'));
      assert.ok(growing.length >= 4, `${growing.length} edits`);
      for (const [index, text] of growing.slice(1).entries()) assert.ok(text.startsWith(growing[index]!));
      assert.deepEqual(labelsOf(message.history[0]!), ['Stop', 'Delete']);
      assert.match(smallPrintOf(message), FOOTER);
      assert.match(
        smallPrintOf(message),
        /^Science fiction fake-1 \(fake\) · classic, temperature 0\.5 · seed 7 · /,
      );
      assert.deepEqual(labelsOf(message), BUTTONS);
      assert.ok(
        message.text.startsWith('It all began with'),
        'notifications and screen readers get the story',
      );
      assert.equal(botsMessages(channel).length, 1);
    });

    it('is stopped by its requester only', async () => {
      const { ann, slack } = harness;
      const channel = harness.channelOf();
      const bob = new Person(slack, 'bob');
      ann.slash(channel, '/scifi', 'Stop me length=5000');
      const message = await until(() => botsMessages(channel)[0], 'a message');
      await until(() => textOf(message).length > 100, 'a growing text');
      const refused = bob.press(message, 'Stop');
      await until(() => /^Only the user who asked/.test(harness.ephemeralTo(refused)), 'a refusal');
      const shown = textOf(message);
      ann.press(message, 'Stop');
      await until(() => isOver(message), 'the end');
      const text = textOf(message);
      assert.ok(text.startsWith(shown) && text.length < 1_000, `${text.length} characters`);
      assert.match(smallPrintOf(message), FOOTER);
      const late = ann.press({ ...message, blocks: message.history[0]!.blocks } as FakeMessage, 'Stop');
      await sleep(300);
      assert.equal(harness.ephemeralTo(late), '', 'stopping twice is stopping once');
    });
  });

  describe('a story on Slack', { timeout: 240_000, concurrency: true }, () => {
    let harness: SlackHarness;

    before(async () => {
      harness = await openSlack({ pace: 0, allowance: 20 });
    });
    after(() => leave(harness));

    it('is one message at any length, and is continued from its end', async () => {
      const { ann } = harness;
      const channel = harness.channelOf();
      ann.slash(channel, '/scifi', 'Long ago length=6000 seed=3');
      const message = await finished(channel);
      const story = textOf(message);
      assert.ok(story.length > 5_500 && /^Long ago( [a-zA-Z]+\.?)+$/.test(story), story.slice(0, 300));
      ann.press(message, 'Warmer');
      const again = await finished(channel, ({ ts }) => ts > message.ts);
      assert.ok(textOf(again).startsWith('Long ago'));
      assert.match(smallPrintOf(again), / · wild · seed 3 · /);
      ann.press(message, 'Continue');
      const next = await finished(channel, ({ ts }) => ts > again.ts);
      assert.ok(!textOf(next).startsWith('Long ago') && textOf(next).length > 5_000);
    });

    it('has the preset that is chosen, also in Warmer, Cooler and Another', async () => {
      const { ann } = harness;
      const channel = harness.channelOf();
      ann.slash(channel, '/scifi', 'It all preset=wild began length=130 seed=9');
      const wild = await finished(channel);
      assert.match(smallPrintOf(wild), / · wild · seed 9 · /);
      assert.deepEqual(labelsOf(wild), [
        'Continue',
        'Another',
        'Cooler',
        'My line',
        'Vote',
        'Edit',
        'Delete',
      ]);
      ann.press(wild, 'Cooler');
      const lively = await finished(channel, ({ ts }) => ts > wild.ts);
      assert.match(smallPrintOf(lively), / · lively · seed 9 · /);
      ann.press(lively, 'Another');
      const another = await finished(channel, ({ ts }) => ts > lively.ts);
      assert.match(smallPrintOf(another), / · lively · seed (?!9 )/);
      const set = ann.slash(channel, '/scifi-channel', 'on cooldown=0 minimum=1 preset=calm');
      await until(() => /with the preset calm\./.test(harness.ephemeralTo(set)), 'an answer');
      ann.say(channel, 'They flew away at last');
      const prompted = await finished(channel, (message) => textOf(message).startsWith('They flew'));
      assert.match(smallPrintOf(prompted), / · calm · seed /);
      assert.deepEqual(labelsOf(prompted), [
        'Continue',
        'Another',
        'Warmer',
        'My line',
        'Vote',
        'Edit',
        'Delete',
      ]);
    });

    it('continues words only, not emoji, links or markup, and refuses a wordless message', async () => {
      const { ann } = harness;
      const channel = harness.channelOf();
      const wordless = ann.slash(channel, '/scifi', ':rocket: https://a.example length=200');
      assert.match(await harness.ephemeralReply(wordless), /^There are no words in that opening/);
      const link = ann.mention(channel, '<https://a.example> 🚀');
      await until(() => harness.ephemeralAfter(link).includes('Give me an opening'), 'help');
      ann.slash(channel, '/scifi', 'He flew :rocket: to https://a.example Mars length=200');
      const first = await finished(channel);
      assert.ok(textOf(first).startsWith('He flew to Mars'), textOf(first));
      ann.mention(channel, 'She flew :rocket: to <https://a.example|Venus> <#C1> length=200');
      const second = await finished(channel, ({ ts }) => ts > first.ts);
      assert.ok(textOf(second).startsWith('She flew to Venus'), textOf(second));
      const set = ann.slash(channel, '/scifi-channel', 'on cooldown=0 minimum=1');
      await harness.ephemeralReply(set);
      ann.say(channel, ':rocket: :tada: 🚀');
      ann.say(channel, 'They flew away at last');
      await finished(channel, (message) => textOf(message).startsWith('They flew'));
      assert.equal([...channel.messages.values()].filter(({ isBots }) => isBots).length, 3);
    });

    it('is generated again by Another, Warmer and Cooler, with its own opening and seed', async () => {
      const { ann } = harness;
      const channel = harness.channelOf();
      // No part of the prompt is interpreted as markup, and all of it is returned.
      const prompt = '*<!channel>* <@U1> <b|a> & &amp; 10:30:45 `c`';
      ann.slash(channel, '/scifi', `${prompt} length=130 temp=0.1 seed=9 model=melville`);
      const message = await finished(channel);
      assert.ok(textOf(message).startsWith(prompt), textOf(message));
      assert.match(smallPrintOf(message), /Melville .* · classic, temperature 0\.1 · seed 9/);
      ann.press(message, 'Cooler');
      const cooler = await finished(channel, ({ ts }) => ts > message.ts);
      assert.match(smallPrintOf(cooler), /Melville .* · classic, temperature 0 · seed 9/);
      assert.ok(textOf(cooler).startsWith(prompt));
      ann.press(cooler, 'Another');
      const another = await finished(channel, ({ ts }) => ts > cooler.ts);
      assert.doesNotMatch(smallPrintOf(another), /· seed 9 ·/);
      assert.ok(textOf(another).startsWith(prompt));
    });

    it('continues any message by the shortcut, in its thread, also repeatedly', async () => {
      const { ann } = harness;
      const channel = harness.channelOf();
      const post = ann.say(channel, 'The airlock opened, and there stood a man without a shadow.');
      ann.shortcut(post, 'scifi-continue-message');
      const message = await finished(channel);
      assert.equal(message.threadTs, post.ts);
      assert.ok(textOf(message).length > 100 && !textOf(message).includes('airlock'));
      ann.press(message, 'Warmer');
      const same = await finished(channel, ({ ts }) => ts > message.ts);
      assert.equal(same.threadTs, post.ts);
      ann.press(same, 'Continue');
      await finished(channel, ({ ts }) => ts > same.ts);
      const empty = ann.shortcut(ann.say(channel, ''), 'scifi-continue-message');
      await until(() => /^There is no text in that message/.test(harness.ephemeralTo(empty)), 'a refusal');
    });

    it('refuses to continue from a slur of any author, and is posted with vulgar words masked', async () => {
      const { ann } = harness;
      const channel = harness.channelOf();
      const post = ann.say(channel, 'The wops took over the ship.');
      const declined = ann.shortcut(post, 'scifi-continue-message');
      await until(() => /^I do not write on from/.test(harness.ephemeralTo(declined)), 'a refusal');
      ann.slash(channel, '/scifi', 'What the fuck, said the ship, length=130');
      const message = await finished(channel);
      assert.ok(textOf(message).startsWith('What the f***, said the ship,'));
      assert.doesNotMatch(JSON.stringify(message), /fuck/);
    });

    it('answers a mention in its thread, once for any number of deliveries', async () => {
      const { ann } = harness;
      const channel = harness.channelOf();
      const asked = ann.mention(channel, 'the moon was &lt;late&gt; length=200');
      const message = await finished(channel);
      assert.equal(message.threadTs, asked.ts);
      assert.ok(textOf(message).startsWith('the moon was <late> '));
      ann.say(channel, 'Nobody asked for this one');
      await sleep(400);
      assert.equal(botsMessages(channel, asked.ts).length, 1);
      assert.equal(botsMessages(channel).length, 0);
    });

    it('is written in the direct message where it was requested', async () => {
      const { ann } = harness;
      const channel = harness.channelOf({ kind: 'im' });
      ann.say(channel, 'Between us length=200');
      const message = await finished(channel);
      assert.ok(textOf(message).startsWith('Between us'));
      ann.slash(channel, '/scifi', 'And by command length=200');
      const other = await finished(channel, (one) => textOf(one).startsWith('And by command'));
      assert.equal(other.threadTs, undefined);
    });

    it('reports what to do where the bot is not a member, and adds no story', async () => {
      const { ann, slack } = harness;
      for (const kind of ['channel', 'group', 'im', 'mpim'] as const) {
        const channel = harness.channelOf({ kind, isMember: false });
        const delivery = ann.slash(channel, '/scifi', 'Knock knock length=200');
        await until(() => harness.ephemeralTo(delivery).includes('`/invite`'), 'an invitation');
        assert.ok(harness.ephemeralTo(delivery).includes(`<@${slack.workspace.bot.id}>`));
        assert.equal(channel.messages.size, 0);
      }
    });

    it('refuses invalid requests in an ephemeral reply', async () => {
      const { ann, channel } = harness;
      const cases: [string, RegExp][] = [
        [`${'x'.repeat(100)} length=60`, /needs at least 50 of its own/],
        ['It all began temp=hot', /The temperature is “hot”; give a number/],
        [
          'It all began preset=hot',
          /There is no preset of that name\. Choose one of: classic, calm, lively, wild/,
        ],
        [
          'It all began preset=wild temp=1',
          /The temperature belongs to the preset classic; leave out one of them/,
        ],
        ['It all began model=borges', /There is no model of that name\. Choose one of: scifi, melville/],
        [`a${'&'.repeat(1_900)} length=6000`, /too long for one message of Slack/],
        ['All the w0ps', /^I do not write on from one of the words in there/m],
        ['', /^Give me an opening/m],
        ['help', /`temp` from 0, predictable/],
        ['help', /`preset`: `classic` .*; lively by default/],
      ];
      for (const [text, sentence] of cases) {
        const delivery = ann.slash(channel, '/scifi', text);
        await until(() => sentence.test(harness.ephemeralTo(delivery)), `an answer to ${text}`);
      }
    });

    it('is written once when its command is received by two processes, and twice', async () => {
      const { ann, slack } = harness;
      const channel = harness.channelOf();
      const delivery = ann.slash(channel, '/scifi', 'Twice heard length=300');
      slack.deliver(delivery.kind, delivery.payload);
      await finished(channel);
      slack.deliver(delivery.kind, delivery.payload);
      await sleep(800);
      assert.equal(channel.messages.size, 1);
    });

    it('shows help in the App Home, and a user’s default options', async () => {
      const { ann, slack } = harness;
      const bob = new Person(slack, 'bob');
      bob.openHome();
      const view = await until(() => slack.world.homes.get(bob.user.id), 'a view');
      assert.match(JSON.stringify(view.blocks), /Give me an opening/);
      bob.choose('scifi-setting-temperature', '1.2');
      await until(
        () =>
          JSON.stringify(slack.world.homes.get(bob.user.id)).includes(
            '"initial_option":{"text":{"type":"plain_text","text":"1.2"',
          ),
        'the choice',
      );
      bob.choose('scifi-setting-length', '300');
      await until(
        () =>
          JSON.stringify(slack.world.homes.get(bob.user.id)).includes(
            '"initial_option":{"text":{"type":"plain_text","text":"300"',
          ),
        'the choice',
      );
      const channel = harness.channelOf();
      bob.slash(channel, '/scifi', 'By default');
      const story = await finished(channel);
      assert.match(smallPrintOf(story), /temperature 1\.2/);
      assert.ok(textOf(story).length <= 300);
      bob.slash(channel, '/scifi', 'Otherwise temp=0.3');
      assert.match(smallPrintOf(await finished(channel, ({ ts }) => ts > story.ts)), /temperature 0\.3/);
      bob.slash(channel, '/scifi', 'With another preset=wild');
      const wild = await finished(channel, (message) => textOf(message).startsWith('With'));
      assert.match(smallPrintOf(wild), / · wild · seed /);
      bob.choose('scifi-setting-preset', 'calm');
      await until(
        () =>
          /"initial_option":\{"text":\{[^}]*"text":"calm: /.test(
            JSON.stringify(slack.world.homes.get(bob.user.id)),
          ),
        'the preset',
      );
      bob.slash(channel, '/scifi', 'Calmly now');
      const calm = await finished(channel, (message) => textOf(message).startsWith('Calmly'));
      assert.match(smallPrintOf(calm), / · calm · seed /);
      bob.choose('scifi-setting-temperature', 'default');
      await until(
        () =>
          !JSON.stringify(slack.world.homes.get(bob.user.id)).includes(
            '"initial_option":{"text":{"type":"plain_text","text":"1.2"',
          ),
        'the default',
      );
      ann.slash(channel, '/scifi', 'Of somebody else length=200');
      assert.match(
        smallPrintOf(await finished(channel, (message) => textOf(message).startsWith('Of'))),
        / · lively · /,
      );
    });
  });

  describe('a story on Slack whose process exits', { timeout: 240_000 }, () => {
    it('is edited further in the same message, and its buttons work', async () => {
      const harness = await openSlack();
      try {
        const { ann, channel } = harness;
        ann.slash(channel, '/scifi', 'Handed over length=1500');
        const message = await until(() => botsMessages(channel)[0], 'a message');
        await until(() => textOf(message).length > 100, 'a growing text');
        const shown = textOf(message);
        await harness.restart();
        await until(() => isOver(message), 'the end');
        assert.ok(textOf(message).startsWith(shown));
        assert.equal(channel.messages.size, 1);
        await harness.restart();
        ann.press(message, 'Continue');
        const next = await finished(channel, ({ ts }) => ts > message.ts);
        assert.ok(!textOf(next).startsWith('Handed over') && textOf(next).length > 300);
        assert.equal(channel.messages.size, 2);
      } finally {
        await harness.close();
      }
    });
  });
});
