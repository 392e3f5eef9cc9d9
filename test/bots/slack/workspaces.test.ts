/** Workspaces that an attacker tries to install the app into, or that remove it in the middle of a story. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Person } from '../../fakes/slack/people.ts';
import type { Workspace } from '../../fakes/slack/world.ts';
import { botsMessages, finished, isOver, openSlack, type SlackHarness, textOf } from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

const SIGNING_SECRET = randomBytes(16).toString('hex');

describe('the Slack app in several workspaces', { timeout: 240_000 }, () => {
  let harness: SlackHarness;
  let origin: string;

  before(async () => {
    harness = await openSlack({
      settings: ({ world }) => ({
        botToken: undefined,
        appToken: undefined,
        http: { signingSecret: SIGNING_SECRET, port: 0 },
        installation: {
          clientId: world.clientId,
          clientSecret: world.clientSecret,
          stateSecret: randomBytes(16).toString('hex'),
          encryptionKey: randomBytes(32),
        },
      }),
    });
    origin = `http://127.0.0.1:${harness.bot.port}`;
    harness.slack.deliveries.http = { url: `${origin}/slack/events`, signingSecret: SIGNING_SECRET };
  });
  after(async () => {
    await harness.close();
    const log = harness.log.join('');
    for (const { token } of harness.slack.world.workspaces)
      assert.ok(!log.includes(token), 'no token is in the log');
    assert.ok(!log.includes(harness.slack.world.clientSecret) && !log.includes(SIGNING_SECRET));
  });

  /** A workspace without the app. */
  function stranger(name: string): Workspace {
    const workspace = harness.slack.world.addWorkspace(name);
    workspace.isRevoked = true;
    workspace.scopes = [];
    return workspace;
  }

  /** Follows the install link as a browser does; `tamper` changes the parameters of Slack's redirect. */
  async function install(
    workspace: Workspace,
    tamper: (query: URLSearchParams) => void = () => {},
  ): Promise<Response> {
    const page = await fetch(`${origin}/slack/install`, { redirect: 'manual' });
    const query = harness.slack.authorize(page.headers.get('location')!, workspace);
    tamper(query);
    const cookie = page.headers.get('set-cookie')!.split(';')[0]!;
    return fetch(`${origin}/slack/oauth_redirect?${query}`, {
      headers: { cookie },
      redirect: 'manual',
    });
  }

  it('rejects a forged code or a forged state', async () => {
    const workspace = stranger('Mallory’s');
    const forged = [
      () => install(workspace, (query) => query.set('code', 'forged')),
      () => install(workspace, (query) => query.set('state', `${query.get('state')}x`)),
    ];
    for (const attempt of forged) {
      const response = await attempt();
      assert.ok(response.status >= 400, `${response.status}`);
      assert.doesNotMatch(
        await response.text(),
        /\bat .*\.[jt]s:\d+|xoxb-/,
        'no stack trace and no token is shown',
      );
      assert.ok(workspace.isRevoked, 'no token was given');
    }
  });

  it('logs the code of every failed installation, and none of its data', async () => {
    const workspace = stranger('Unlucky');
    const tampers: [(query: URLSearchParams) => void, RegExp][] = [
      [
        (query) => query.set('code', 'forged-code'),
        /"code":"slack_webapi_platform_error","reason":".*invalid_code/,
      ],
      [(query) => query.set('state', 'forged-state'), /"name":"\w+"/],
      [(query) => query.delete('state'), /"code":"slack_oauth_missing_state"/],
      [(query) => query.delete('code'), /"code":"slack_oauth_missing_code"/],
      [
        (query) => {
          query.delete('code');
          query.set('error', 'access_denied');
        },
        /"code":"slack_oauth_installer_authorization_error"/,
      ],
    ];
    for (const [tamper, expected] of tampers) {
      const before = harness.log.length;
      const response = await install(workspace, tamper);
      assert.ok(response.status >= 400, `${response.status}`);
      const lines = harness.log.slice(before).filter((line) => /"msg":"Slack"/.test(line));
      assert.ok(
        lines.some((line) => expected.test(line)),
        `${expected}: ${lines.join('')}`,
      );
      assert.doesNotMatch(lines.join(''), /forged-/);
    }
  });

  it('removes a workspace that removes the app in the middle of a story, and accepts it again', async () => {
    const { slack } = harness;
    const workspace = stranger('Leavers');
    await install(workspace);
    const first = workspace.token;
    const channel = slack.world.addChannel(workspace);
    const ann = new Person(slack, 'ann');
    slack.world.administrators.add(ann.user.id);
    const set = ann.slash(channel, '/scifi-channel', 'on');
    await harness.ephemeralReply(set);
    ann.slash(channel, '/scifi', 'It was taken away length=1500');
    const message = await until(() => botsMessages(channel)[0], 'a message');
    await until(() => textOf(message).length > 60, 'a growing text');
    await slack.uninstall(workspace).done;
    await until(() => harness.log.some((line) => line.includes('reply given up')), 'a reply to be given up');
    await until(() => harness.log.some((line) => line.includes('Slack app uninstalled')), 'its token to go');
    assert.ok(!isOver(message));
    const asked = slack.log.length;
    await sleep(1_000);
    const more = slack.log.slice(asked).filter(({ workspaceId }) => workspaceId === workspace.id);
    assert.deepEqual(more, [], 'nothing is asked with a token that is gone');
    assert.equal((await install(workspace)).status, 200);
    assert.notEqual(workspace.token, first);
    const status = ann.slash(channel, '/scifi-channel', 'status');
    assert.match(await harness.ephemeralReply(status), /^Nothing is set/);
    ann.slash(channel, '/scifi', 'It came back length=200');
    await finished(channel, (other) => textOf(other).startsWith('It came back'));
  });
});
