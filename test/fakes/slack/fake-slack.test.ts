import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { App, HTTPReceiver, LogLevel, webApi } from '@slack/bolt';
import { until } from '../../helpers/programs.ts';
import { FakeSlack } from './fake-slack.ts';
import { Person } from './people.ts';
import type { FakeChannel } from './world.ts';

const SECRET = 'not-a-secret';
const FIVE_MINUTES_MS = 300_000;

const refused = (call: Promise<unknown>, code: string) =>
  assert.rejects(call, (error) => codeOf(error) === code, `expected ${code}`);
const codeOf = (error: unknown) => (error as { data?: { error?: string } }).data?.error;

describe('the fake Slack, called by the real client', () => {
  let slack: FakeSlack;
  let client: webApi.WebClient;
  let channel: FakeChannel;

  before(async () => {
    slack = await FakeSlack.start();
    slack.limits.isOn = false;
  });
  beforeEach(() => {
    channel = slack.world.addChannel(slack.workspace);
    slack.workspace.isRevoked = false;
    client = new webApi.WebClient(slack.workspace.token, {
      slackApiUrl: slack.api,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      logLevel: LogLevel.ERROR,
    });
  });
  after(() => slack.stop());

  const post = (text = 'words') => client.chat.postMessage({ channel: channel.id, text });

  it('posts, edits, and reports what it shows', async () => {
    const { ts } = await post('once');
    await client.chat.update({ channel: channel.id, ts: ts!, text: 'twice' });
    const message = channel.messages.get(ts!)!;
    assert.deepEqual(
      message.history.map(({ text }) => text),
      ['once', 'twice'],
    );
    const { messages } = await client.conversations.history({ channel: channel.id, limit: 1 });
    assert.deepEqual(
      [messages?.[0]?.ts, messages?.[0]?.text, messages?.[0]?.bot_id],
      [ts, 'twice', slack.workspace.botId],
    );
  });

  it('refuses unknown tokens, and scopes that were not granted', async () => {
    await refused(client.auth.test({ token: 'xoxb-other' }), 'invalid_auth');
    await refused(client.auth.test({ token: slack.world.appToken }), 'not_allowed_token_type');
    await refused(client.apps.connections.open({}), 'not_allowed_token_type');
    slack.workspace.isRevoked = true;
    await refused(post(), 'token_revoked');
    slack.workspace.isRevoked = false;
    const { scopes } = slack.workspace;
    slack.workspace.scopes = scopes.filter((scope) => scope !== 'chat:write');
    await refused(post(), 'missing_scope');
    slack.workspace.scopes = scopes;
    assert.deepEqual((await client.auth.test()).response_metadata?.scopes, scopes);
  });

  it('refuses conversations without the bot', async () => {
    const elsewhere = slack.world.addChannel(slack.world.addWorkspace());
    channel.isMember = false;
    await refused(post(), 'not_in_channel');
    await refused(client.conversations.history({ channel: channel.id }), 'not_in_channel');
    const secret = slack.world.addChannel(slack.workspace, { kind: 'group', isMember: false });
    for (const { id } of [secret, elsewhere]) {
      await refused(client.chat.postMessage({ channel: id, text: 'words' }), 'channel_not_found');
    }
    channel.isMember = true;
    channel.isArchived = true;
    await refused(post(), 'is_archived');
  });

  it('lets the bot edit its own messages only, and only existing ones', async () => {
    const said = new Person(slack, 'ann').say(channel, 'mine');
    const edit = (ts: string) => client.chat.update({ channel: channel.id, ts, text: 'words' });
    await refused(edit(said.ts), 'cant_update_message');
    await refused(edit('1.000000'), 'message_not_found');
    const { ts } = await post();
    channel.messages.get(ts!)!.isDeleted = true;
    await refused(edit(ts!), 'message_not_found');
  });

  it('shows an ephemeral message in a thread only if the thread has a reply', async () => {
    const { ts = '' } = await post();
    const user = new Person(slack, 'ann').user.id;
    const tell = () =>
      client.chat.postEphemeral({ channel: channel.id, user, text: 'a word', thread_ts: ts });
    const shown = () => slack.world.ephemerals.filter(({ userId }) => userId === user).length;
    await tell();
    assert.equal(shown(), 0);
    await client.chat.postMessage({ channel: channel.id, text: 'below', thread_ts: ts });
    await tell();
    assert.equal(shown(), 1);
  });

  it('shows suggestions in direct messages, and refuses those of the wrong shape', async () => {
    const direct = slack.world.addChannel(slack.workspace, { kind: 'im' });
    const prompts = [{ title: 'It all began…', message: 'It all began' }];
    const suggest = (more: object = {}) =>
      client.assistant.threads.setSuggestedPrompts({ channel_id: direct.id, prompts, ...more });
    // Slack ignores an agent's suggestions for a thread.
    await suggest({ thread_ts: '1.000000' });
    assert.equal(slack.world.agent.suggestions.get(direct.id), undefined);
    await suggest({ title: 'Choose' });
    assert.deepEqual(slack.world.agent.suggestions.get(direct.id), { title: 'Choose', prompts });
    for (const wrong of [
      { prompts: [] },
      { prompts: Array(5).fill(prompts[0]) },
      { prompts: [{ title: '', message: 'a' }] },
      { prompts: [{ title: 'a' }] },
      { prompts: [{ ...prompts[0], colour: 'red' }] },
      { title: ' ' },
    ]) {
      await refused(suggest(wrong), 'invalid_arguments');
    }
    await refused(suggest({ channel_id: channel.id }), 'channel_not_found');
  });

  it('has sessions of threads, for apps with an agent view', async () => {
    const { ts: thread_ts = '' } = await post();
    const reply = await client.chat.postMessage({ channel: channel.id, text: 'below', thread_ts });
    const set = (more: object = {}) =>
      client.agents.sessions.setStatus({ channel_id: channel.id, thread_ts, status: 'active', ...more });
    await set({ status: 'processing', title: 'a title' });
    await set({ title: 'another title' });
    const session = slack.world.agent.sessionOf(channel, thread_ts);
    assert.deepEqual(session, { title: 'a title', statuses: ['processing', 'active'] });
    await refused(set({ status: 'is thinking' }), 'invalid_arguments');
    await refused(set({ title: 'a'.repeat(201) }), 'invalid_arguments');
    await refused(set({ thread_ts: undefined }), 'invalid_arguments');
    await refused(set({ thread_ts: reply.ts }), 'thread_not_found');
    await refused(set({ thread_ts: '1.000000' }), 'thread_not_found');
    const { scopes } = slack.workspace;
    slack.workspace.scopes = scopes.filter((scope) => scope !== 'assistant:write');
    await refused(set(), 'missing_scope');
    slack.workspace.scopes = scopes;
    const ann = new Person(slack, 'ann');
    assert.throws(() => ann.stopSession(channel, thread_ts), /no Stop button/);
  });

  it('refuses texts that are too long, and invalid blocks', async () => {
    const section = (text: string, more = {}) => ({
      type: 'section',
      text: { type: 'plain_text', text },
      ...more,
    });
    const send = (...blocks: object[]) =>
      client.chat.postMessage({ channel: channel.id, text: 'words', blocks: blocks as never });
    const button = (fields: object) => ({
      type: 'actions',
      elements: [{ type: 'button', action_id: 'a', text: { type: 'plain_text', text: 'b' }, ...fields }],
    });
    await send(section('a'.repeat(3_000)), button({ value: 'v'.repeat(2_000) }));
    await refused(post('&amp;'.repeat(801)), 'msg_too_long');
    await refused(post('é'.repeat(2_001)), 'msg_too_long');
    await refused(post(' '), 'no_text');
    for (const wrong of [
      section('a'.repeat(3_001)),
      section('&'.repeat(601)),
      section(''),
      section('a', { colour: 'red' }),
      button({ value: 'v'.repeat(2_001) }),
      button({ style: 'default' }),
      button({ text: { type: 'mrkdwn', text: 'b' } }),
      { type: 'actions', elements: [] },
      { type: 'poem', text: 'words' },
    ]) {
      await refused(send(wrong), 'invalid_blocks');
    }
    const one = (fields = {}) => ({ text: { type: 'plain_text', text: '👍' }, value: 'v', ...fields });
    const rating = { type: 'feedback_buttons', positive_button: one(), negative_button: one() };
    const ratings = (...elements: object[]) => ({ type: 'context_actions', elements });
    await send(
      section('a'),
      ratings({ ...rating, action_id: 'a', positive_button: one({ accessibility_label: 'a' }) }),
    );
    await send(section('a'), ratings(...Array.from({ length: 5 }, () => rating)));
    for (const wrong of [
      ratings(),
      ratings(...Array.from({ length: 6 }, () => rating)),
      ratings({ ...rating, negative_button: undefined }),
      ratings({ ...rating, action_id: '' }),
      ratings({ ...rating, style: 'primary' }),
      ratings({ ...rating, positive_button: one({ value: undefined }) }),
      ratings({ ...rating, positive_button: one({ value: 'v'.repeat(2_001) }) }),
      ratings({ ...rating, positive_button: one({ accessibility_label: 'a'.repeat(76) }) }),
      ratings({ ...rating, positive_button: one({ text: { type: 'mrkdwn', text: 'a' } }) }),
      ratings({ ...rating, positive_button: one({ text: { type: 'plain_text', text: 'a'.repeat(76) } }) }),
      ratings({ ...rating, positive_button: one({ emoji: true }) }),
      { type: 'actions', elements: [rating] },
    ]) {
      await refused(send(section('a'), wrong), 'invalid_blocks');
    }
    await refused(send(section('a', { block_id: '1' }), section('b', { block_id: '1' })), 'invalid_blocks');
    await refused(
      send(...Array.from({ length: 5 }, () => section('a'.repeat(3_000)))),
      'msg_blocks_too_long',
    );
  });

  it('records the users whom a text would notify', async () => {
    const before = slack.world.pings.length;
    await post('fine &lt;!channel&gt; @channel');
    assert.equal(slack.world.pings.length, before);
    await post('<!channel> and <https://example.org|click>');
    assert.deepEqual(slack.world.pings.slice(before), ['<!channel>', '<https://example.org|click>']);
  });

  it('streams below a message, until the stream expires', async () => {
    const { ts: root } = await post();
    const to = { recipient_team_id: slack.workspace.id, recipient_user_id: 'U1' };
    const start = { channel: channel.id, thread_ts: root! };
    await refused(client.chat.startStream(start as never), 'missing_recipient_team_id');
    const streamer = client.chatStream({ ...start, ...to, buffer_size: 1 } as never);
    await streamer.append({ markdown_text: 'It all ' });
    await streamer.append({ markdown_text: 'began' });
    const message = [...channel.messages.values()].at(-1)!;
    assert.equal(message.text, 'It all began');
    const update = { channel: channel.id, ts: message.ts, text: 'words' };
    await refused(client.chat.update(update), 'streaming_state_conflict');
    message.streamingSince! -= FIVE_MINUTES_MS + 1;
    await refused(
      streamer.append({ markdown_text: ' with' }) as Promise<unknown>,
      'message_not_in_streaming_state',
    );
    await client.chat.update(update);
    assert.equal(message.text, 'words');
  });

  it('refuses invalid streams, and the deletion of an open one', async () => {
    const { ts: root } = await post();
    const start = (more: object = {}) =>
      client.chat.startStream({
        channel: channel.id,
        thread_ts: root!,
        recipient_team_id: slack.workspace.id,
        recipient_user_id: 'U1',
        markdown_text: 'It all',
        ...more,
      } as never);
    await refused(start({ recipient_user_id: undefined }), 'missing_recipient_user_id');
    await refused(start({ thread_ts: undefined }), 'invalid_arguments');
    await refused(start({ markdown_text: 'x'.repeat(12_001) }), 'msg_too_long');
    slack.world.streamsIn = ({ kind }) => kind === 'im';
    await refused(start(), 'channel_type_not_supported');
    slack.world.streamsIn = () => true;
    const { ts } = (await start()) as { ts: string };
    await refused(client.chat.delete({ channel: channel.id, ts }), 'cant_delete_message');
    const stop = { channel: channel.id, ts, markdown_text: ' began', blocks: [{ type: 'divider' }] };
    await client.chat.stopStream(stop as never);
    const message = channel.messages.get(ts)!;
    assert.deepEqual(
      [message.text, message.blocks.map(({ type }) => type)],
      ['It all began', ['rich_text', 'divider']],
    );
    await refused(client.chat.stopStream(stop as never), 'message_not_in_streaming_state');
    const { ts: other } = (await start()) as { ts: string };
    assert.equal(slack.world.killStreams(), 1);
    await refused(
      client.chat.stopStream({ channel: channel.id, ts: other }),
      'message_not_in_streaming_state',
    );
    await client.chat.delete({ channel: channel.id, ts: other });
  });

  it('refuses edits in an archived channel, and posts in a restricted one', async () => {
    const { ts } = await post();
    channel.isReadOnly = true;
    await refused(post(), 'restricted_action_read_only_channel');
    channel.isArchived = true;
    await refused(client.chat.update({ channel: channel.id, ts: ts!, text: 'words' }), 'is_inactive');
  });

  it('asks callers to wait for the set time, and drops delayed calls when it stops', async () => {
    slack.misbehave({ match: /chat.postMessage/, answer: 429, retryAfterSeconds: 7 });
    await assert.rejects(post(), ({ retryAfter }: webApi.WebAPIRateLimitedError) => retryAfter === 7);
    const other = await FakeSlack.start();
    other.misbehave({ match: /./, answer: 200, delayMs: 60_000 });
    const answer = assert.rejects(fetch(`${other.api}auth.test`, { method: 'POST', body: '{}' }));
    await until(() => other.faults[0]!.times === 0, 'the call');
    await other.stop();
    await answer;
  });

  it('exchanges a code for a token once, and gives another token on reinstallation', async () => {
    const { clientId: client_id, clientSecret: client_secret } = slack.world;
    const workspace = slack.world.addWorkspace();
    const first = workspace.token;
    const link = `https://slack.com/oauth/v2/authorize?client_id=${client_id}&state=s&scope=chat:write,commands`;
    assert.throws(() => slack.authorize(link.replace(client_id, '1.2'), workspace), /no such app/);
    assert.throws(() => slack.authorize(link.replace('commands', 'admin'), workspace), /asks for admin/);
    workspace.isRevoked = true;
    const query = slack.authorize(link, workspace);
    const code = query.get('code')!;
    const access = (more: object = {}) =>
      client.oauth.v2.access({ client_id, client_secret, code, ...more } as never);
    await refused(access({ client_secret: 'wrong' }), 'bad_client_secret');
    const answer = await access();
    assert.deepEqual(
      [answer.access_token, answer.scope, query.get('state')],
      [workspace.token, 'chat:write,commands', 's'],
    );
    assert.notEqual(workspace.token, first);
    await refused(access(), 'invalid_code');
  });

  it('counts calls by method and workspace, and posts by channel', async () => {
    const { ts } = await post();
    slack.limits.isOn = true;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 51 }, (_, i) =>
        client.chat.update({ channel: channel.id, ts: ts!, text: `${i}` }),
      ),
    );
    const rejected = outcomes.filter((one) => one.status === 'rejected');
    assert.equal(rejected.length, 1);
    const { reason } = rejected[0] as PromiseRejectedResult;
    assert.ok(reason instanceof webApi.WebAPIRateLimitedError && reason.retryAfter >= 1);
    for (let i = 0; i < 5; i++) await post();
    await assert.rejects(post(), webApi.WebAPIRateLimitedError);
    slack.limits.isOn = false;
  });

  it('accepts five answers at a response url', async () => {
    const ann = new Person(slack, 'ann');
    const url = slack.openResponseUrl(channel, ann.user);
    const answer = () => fetch(url, { method: 'POST', body: JSON.stringify({ text: 'psst' }) });
    for (let i = 0; i < 5; i++) assert.equal((await answer()).status, 200);
    assert.equal((await answer()).status, 404);
    assert.equal(slack.world.ephemerals.filter(({ userId }) => userId === ann.user.id).length, 5);
  });

  it('fails on demand, before or after the call takes effect', async () => {
    slack.misbehave({ match: /chat.postMessage/, answer: 'internal_error' });
    await refused(post(), 'internal_error');
    assert.equal(channel.messages.size, 0);
    slack.misbehave({ match: /chat.postMessage/, answer: 0, takesEffect: true });
    await assert.rejects(post());
    assert.equal(channel.messages.size, 1);
  });
});

for (const mode of ['Socket Mode', 'HTTP'] as const) {
  describe(`the fake Slack, received by the real Bolt over ${mode}`, () => {
    let slack: FakeSlack;
    let app: App;
    let channel: FakeChannel;
    const heard: { readonly kind: string; readonly id: string }[] = [];
    const changes: { readonly ts: string; readonly text: string }[] = [];

    before(async () => {
      slack = await FakeSlack.start();
      slack.deliveries.retryMs = [50, 500, 5_000];
      slack.deliveries.acknowledgeMs = 1_000;
      channel = slack.world.addChannel(slack.workspace);
      const clientOptions = { slackApiUrl: slack.api };
      const common = { token: slack.workspace.token, clientOptions, logLevel: LogLevel.ERROR };
      const receiver = new HTTPReceiver({ signingSecret: SECRET, port: 0, logLevel: LogLevel.ERROR });
      app =
        mode === 'HTTP'
          ? new App({ ...common, receiver })
          : new App({ ...common, socketMode: true, appToken: slack.world.appToken });
      app.command('/scifi', async ({ ack, command }) => {
        heard.push({ kind: 'command', id: command.trigger_id });
        if (command.text === 'late') return;
        await ack(command.text === 'quiet' ? undefined : `told ${command.text}`);
      });
      app.action('press', async ({ ack }) => {
        heard.push({ kind: 'action', id: '' });
        await ack();
      });
      app.shortcut('scifi-continue-message', async ({ ack }) => {
        heard.push({ kind: 'shortcut', id: '' });
        await ack();
      });
      app.event('app_mention', async ({ body }) => void heard.push({ kind: 'mention', id: body.event_id }));
      app.event('message', async ({ event }) => {
        if (event.subtype !== 'message_changed') return;
        const { ts, text } = event.message as { ts: string; text: string };
        changes.push({ ts, text });
      });
      app.event('app_home_opened', async ({ body }) => void heard.push({ kind: 'home', id: body.event_id }));
      const server = (await app.start(0)) as { address?: () => { port: number } };
      if (mode === 'HTTP') {
        const url = `http://127.0.0.1:${server.address!().port}/slack/events`;
        slack.deliveries.http = { url, signingSecret: SECRET };
      } else await until(() => slack.deliveries.connections === 1, 'a connection');
    });
    beforeEach(() => void heard.splice(0));
    after(async () => {
      await app.stop();
      await slack.stop();
    });

    it('delivers commands, and shows the acknowledgement’s message', async () => {
      const ann = new Person(slack, 'ann');
      const delivery = ann.slash(channel, '/scifi', 'a & b');
      await delivery.done;
      assert.equal(delivery.failure, undefined);
      assert.ok(delivery.acknowledgedAt !== undefined);
      await until(() => slack.world.ephemerals.length > 0, 'an ephemeral reply');
      assert.equal(slack.world.ephemerals.at(-1)!.text, 'told a &amp; b');
    });

    it('delivers a command once, acknowledged in time or not', async () => {
      const delivery = new Person(slack, 'ann').slash(channel, '/scifi', 'late');
      await delivery.done;
      assert.equal(delivery.failure, 'operation_timeout');
      assert.equal(heard.length, 1);
    });

    it('delivers button presses, shortcuts, mentions and the App Home', async () => {
      const ann = new Person(slack, 'ann');
      const element = { type: 'button', action_id: 'press', text: { type: 'plain_text', text: 'Press' } };
      const message = slack.world.addMessage(channel, slack.workspace.bot, {
        text: 'words',
        blocks: [{ type: 'actions', elements: [element] }],
      });
      await ann.press(message, 'Press').done;
      await ann.shortcut(message, 'scifi-continue-message').done;
      ann.mention(channel, 'It all began');
      await ann.openHome().done;
      await until(() => heard.length === 4, 'all four');
      assert.deepEqual(heard.map(({ kind }) => kind).sort(), ['action', 'home', 'mention', 'shortcut']);
    });

    it('delivers only events that the manifest subscribes to', async () => {
      const ann = new Person(slack, 'ann');
      const { scopes } = slack.workspace;
      slack.workspace.scopes = scopes.filter((scope) => scope !== 'app_mentions:read');
      const before = slack.deliveries.all.length;
      const message = ann.mention(channel, 'unheard');
      assert.deepEqual(
        slack.deliveries.all.slice(before).map(({ payload }) => (payload.event as { type: string }).type),
        ['message'],
      );
      slack.workspace.scopes = scopes.filter((scope) => scope !== 'channels:history');
      slack.world.editMessage(message, { text: 'unheard too' });
      assert.equal(slack.deliveries.all.length, before + 1);
      slack.workspace.scopes = scopes;
      assert.throws(() => ann.slash(channel, '/poem', 'x'), /no command/);
      assert.throws(() => ann.shortcut(message, 'go-away'), /no shortcut/);
      assert.throws(() => ann.choose('scifi-setting-length', '300'), /no 300 in a menu/);
      slack.workspace.scopes = scopes.filter((scope) => scope !== 'channels:read');
      await refused(app.client.conversations.info({ channel: channel.id }), 'missing_scope');
      slack.workspace.scopes = scopes;
    });

    it('delivers exact duplicates on demand', async () => {
      const ann = new Person(slack, 'ann');
      slack.copies = 2;
      await ann.openHome().done;
      slack.copies = 1;
      await until(() => heard.length === 2, 'both');
      const command = ann.slash(channel, '/scifi', 'quiet');
      await command.done;
      await slack.redeliver(command).done;
      const [first, second, third, fourth] = heard.map(({ id }) => id);
      assert.ok(first === second && third === fourth && first !== third);
      assert.equal(heard.length, 4);
    });

    it('reports edits, including the bot’s own', async () => {
      const before = changes.length;
      const { ts } = slack.world.addMessage(channel, slack.workspace.bot, { text: 'once' });
      await app.client.chat.update({ channel: channel.id, ts, text: 'twice' });
      await until(() => changes.length > before, 'the edit');
      assert.deepEqual(changes.at(-1), { ts, text: 'twice' });
    });

    it('delivers an unacknowledged event again', async () => {
      const right = slack.deliveries.http;
      if (right) slack.deliveries.http = { ...right, signingSecret: 'another' };
      else slack.deliveries.refresh();
      const delivery = new Person(slack, 'ann').openHome();
      await until(() => delivery.attempts > 1, 'a second attempt');
      slack.deliveries.http = right;
      await delivery.done;
      assert.equal(delivery.failure, undefined);
      assert.equal(heard.filter(({ kind }) => kind === 'home').length, 1);
    });
  });
}
