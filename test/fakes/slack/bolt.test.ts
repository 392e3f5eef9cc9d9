/** The fake Slack and the real Bolt, unmodified: what the one delivers the other hears, both ways of delivery. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { App, HTTPReceiver, SocketModeReceiver } from '@slack/bolt';
import { pino } from 'pino';
import { boltLogger } from '../../../src/bots/slack/logger.ts';
import { until } from '../../helpers/programs.ts';
import { FakeSlack } from './fake-slack.ts';
import { Person } from './people.ts';
import type { FakeChannel, FakeTeam } from './world.ts';

const SECTION = {
  type: 'section',
  block_id: 'story',
  text: { type: 'plain_text', text: 'Ships & stars' },
} as const;
const ROW = {
  type: 'actions',
  block_id: 'row',
  elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' }, value: 'on' }],
} as const;

const logger = boltLogger(pino({ level: 'silent' }));

for (const mode of ['Socket Mode', 'HTTP'] as const) {
  describe(`the fake Slack over ${mode}`, () => {
    let slack: FakeSlack;
    let team: FakeTeam;
    let channel: FakeChannel;
    let ann: Person;
    let app: App;
    const heard: string[] = [];

    before(async () => {
      slack = await FakeSlack.start();
      team = slack.addTeam();
      channel = slack.world.addChannel(team);
      ann = new Person(slack, 'ann', team);
      const { appToken, signingSecret } = slack.world.app;
      const clientOptions = { slackApiUrl: slack.api };
      const receiver =
        mode === 'HTTP'
          ? new HTTPReceiver({ signingSecret, logger })
          : new SocketModeReceiver({
              appToken,
              installerOptions: { clientOptions },
              logger,
            });
      app = new App({ token: team.token!, receiver, clientOptions, logger });
      app.command('/scifi', async ({ command, ack, respond, client }) => {
        await ack(`heard ${command.text}`);
        await respond({ response_type: 'ephemeral', text: 'and said' });
        const { ts } = await client.chat.postMessage({
          channel: command.channel_id,
          text: 'x',
          blocks: [SECTION, ROW],
        });
        await client.chat.update({ channel: command.channel_id, ts: ts!, text: 'y', blocks: [ROW] });
      });
      app.action('go', async ({ ack, body, action }) => {
        await ack();
        heard.push(`${body.type} ${action.type === 'button' ? action.value : ''}`);
      });
      app.shortcut('scifi-continue-message', async ({ ack, shortcut }) => {
        await ack();
        heard.push(shortcut.type === 'message_action' ? shortcut.message.text! : '');
      });
      app.event('app_mention', async ({ event }) => void heard.push(`mention ${event.text}`));
      app.event('message', async ({ event }) => {
        if (!('bot_id' in event) && event.subtype === undefined) heard.push(`message ${event.channel_type}`);
      });
      app.event('app_home_opened', async ({ event, client }) => {
        await client.views.publish({ user_id: event.user, view: { type: 'home', blocks: [SECTION] } });
      });
      const server = (await app.start(0)) as unknown as { address(): AddressInfo };
      if (mode === 'HTTP') slack.requestUrl = `http://127.0.0.1:${server.address().port}/slack/events`;
    });
    after(async () => {
      await app.stop();
      await slack.stop();
    });

    it('has a command answered, a message posted and edited, and a response_url used', async () => {
      const delivery = ann.slash(channel, '/scifi', 'a <b> & c');
      await until(() => slack.calls('chat.update').length === 1, 'an edit');
      assert.ok(delivery.acknowledgedAt! - delivery.createdAt < 1_000);
      assert.deepEqual(
        ann.whispers(channel).map(({ text }) => text),
        ['heard a &lt;b&gt; &amp; c', 'and said'],
      );
      const [message] = [...channel.messages.values()].filter(({ onlyFor }) => !onlyFor);
      assert.deepEqual(
        message!.history.map(({ text, blocks }) => [text, blocks.length]),
        [
          ['x', 2],
          ['y', 1],
        ],
      );
      assert.equal((message!.history[0]!.blocks[0]!.text as { text: string }).text, 'Ships &amp; stars');
      const press = ann.press(message!, 'Go');
      await press.done;
      assert.ok(press.acknowledgedAt);
      assert.deepEqual(heard.splice(0), ['block_actions on']);
    });

    it('tells of mentions, messages, shortcuts and the Home', async () => {
      const message = ann.mention(channel, 'hello');
      await until(() => heard.length === 2, 'a mention and a message');
      assert.deepEqual(heard.splice(0).sort(), [`mention ${message.text}`, 'message channel']);
      ann.say(ann.direct(), 'hello');
      await until(() => heard.length === 1, 'a direct message');
      assert.deepEqual(heard.splice(0), ['message im']);
      await ann.shortcut(message, 'scifi-continue-message').done;
      assert.deepEqual(heard.splice(0), [message.text]);
      ann.openHome();
      await until(() => team.homes.has(ann.user.id), 'the Home');
    });
  });
}
