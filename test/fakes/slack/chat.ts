/** The methods `chat.*` of the fake: messages posted, edited, deleted and streamed. */
import { channelIn, readable } from './conversations.ts';
import type { ApiTools, Args, Method } from './method.ts';
import { isReply, messageOf, type Wire } from './payloads.ts';
import { complaint, Refusal } from './refusal.ts';
import { checkBlocks, checkText, pingsIn } from './validation.ts';
import { type FakeBlock, type FakeChannel, type FakeMessage, type FakeTeam, newId } from './world.ts';

const WRITE = ['chat:write'];
/** Of one chunk of a stream. */
const CHUNK_MAX = 12_000;

export const CHAT: Readonly<Record<string, Method>> = {
  'chat.postMessage': {
    scopes: WRITE,
    handle: (args, team, tools) => {
      const channel = writable(args, team);
      const body = bodyOf(args, false);
      const message = tools.world.addMessage(channel, team.bot, {
        ...body,
        threadTs: threadOf(args, channel),
      });
      tools.world.pings.push(...pingsIn(body.text, body.blocks));
      tools.posted(message);
      return { channel: channel.id, ts: message.ts, message: messageOf(message) };
    },
  },
  'chat.postEphemeral': {
    scopes: WRITE,
    handle: (args, team, tools) => {
      const channel = writable(args, team);
      const user = String(args.user);
      if (!channel.members.has(user)) throw new Refusal('user_not_in_channel');
      const body = bodyOf(args, false);
      const threadTs = threadOf(args, channel);
      const { ts } = tools.world.addMessage(channel, team.bot, { ...body, threadTs, onlyFor: user });
      return { message_ts: ts };
    },
  },
  'chat.update': {
    scopes: WRITE,
    handle: (args, team, tools) => {
      const channel = readable(args, team);
      if (channel.isArchived) throw new Refusal('is_inactive');
      const message = ownMessage(args, channel, 'cant_update_message');
      age(message, tools);
      if (message.stream === 'open') throw new Refusal('streaming_state_conflict');
      if (Date.now() - message.at > team.editWindowMs) throw new Refusal('edit_window_closed');
      const text = checkText(args.text, { isEdit: true });
      const blocks = checkBlocks(args.blocks, 'message');
      if (text === undefined && blocks === undefined) throw new Refusal('no_text');
      show(message, { ...(text === undefined ? {} : { text }), ...(blocks ? { blocks } : {}) }, tools);
      return { channel: channel.id, ts: message.ts, text: message.text, message: messageOf(message) };
    },
  },
  'chat.delete': {
    scopes: WRITE,
    handle: (args, team, tools) => {
      const channel = readable(args, team);
      const message = ownMessage(args, channel, 'cant_delete_message');
      age(message, tools);
      if (message.stream === 'open') throw new Refusal('cant_delete_message');
      message.deleted = true;
      return { channel: channel.id, ts: message.ts };
    },
  },
  'chat.startStream': {
    scopes: WRITE,
    handle: (args, team, tools) => {
      const channel = writable(args, team);
      if (!tools.streamsIn(channel)) throw new Refusal('channel_type_not_supported');
      if (!args.thread_ts)
        throw complaint('invalid_arguments', '/thread_ts', 'missing required field: thread_ts');
      if (!args.recipient_team_id) throw new Refusal('missing_recipient_team_id');
      if (!args.recipient_user_id) throw new Refusal('missing_recipient_user_id');
      const threadTs = threadOf(args, channel);
      const text = chunksOf(args);
      const message = tools.world.addMessage(channel, team.bot, { text, blocks: streamed(text), threadTs });
      message.stream = 'open';
      tools.world.pings.push(...pingsIn(text, []));
      tools.posted(message);
      return { channel: channel.id, ts: message.ts };
    },
  },
  'chat.appendStream': {
    scopes: WRITE,
    handle: (args, team, tools) => {
      const message = openStream(args, readable(args, team), tools);
      const text = message.text + chunksOf(args);
      show(message, { text, blocks: streamed(text) }, tools);
      return { channel: message.channel.id, ts: message.ts };
    },
  },
  'chat.stopStream': {
    scopes: WRITE,
    handle: (args, team, tools) => {
      const message = openStream(args, readable(args, team), tools);
      const blocks = checkBlocks(args.blocks, 'message') ?? [];
      const text = message.text + chunksOf(args);
      message.stream = 'stopped';
      show(message, { text, blocks: [...streamed(text), ...blocks] }, tools);
      return { channel: message.channel.id, ts: message.ts, message: messageOf(message) };
    },
  },
};

function bodyOf(
  args: Args,
  isEdit: boolean,
): { readonly text: string; readonly blocks: readonly FakeBlock[] } {
  const text = checkText(args.text, { isEdit });
  const blocks = checkBlocks(args.blocks, 'message');
  if (text === undefined && !blocks?.length) throw new Refusal('no_text');
  return { text: text ?? '', blocks: blocks ?? [] };
}

function show(
  message: FakeMessage,
  body: { text?: string; blocks?: readonly FakeBlock[] },
  tools: ApiTools,
): void {
  tools.world.editMessage(message, body);
  tools.world.pings.push(...pingsIn(body.text ?? '', body.blocks ?? []));
  tools.edited(message);
}

/** A conversation that the bot may post in. */
function writable(args: Args, team: FakeTeam): FakeChannel {
  const channel = channelIn(args, team);
  const isGuest = channel.kind === 'public' && team.scopes.has('chat:write.public');
  if (!channel.members.has(team.bot.id) && !isGuest) {
    throw new Refusal(channel.kind === 'public' ? 'not_in_channel' : 'channel_not_found');
  }
  if (channel.isArchived) throw new Refusal('is_archived');
  if (channel.isReadOnly) throw new Refusal('restricted_action_read_only_channel');
  return channel;
}

function threadOf({ thread_ts: ts }: Args, channel: FakeChannel): string | undefined {
  if (ts === undefined || ts === '') return undefined;
  if (typeof ts !== 'string' || !/^\d+\.\d{6}$/.test(ts)) throw new Refusal('invalid_thread_ts');
  const root = channel.messages.get(ts);
  if (!root || root.deleted || root.onlyFor !== undefined) throw new Refusal('thread_not_found');
  // Answering an answer is answering its root.
  return isReply(root) ? root.threadTs : ts;
}

function ownMessage(args: Args, channel: FakeChannel, refusal: string): FakeMessage {
  const message = channel.messages.get(String(args.ts));
  if (!message || message.deleted || message.onlyFor !== undefined) throw new Refusal('message_not_found');
  if (message.author.id !== channel.team.bot.id) throw new Refusal(refusal);
  return message;
}

function openStream(args: Args, channel: FakeChannel, tools: ApiTools): FakeMessage {
  const message = ownMessage(args, channel, 'message_not_owned_by_app');
  age(message, tools);
  if (message.stream !== 'open') throw new Refusal('message_not_in_streaming_state');
  return message;
}

/** Streams die some minutes after they were started, whatever is appended to them. */
function age(message: FakeMessage, { streamMs }: ApiTools): void {
  if (message.stream === 'open' && Date.now() - message.at > streamMs) message.stream = 'dead';
}

/** The text of a stream's chunks, which come as such or as a text. */
function chunksOf({ markdown_text: text, chunks }: Args): string {
  if (chunks === undefined) return chunkAt(text ?? '');
  if (text !== undefined) throw complaint('invalid_arguments', '/chunks', 'not together with markdown_text');
  const list: unknown = typeof chunks === 'string' ? JSON.parse(chunks) : chunks;
  if (!Array.isArray(list)) throw new Refusal('invalid_chunks');
  return list
    .map((chunk: Wire) => {
      if (chunk.type !== 'markdown_text') throw new Refusal('invalid_chunks');
      return chunkAt(chunk.text);
    })
    .join('');
}

function chunkAt(text: unknown): string {
  if (typeof text !== 'string' || !text.isWellFormed()) throw new Refusal('invalid_chunks');
  if ([...text].length > CHUNK_MAX) throw new Refusal('msg_too_long');
  return text;
}

/** Slack makes rich text of a stream's markdown. */
function streamed(text: string): FakeBlock[] {
  if (text === '') return [];
  const section = { type: 'rich_text_section', elements: [{ type: 'text', text }] };
  return [{ type: 'rich_text', block_id: newId('b'), elements: [section] }];
}
