/** The methods `conversations.*` of the fake: what can be known of a conversation, and read in it. */

import { type Args, type Method, need } from './method.ts';
import { channelOf, isReply, messageOf, type Wire } from './payloads.ts';
import { Refusal } from './refusal.ts';
import type { ChannelKind, FakeChannel, FakeMessage, FakeTeam } from './world.ts';

const PAGE = 100;
const PAGE_MAX = 999;
const PREFIX = { public: 'channels', private: 'groups', im: 'im', mpim: 'mpim' } as const;
const scopeOf = (kind: ChannelKind, what: 'read' | 'history') => `${PREFIX[kind]}:${what}`;
const ANY_HISTORY = Object.values(PREFIX).map((prefix) => `${prefix}:history`);

export const CONVERSATIONS: Readonly<Record<string, Method>> = {
  'conversations.info': {
    scopes: [],
    handle: (args, team) => {
      const channel = channelIn(args, team);
      need(team, [scopeOf(channel.kind, 'read')]);
      if (channel.kind !== 'public' && !channel.members.has(team.bot.id))
        throw new Refusal('channel_not_found');
      return { channel: channelOf(channel) };
    },
  },
  'conversations.history': {
    scopes: ANY_HISTORY,
    handle: (args, team) => {
      const channel = readable(args, team);
      need(team, [scopeOf(channel.kind, 'history')]);
      const all = visible(channel).filter((message) => !isReply(message));
      return page(within(all, args).reverse(), args);
    },
  },
  'conversations.replies': {
    scopes: ANY_HISTORY,
    handle: (args, team) => {
      const channel = readable(args, team);
      need(team, [scopeOf(channel.kind, 'history')]);
      const asked = visible(channel).find(({ ts }) => ts === args.ts);
      if (!asked) throw new Refusal('thread_not_found');
      const rootTs = isReply(asked) ? asked.threadTs! : asked.ts;
      const root = visible(channel).filter(({ ts }) => ts === rootTs);
      const replies = visible(channel).filter((message) => isReply(message) && message.threadTs === rootTs);
      // The root is there, whatever was asked for.
      return page([...root, ...within(replies, args)], args, 1);
    },
  },
  'conversations.open': {
    scopes: ['im:write', 'mpim:write'],
    handle: (args, team, { world }) => {
      const ids = String(args.users ?? '').split(',');
      for (const id of ids) if (!team.users.has(id)) throw new Refusal('user_not_found');
      const kind = ids.length > 1 ? 'mpim' : 'im';
      const members = [...ids, team.bot.id];
      const found = [...team.channels.values()].find(
        (channel) =>
          channel.kind === kind &&
          channel.members.size === members.length &&
          members.every((id) => channel.members.has(id)),
      );
      const channel = found ?? world.addChannel(team, { kind, members: ids });
      return { already_open: found !== undefined, channel: channelOf(channel) };
    },
  },
};

/** The conversation that is meant, if there is one of that id in the workspace. */
export function channelIn({ channel: id }: Args, team: FakeTeam): FakeChannel {
  const channel = team.channels.get(String(id));
  if (!channel) throw new Refusal('channel_not_found');
  return channel;
}

/** A conversation that the bot is in. */
export function readable(args: Args, team: FakeTeam): FakeChannel {
  const channel = channelIn(args, team);
  if (channel.members.has(team.bot.id)) return channel;
  throw new Refusal(channel.kind === 'public' ? 'not_in_channel' : 'channel_not_found');
}

/** What the bot can see in a conversation, oldest first. */
function visible({ messages }: FakeChannel): FakeMessage[] {
  return [...messages.values()].filter(({ deleted, onlyFor }) => !deleted && onlyFor === undefined);
}

function within(messages: FakeMessage[], { oldest, latest, inclusive }: Args): FakeMessage[] {
  const isInclusive = inclusive === true || inclusive === 'true' || inclusive === '1';
  const from = oldest === undefined ? 0 : Number(oldest);
  const to = latest === undefined ? Number.POSITIVE_INFINITY : Number(latest);
  if (Number.isNaN(from)) throw new Refusal('invalid_ts_oldest');
  if (Number.isNaN(to)) throw new Refusal('invalid_ts_latest');
  return messages.filter(({ ts }) => {
    const at = Number(ts);
    return isInclusive ? at >= from && at <= to : at > from && at < to;
  });
}

/** A page of messages; those that come in any case are not counted. */
function page(messages: FakeMessage[], { limit, cursor }: Args, always = 0): Wire {
  const size = limit === undefined ? PAGE : Number(limit);
  if (!(size >= 1 && size <= PAGE_MAX)) throw new Refusal('invalid_limit');
  const from = cursor ? Number(Buffer.from(String(cursor), 'base64').toString()) : 0;
  if (Number.isNaN(from)) throw new Refusal('invalid_cursor');
  const to = from + size + (from === 0 ? always : 0);
  const hasMore = to < messages.length;
  return {
    messages: messages.slice(from, to).map(messageOf),
    has_more: hasMore,
    ...(hasMore ? { response_metadata: { next_cursor: Buffer.from(String(to)).toString('base64') } } : {}),
  };
}
