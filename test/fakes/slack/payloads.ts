/** How the fake's things look on the wire. */
import { randomBytes } from 'node:crypto';
import type { FakeChannel, FakeMessage, FakeTeam, FakeUser, FakeView, World } from './world.ts';

export type Wire = Record<string, unknown>;

const VERIFICATION_TOKEN = 'a-verification-token-that-nobody-should-look-at';
const CHANNEL_TYPES = { public: 'channel', private: 'group', im: 'im', mpim: 'mpim' } as const;

export function messageOf(message: FakeMessage): Wire {
  const { ts, channel, author, text, blocks, threadTs, history } = message;
  const { team } = channel;
  const replies = [...channel.messages.values()].filter((other) => isReply(other) && other.threadTs === ts);
  const parent = threadTs === undefined ? undefined : channel.messages.get(threadTs);
  return {
    type: 'message',
    user: author.id,
    ...(author.isBot ? { bot_id: team.botId, app_id: team.appId } : {}),
    text,
    ts,
    team: team.id,
    ...(blocks.length > 0 ? { blocks } : {}),
    ...(history.length > 1 ? { edited: { user: author.id, ts: secondsOf(history.at(-1)!.at) } } : {}),
    ...(threadTs ? { thread_ts: threadTs, parent_user_id: parent?.author.id } : {}),
    ...(replies.length > 0
      ? { thread_ts: ts, reply_count: replies.length, latest_reply: replies.at(-1)!.ts }
      : {}),
  };
}

/** Whether a message is an answer in a thread, and not the root of one. */
export function isReply({ threadTs, ts }: FakeMessage): boolean {
  return threadTs !== undefined && threadTs !== ts;
}

export function channelOf({ id, name, kind, members, isArchived, team }: FakeChannel): Wire {
  return {
    id,
    ...(kind === 'im' ? {} : { name }),
    is_channel: kind === 'public',
    is_group: kind === 'private',
    is_im: kind === 'im',
    is_mpim: kind === 'mpim',
    is_private: kind !== 'public',
    is_archived: isArchived,
    is_member: members.has(team.bot.id),
    context_team_id: team.id,
  };
}

export function userOf({ id, name, isBot }: FakeUser, team: FakeTeam): Wire {
  return { id, name, team_id: team.id, real_name: name, is_bot: isBot, deleted: false, tz: 'Etc/UTC' };
}

export function viewOf(view: FakeView, team: FakeTeam, world: World): Wire {
  return {
    id: view.id,
    team_id: team.id,
    type: view.type,
    blocks: view.blocks,
    callback_id: view.callback_id,
    private_metadata: '',
    state: { values: {} },
    hash: `${secondsOf(view.at)}.hash`,
    app_id: world.app.id,
    bot_id: team.botId,
  };
}

/** The envelope of an event. */
export function eventOf(event: Wire, team: FakeTeam, world: World, at: number): Wire {
  return {
    token: VERIFICATION_TOKEN,
    team_id: team.id,
    context_team_id: team.id,
    context_enterprise_id: null,
    api_app_id: world.app.id,
    event,
    type: 'event_callback',
    event_id: `Ev0${randomBytes(6).toString('hex').toUpperCase()}`,
    event_time: Math.floor(at / 1_000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: team.id,
        user_id: team.bot.id,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
    event_context: `4-${randomBytes(12).toString('base64url')}`,
  };
}

/** The event of a message that somebody wrote. */
export function messageEventOf(message: FakeMessage): Wire {
  const { channel, ts } = message;
  return {
    ...messageOf(message),
    channel: channel.id,
    event_ts: ts,
    channel_type: CHANNEL_TYPES[channel.kind],
  };
}

/** The event of a message that was edited. */
export function changedEventOf(message: FakeMessage, now: string): Wire {
  const { channel } = message;
  return {
    type: 'message',
    subtype: 'message_changed',
    message: messageOf(message),
    channel: channel.id,
    hidden: true,
    ts: now,
    event_ts: now,
    channel_type: CHANNEL_TYPES[channel.kind],
  };
}

/** What every interaction tells about who did it, and where. */
export function interactionOf(user: FakeUser, team: FakeTeam, world: World, triggerId: string): Wire {
  return {
    user: { id: user.id, username: user.name, name: user.name, team_id: team.id },
    api_app_id: world.app.id,
    token: VERIFICATION_TOKEN,
    trigger_id: triggerId,
    team: { id: team.id, domain: team.domain },
    enterprise: null,
    is_enterprise_install: false,
  };
}

/** The form of a slash command. */
export function commandOf(
  command: { name: string; text: string; responseUrl: string; triggerId: string },
  user: FakeUser,
  channel: FakeChannel,
  world: World,
): Wire {
  const { team } = channel;
  return {
    token: VERIFICATION_TOKEN,
    team_id: team.id,
    team_domain: team.domain,
    channel_id: channel.id,
    channel_name: nameOf(channel),
    user_id: user.id,
    user_name: user.name,
    command: command.name,
    text: command.text,
    api_app_id: world.app.id,
    is_enterprise_install: 'false',
    response_url: command.responseUrl,
    trigger_id: command.triggerId,
  };
}

/** How Slack calls a conversation to apps. */
export function nameOf({ kind, name }: FakeChannel): string {
  return { public: name, private: 'privategroup', im: 'directmessage', mpim: `mpdm-${name}` }[kind];
}

function secondsOf(at: number): string {
  return (at / 1_000).toFixed(6);
}
