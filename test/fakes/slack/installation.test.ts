/** The way of an app into workspaces and out again, between the fake Slack and Bolt's own installer. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { App, HTTPReceiver, type Installation, webApi } from '@slack/bolt';
import { pino } from 'pino';
import { boltLogger } from '../../../src/bots/slack/logger.ts';
import { until } from '../../helpers/programs.ts';
import { FakeSlack } from './fake-slack.ts';
import { Person } from './people.ts';

const logger = boltLogger(pino({ level: 'silent' }));

describe('installing the app into workspaces of the fake Slack', () => {
  let slack: FakeSlack;
  let app: App;
  let origin: string;
  const kept = new Map<string, Installation>();
  const gone: string[] = [];

  before(async () => {
    slack = await FakeSlack.start();
    const { clientId, clientSecret, signingSecret } = slack.world.app;
    const clientOptions = { slackApiUrl: slack.api };
    const receiver = new HTTPReceiver({
      signingSecret,
      clientId,
      clientSecret,
      stateSecret: 'a secret of states',
      scopes: [...slack.manifest.scopes],
      installationStore: {
        storeInstallation: async (installation) =>
          void kept.set(installation.team!.id, installation as Installation),
        fetchInstallation: async ({ teamId }) => kept.get(teamId!) as Installation<'v2', false>,
        deleteInstallation: async ({ teamId }) => void kept.delete(teamId!),
      },
      installerOptions: { clientOptions, directInstall: true },
      logger,
    });
    app = new App({ receiver, clientOptions, logger });
    app.command('/scifi', async ({ ack, client, command }) => {
      await ack();
      await client.chat.postMessage({ channel: command.channel_id, text: `for ${command.team_id}` });
    });
    app.event('app_uninstalled', async ({ body }) => void gone.push(body.team_id));
    const server = (await app.start(0)) as unknown as { address(): AddressInfo };
    origin = `http://127.0.0.1:${server.address().port}`;
    slack.requestUrl = `${origin}/slack/events`;
  });
  after(async () => {
    await app.stop();
    await slack.stop();
  });

  /** Follows the install link as a browser does; the page at its end. */
  async function install(person: Person, tamper = (back: string) => back): Promise<Response> {
    const link = await fetch(`${origin}/slack/install`, { redirect: 'manual' });
    const cookie = link.headers.get('set-cookie')!.split(';')[0]!;
    const back = new URL(tamper(person.allow(link.headers.get('location')!)), origin);
    return fetch(`${origin}/slack/oauth_redirect${back.search}`, { headers: { cookie } });
  }

  it('gives every workspace a token of its own, which works there and nowhere else', async () => {
    const teams = ['One', 'Two'].map((name) => slack.addStrangers(name));
    for (const team of teams) {
      const person = new Person(slack, 'ann', team);
      assert.equal((await install(person)).status, 200);
      assert.equal(kept.get(team.id)!.bot!.token, team.token);
      const channel = slack.world.addChannel(team);
      person.slash(channel, '/scifi', 'x');
      const posted = await until(() => [...channel.messages.values()][0], 'a message');
      assert.equal(posted.text, `for ${team.id}`);
    }
    assert.notEqual(teams[0]!.token, teams[1]!.token);
  });

  it('refuses a code that was used, and one of somebody else’s making', async () => {
    const team = slack.addStrangers('Three');
    const person = new Person(slack, 'cat', team);
    const { clientId, clientSecret } = slack.world.app;
    const { api } = slack;
    const client = new webApi.WebClient(undefined, { slackApiUrl: api, logger, retryConfig: { retries: 0 } });
    let code = '';
    await install(person, (back) => {
      code = new URL(back, origin).searchParams.get('code')!;
      return back;
    });
    const access = (options: Record<string, string>) =>
      client.oauth.v2.access({ client_id: clientId, client_secret: clientSecret, code, ...options });
    await assert.rejects(access({}), /invalid_code/);
    await assert.rejects(access({ client_secret: 'wrong' }), /bad_client_secret/);
    const forged = await install(person, (back) => back.replace(/code=[^&]*/, 'code=forged'));
    assert.equal(forged.status, 500);
  });

  it('tells the app when a workspace removes it, whose token is then worth nothing', async () => {
    const team = slack.addStrangers('Four');
    await install(new Person(slack, 'dan', team));
    const { token } = team;
    slack.uninstall(team);
    await until(() => gone.includes(team.id), 'the event');
    const client = new webApi.WebClient(token, {
      slackApiUrl: slack.api,
      logger,
      retryConfig: { retries: 0 },
    });
    await assert.rejects(client.auth.test(), /account_inactive/);
  });
});
