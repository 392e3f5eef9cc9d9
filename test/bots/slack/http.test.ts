/** Slack over HTTP, and workspaces that install the app themselves. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Person } from '../../fakes/slack/people.ts';
import type { Workspace } from '../../fakes/slack/world.ts';
import {
  botsMessages,
  FOOTER,
  finished,
  isOver,
  openSlack,
  type SlackHarness,
  smallPrintOf,
  textOf,
} from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

const SIGNING_SECRET = randomBytes(16).toString('hex');

/** Makes the fake deliver over HTTP. */
function deliverTo({ slack, bot }: SlackHarness): void {
  slack.deliveries.http = { url: `http://127.0.0.1:${bot.port}/slack/events`, signingSecret: SIGNING_SECRET };
}

describe('Slack over HTTP without Socket Mode', { timeout: 240_000, concurrency: true }, () => {
  describe('one workspace', { concurrency: 1 }, () => {
    let harness: SlackHarness;

    before(async () => {
      const http = { signingSecret: SIGNING_SECRET, port: 0 };
      harness = await openSlack({
        settings: () => ({ appToken: undefined, http }),
        isHeld: ({ prompt }) => prompt === 'By post',
      });
      deliverTo(harness);
    });
    after(() => harness.close());

    it('has stories that grow, are stopped and continue after a restart', async () => {
      const { ann, channel, slack } = harness;
      const delivery = ann.slash(channel, '/scifi', 'By post length=4000');
      const message = await until(() => botsMessages(channel)[0], 'a message');
      await until(() => textOf(message).length > 300, 'a growing text');
      assert.ok(message.history.length >= 2, `${message.history.length} states`);
      ann.press(message, 'Stop');
      await until(() => isOver(message), 'the end');
      assert.ok(delivery.acknowledgedAt !== undefined);
      assert.match(smallPrintOf(message), FOOTER);
      await harness.restart();
      deliverTo(harness);
      ann.press(message, 'Continue');
      const next = await finished(channel, ({ ts }) => ts > message.ts);
      assert.ok(textOf(next).length > 100);
      const asked = ann.mention(channel, 'and in a thread length=150');
      assert.equal((await finished(channel, ({ ts }) => ts > asked.ts)).threadTs, asked.ts);
      assert.equal(slack.deliveries.connections, 0);
    });

    it('rejects unsigned requests', async () => {
      const { slack, bot, ann } = harness;
      const channel = harness.channelOf();
      slack.deliveries.http = {
        url: `http://127.0.0.1:${bot.port}/slack/events`,
        signingSecret: `${SIGNING_SECRET}0`,
      };
      const delivery = ann.slash(channel, '/scifi', 'Let me in length=200');
      await delivery.done;
      assert.equal(delivery.failure, 'http_error 401');
      assert.equal(channel.messages.size, 0);
      deliverTo(harness);
    });
  });

  describe('several workspaces', { concurrency: 1 }, () => {
    let harness: SlackHarness;
    const encryptionKey = randomBytes(32);

    before(async () => {
      harness = await openSlack({
        pace: 0,
        allowance: 20,
        settings: ({ world }) => ({
          botToken: undefined,
          appToken: undefined,
          http: { signingSecret: SIGNING_SECRET, port: 0 },
          installation: {
            clientId: world.clientId,
            clientSecret: world.clientSecret,
            stateSecret: 'a state secret of our own',
            encryptionKey,
          },
        }),
      });
      deliverTo(harness);
    });
    after(async () => {
      await harness.close();
      for (const { token } of harness.slack.world.workspaces)
        assert.ok(!harness.log.join('').includes(token));
    });

    /** Opens the install link: returns the redirect target and the browser's cookie. */
    async function begin(origin: string): Promise<{ link: URL; cookie: string }> {
      const response = await fetch(`${origin}/slack/install`, { redirect: 'manual' });
      const cookie = response.headers.getSetCookie().map((line) => line.split(';')[0]);
      return { link: new URL(response.headers.get('location')!), cookie: cookie.join('; ') };
    }

    /** Completes the installation as a user. */
    async function install(workspace: Workspace): Promise<number> {
      const origin = `http://127.0.0.1:${harness.bot.port}`;
      const { link, cookie } = await begin(origin);
      assert.match(link.searchParams.get('scope')!, /commands,chat:write,/);
      const query = new URLSearchParams({
        code: harness.slack.approve(workspace),
        state: link.searchParams.get('state')!,
      });
      const back = await fetch(`${origin}/slack/oauth_redirect?${query}`, { headers: { cookie } });
      await back.text();
      return back.status;
    }

    it('install the app, each with its own encrypted token, and leave no data on removal', async () => {
      const { slack, connection } = harness;
      const first = slack.workspace;
      const second = slack.world.addWorkspace('another workspace');
      const strangers = slack.world.addWorkspace('strangers');
      assert.equal(await install(first), 200);
      assert.equal(await install(second), 200);
      const bob = new Person(slack, 'bob');
      slack.world.administrators.add(bob.user.id);
      for (const workspace of [first, second]) {
        const channel = slack.world.addChannel(workspace);
        bob.slash(channel, '/scifi', `In ${workspace.name} length=200`);
        const message = await finished(channel);
        assert.ok(textOf(message).startsWith(`In ${workspace.name}`));
        bob.slash(channel, '/scifi-channel', 'on cooldown=0');
        await until(
          () => slack.world.ephemerals.some(({ channelId }) => channelId === channel.id),
          'an answer',
        );
        bob.say(channel, 'This is a prompt of its own');
        await finished(channel, (other) => textOf(other).startsWith('This is a prompt'));
        bob.openHome(workspace);
      }
      const used = new Set(
        slack.log.filter(({ method }) => method === 'chat.postMessage').map(({ workspaceId }) => workspaceId),
      );
      assert.deepEqual(used, new Set([first.id, second.id]));
      const kept = connection.queue<{ sealed: string }, never>('settings-slack-installations');
      const jobs = await kept.getJobs(['wait']);
      assert.equal(jobs.length, 2);
      for (const { data } of jobs)
        assert.doesNotMatch(Buffer.from(data.sealed, 'base64').toString('latin1'), /xoxb/);
      // A workspace that has not installed the app is unknown.
      const unknown = slack.world.addChannel(strangers);
      const refused = bob.slash(unknown, '/scifi', 'Open up length=200');
      await refused.done;
      assert.equal(unknown.messages.size, 0);
      const settings = connection.queue('settings-slack-channels');
      assert.equal((await settings.getJobs(['wait'])).length, 2);
      slack.uninstall(second);
      await until(async () => (await kept.getJobs(['wait'])).length === 1, 'the token to go');
      await until(async () => (await settings.getJobs(['wait'])).length === 1, 'what was set to go');
      // The other workspace continues.
      const channel = slack.world.addChannel(first);
      bob.slash(channel, '/scifi', 'Still here length=200');
      await finished(channel);
      // A workspace can install the app again.
      assert.equal(await install(second), 200);
      const again = slack.world.addChannel(second);
      bob.slash(again, '/scifi', 'Back again length=200');
      await finished(again);
      await Promise.all([kept.close(), settings.close()]);
    });

    it('are removed when their token is revoked', async () => {
      const { slack, connection } = harness;
      const workspace = slack.world.addWorkspace('revoked');
      assert.equal(await install(workspace), 200);
      const kept = connection.queue('settings-slack-installations');
      assert.ok(await kept.getJob(`kteam-${workspace.id}`));
      workspace.isRevoked = true;
      slack.dispatch(workspace, { type: 'tokens_revoked', tokens: { oauth: [], bot: [workspace.bot.id] } });
      await until(async () => !(await kept.getJob(`kteam-${workspace.id}`)), 'the token to go');
      await kept.close();
    });

    it('are not installed through a link that another user was given', async () => {
      const origin = `http://127.0.0.1:${harness.bot.port}`;
      const { link } = await begin(origin);
      const code = harness.slack.approve(harness.slack.world.addWorkspace('victim'));
      const query = new URLSearchParams({ code, state: link.searchParams.get('state')! });
      const back = await fetch(`${origin}/slack/oauth_redirect?${query}`);
      assert.notEqual(back.status, 200);
    });
  });
});
