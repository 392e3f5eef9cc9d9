/** What the fake Slack refuses, asked by the real client: a fake that lets everything pass proves nothing. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { webApi } from '@slack/bolt';
import { pino } from 'pino';
import { boltLogger } from '../../../src/bots/slack/logger.ts';
import { until } from '../../helpers/programs.ts';
import { FakeSlack } from './fake-slack.ts';
import { Person } from './people.ts';
import type { FakeChannel, FakeMessage, FakeTeam } from './world.ts';

const logger = boltLogger(pino({ level: 'silent' }));

describe('the fake Slack refuses', () => {
  let slack: FakeSlack;
  let team: FakeTeam;
  let channel: FakeChannel;
  let ann: Person;
  let client: webApi.WebClient;

  before(async () => {
    slack = await FakeSlack.start();
    slack.latencyMs = 0;
  });
  after(() => slack.stop());
  beforeEach(() => {
    // A workspace of its own, so that no test has eaten another one's calls.
    team = slack.addTeam();
    channel = slack.world.addChannel(team);
    ann = new Person(slack, 'ann', team);
    client = clientOf(team.token);
  });

  function clientOf(token: string | undefined): webApi.WebClient {
    return new webApi.WebClient(token, {
      slackApiUrl: slack.api,
      logger,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
    });
  }

  /** Slack's code for a call; `ok` when it has none. */
  async function codeOf(call: Promise<unknown>): Promise<string> {
    try {
      await call;
      return 'ok';
    } catch (error) {
      if (error instanceof webApi.WebAPIPlatformError) return error.data.error;
      if (error instanceof webApi.WebAPIRateLimitedError) return `429 after ${error.retryAfter} s`;
      throw error;
    }
  }

  function post(more: Record<string, unknown> = {}): Promise<string> {
    return codeOf(client.apiCall('chat.postMessage', { channel: channel.id, text: 'x', ...more }));
  }

  function update(message: FakeMessage, more: Record<string, unknown> = {}): Promise<string> {
    return codeOf(client.apiCall('chat.update', { channel: channel.id, ts: message.ts, text: 'y', ...more }));
  }

  function ours(): FakeMessage {
    return slack.world.addMessage(channel, team.bot, { text: 'ours' });
  }

  it('tokens that are none, not right, taken away, of the wrong kind, or without the scope', async () => {
    const { appToken } = slack.world.app;
    assert.equal(await codeOf(clientOf(undefined).auth.test()), 'not_authed');
    assert.equal(await codeOf(clientOf('xoxb-wrong').auth.test()), 'invalid_auth');
    assert.equal(await codeOf(clientOf(appToken).auth.test()), 'not_allowed_token_type');
    assert.equal(await codeOf(client.apps.connections.open({})), 'not_allowed_token_type');
    const answer = await client.auth.test();
    assert.deepEqual(answer.response_metadata?.scopes, [...slack.manifest.scopes]);
    team.scopes.delete('chat:write');
    assert.equal(await post(), 'missing_scope');
    slack.uninstall(team);
    assert.equal(await post(), 'account_inactive');
  });

  it('to post where there is no place for it', async () => {
    assert.equal(await post(), 'ok');
    assert.equal(await post({ text: '' }), 'no_text');
    assert.equal(await post({ channel: 'C0NOWHERE' }), 'channel_not_found');
    assert.equal(await post({ thread_ts: '1.000001' }), 'thread_not_found');
    const strange = { isWithBot: false } as const;
    assert.equal(await post({ channel: slack.world.addChannel(team, strange).id }), 'not_in_channel');
    const hidden = slack.world.addChannel(team, { ...strange, kind: 'private' });
    assert.equal(await post({ channel: hidden.id }), 'channel_not_found');
    const old = slack.world.addChannel(team);
    old.isArchived = true;
    assert.equal(await post({ channel: old.id }), 'is_archived');
  });

  it('to edit what is not there, not its own, too old, or in an archive', async () => {
    const message = ours();
    assert.equal(await update(message), 'ok');
    assert.equal(await update({ ...message, ts: '1.000001' }), 'message_not_found');
    assert.equal(await update(ann.say(channel, 'mine')), 'cant_update_message');
    team.editWindowMs = -1;
    assert.equal(await update(message), 'edit_window_closed');
    channel.isArchived = true;
    assert.equal(await update(message), 'is_inactive');
    channel.isArchived = false;
    channel.members.delete(team.bot.id);
    assert.equal(await update(message), 'not_in_channel');
  });

  it('texts and blocks over Slack’s limits, counted in their escaped form', async () => {
    const message = ours();
    assert.equal(await update(message, { text: '&'.repeat(800) }), 'ok');
    assert.equal(await update(message, { text: '&'.repeat(801) }), 'msg_too_long');
    assert.equal(await update(message, { text: 'é'.repeat(2_001) }), 'msg_too_long');
    const text = (length: number) => ({ type: 'plain_text', text: 'x'.repeat(length) });
    const section = (length: number, more = {}) => ({ type: 'section', text: text(length), ...more });
    const button = (more = {}) => ({ type: 'button', action_id: 'a', text: text(4), ...more });
    const row = (...elements: unknown[]) => ({ type: 'actions', elements });
    const cases: [string, unknown[]][] = [
      ['ok', [section(3_000), row(button({ value: 'v'.repeat(2_000) }))]],
      ['invalid_blocks', [section(3_001)]],
      ['invalid_blocks', [{ type: 'section', text: { type: 'plain_text', text: '<'.repeat(751) } }]],
      ['invalid_blocks', [section(1, { bold: true })]],
      ['invalid_blocks', [section(1, { block_id: 'b' }), section(1, { block_id: 'b' })]],
      ['invalid_blocks', [section(1, { block_id: 'b'.repeat(256) })]],
      ['invalid_blocks', [row(button(), button())]],
      ['invalid_blocks', [row(button({ value: 'v'.repeat(2_001) }))]],
      ['invalid_blocks', [row(button({ text: text(76) }))]],
      ['invalid_blocks', [{ type: 'poem', text: text(1) }]],
      ['invalid_blocks', Array.from({ length: 51 }, () => ({ type: 'divider' }))],
      ['msg_blocks_too_long', Array.from({ length: 5 }, () => section(2_700))],
    ];
    for (const [code, blocks] of cases) {
      assert.equal(await update(message, { blocks }), code, JSON.stringify(blocks).slice(0, 80));
    }
  });

  it('streams without a thread or a reader, edits of open ones, and more for those that are over', async () => {
    const root = ours();
    const start = (more: Record<string, unknown> = {}) => ({
      channel: channel.id,
      thread_ts: root.ts,
      recipient_team_id: team.id,
      recipient_user_id: ann.user.id,
      markdown_text: 'It all',
      ...more,
    });
    const startCode = (more: Record<string, unknown>) =>
      codeOf(client.apiCall('chat.startStream', start(more)));
    assert.equal(await startCode({ thread_ts: undefined }), 'invalid_arguments');
    assert.equal(await startCode({ recipient_user_id: undefined }), 'missing_recipient_user_id');
    assert.equal(await startCode({ markdown_text: 'x'.repeat(12_001) }), 'msg_too_long');
    const streamer = client.chatStream({
      channel: channel.id,
      thread_ts: root.ts,
      recipient_team_id: team.id,
      recipient_user_id: ann.user.id,
      buffer_size: 1,
    });
    await streamer.append({ markdown_text: 'It all' });
    const message = channel.messages.get(streamer.ts!)!;
    assert.equal(await update(message), 'streaming_state_conflict');
    await streamer.append({ markdown_text: ' began' });
    await streamer.stop({ blocks: [{ type: 'divider' }] });
    assert.deepEqual(
      message.history.map(({ text }) => text),
      ['It all', 'It all began', 'It all began'],
    );
    const more = { channel: channel.id, ts: message.ts, markdown_text: '!' };
    assert.equal(await codeOf(client.chat.appendStream(more)), 'message_not_in_streaming_state');
    const { ts } = (await client.apiCall('chat.startStream', start())) as { ts?: string };
    assert.equal(slack.killStreams(), 1);
    assert.equal(
      await codeOf(client.chat.appendStream({ ...more, ts: ts! })),
      'message_not_in_streaming_state',
    );
    assert.equal(
      await codeOf(client.chat.stopStream({ ...more, ts: ts! })),
      'message_not_in_streaming_state',
    );
    assert.equal(await update(channel.messages.get(ts!)!), 'ok');
  });

  it('the fifty-first edit in a minute, and a burst of posts, but not another workspace’s', async () => {
    const message = ours();
    const codes = await Promise.all(Array.from({ length: 51 }, () => update(message)));
    assert.equal(codes.filter((code) => code === 'ok').length, 50);
    assert.match(codes.find((code) => code !== 'ok')!, /^429 after (59|60) s$/);
    const posts = await Promise.all(Array.from({ length: 4 }, () => post()));
    assert.deepEqual(posts.sort(), ['429 after 1 s', 'ok', 'ok', 'ok']);
    assert.deepEqual(
      [...slack.limited()].filter(([key]) => key.endsWith(team.id)),
      [
        [`chat.update ${team.id}`, 1],
        [`chat.postMessage ${team.id}`, 1],
      ],
    );
    const other = slack.addTeam();
    assert.equal(await codeOf(clientOf(other.token).auth.test()), 'ok');
    const elsewhere = slack.world.addChannel(other);
    assert.equal(
      await codeOf(clientOf(other.token).chat.postMessage({ channel: elsewhere.id, text: 'x' })),
      'ok',
    );
  });

  it('response_urls after five uses and after half an hour', async () => {
    const respond = async (path: string, type = 'application/json') => {
      const body = JSON.stringify({ text: 'x' });
      const response = await fetch(slack.urlOf(path), {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      const answer = (await response.json()) as { error?: string };
      return [response.status, answer.error];
    };
    const target = { channel, user: ann.user, on: undefined };
    const path = slack.triggers.newResponsePath(target);
    assert.deepEqual(await respond(path, 'text/plain'), [400, 'invalid_payload']);
    for (let use = 1; use <= 5; use++) assert.deepEqual(await respond(path), [200, undefined]);
    assert.deepEqual(await respond(path), [404, 'used_url']);
    const { responseUrlMs } = slack.clocks;
    slack.clocks.responseUrlMs = -1;
    assert.deepEqual(await respond(slack.triggers.newResponsePath(target)), [404, 'expired_url']);
    slack.clocks.responseUrlMs = responseUrlMs;
  });

  it('calls on demand: with an error, a status, a cut or a lost answer', async () => {
    const message = ours();
    slack.misbehave({ match: /^chat\.update$/, error: 'internal_error' });
    assert.equal(await update(message), 'internal_error');
    slack.misbehave({ match: /^chat\.update$/, status: 503 });
    await assert.rejects(update(message), webApi.WebAPIHTTPError);
    slack.misbehave({ match: /^chat\.update$/, status: 0, takesEffect: true });
    await assert.rejects(update(message, { text: 'all the same' }), webApi.WebAPIRequestError);
    assert.equal(message.text, 'all the same');
    slack.misbehave({ match: /^chat\.update$/, status: 429, retryAfterSeconds: 7 });
    assert.equal(await update(message), '429 after 7 s');
    assert.equal(await update(message), 'ok');
  });

  it('to repeat a command, and repeats an event that was not acknowledged, saying so', async () => {
    const { acknowledgeMs, retryMs } = slack.clocks;
    Object.assign(slack.clocks, { acknowledgeMs: 50, retryMs: [0, 20] });
    const requests: (string | undefined)[][] = [];
    const { createServer } = await import('node:http');
    const app = createServer((request) => {
      request.resume();
      const { 'x-slack-retry-num': number, 'x-slack-retry-reason': reason } = request.headers;
      requests.push([number as string | undefined, reason as string | undefined]);
    });
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    slack.requestUrl = `http://127.0.0.1:${(app.address() as { port: number }).port}/`;
    const command = ann.slash(channel, '/scifi', 'x');
    await command.done;
    assert.equal(command.failure, 'operation_timeout');
    assert.deepEqual(requests.splice(0), [[undefined, undefined]]);
    const [event] = slack.tell(team, { type: 'app_mention', event_ts: '1.000001' });
    await event!.done;
    assert.deepEqual(requests, [
      [undefined, undefined],
      ['1', 'http_timeout'],
      ['2', 'http_timeout'],
    ]);
    slack.requestUrl = undefined;
    app.closeAllConnections();
    await new Promise((resolve) => app.close(resolve));
    const lost = ann.slash(channel, '/scifi', 'x');
    await until(() => lost.failure === 'dispatch_failed', 'nobody being there');
    Object.assign(slack.clocks, { acknowledgeMs, retryMs });
  });
});
