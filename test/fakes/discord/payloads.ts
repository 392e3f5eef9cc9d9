/** The wire format of the fake's objects. */
import type { FakeChannel, FakeInteraction, FakeMessage, FakeUser, World } from './world.ts';

type Wire = Record<string, unknown>;

const EVERYTHING = (1n << 50n) - 1n;

export function userOf({ id, username, bot }: FakeUser): Wire {
  return { id, username, discriminator: '0', global_name: username, avatar: null, bot, public_flags: 0 };
}

export function channelOf({ id, name, type, guildId, parentId, ownerId, permissions }: FakeChannel): Wire {
  const thread = type === 11 && {
    parent_id: parentId,
    owner_id: ownerId,
    thread_metadata: {
      archived: false,
      auto_archive_duration: 1_440,
      archive_timestamp: new Date().toISOString(),
      locked: false,
    },
  };
  return {
    id,
    name,
    type,
    guild_id: guildId,
    position: 0,
    // Permissions that are not allowed here are denied to everyone, including the bot.
    permission_overwrites: guildId
      ? [
          {
            id: guildId,
            type: 0,
            allow: permissions.toString(),
            deny: (~permissions & EVERYTHING).toString(),
          },
        ]
      : [],
    permissions: permissions.toString(),
    ...thread,
  };
}

export function messageOf(message: FakeMessage, world: World): Wire {
  const { id, channel, author, content, components, layout, flags, nonce, at, history, replyTo, extra } =
    message;
  return {
    id,
    type: replyTo ? 19 : 0,
    channel_id: channel.id,
    author: userOf(author),
    content: layout ? '' : content,
    components: layout ?? components,
    flags,
    nonce,
    timestamp: new Date(at).toISOString(),
    edited_timestamp: history.length > 1 ? new Date(history.at(-1)!.at).toISOString() : null,
    tts: false,
    mention_everyone: false,
    mentions: content.includes(`<@${world.bot.id}>`) ? [userOf(world.bot)] : [],
    mention_roles: content.includes(`<@&${world.botRoleId}>`) ? [world.botRoleId] : [],
    attachments: message.files.map(({ name, bytes }, index) => ({
      id: String(index),
      filename: name,
      size: bytes.length,
      url: `https://cdn.discordapp.com/attachments/${name}`,
      proxy_url: `https://media.discordapp.net/attachments/${name}`,
    })),
    embeds: [],
    pinned: false,
    ...reactionsTo(message, world),
    ...(author.bot ? { application_id: world.application.id } : {}),
    ...(replyTo ? { message_reference: { message_id: replyTo, channel_id: channel.id } } : {}),
    ...extra,
  };
}

/** The reactions to a message, those of the bot among them; without any, Discord leaves the field out. */
function reactionsTo({ id, reactedBy }: FakeMessage, world: World): Wire {
  const own = world.reactions.filter(({ messageId }) => messageId === id).map(({ emoji }) => emoji);
  const reactions = [...new Set([...reactedBy.keys(), ...own])].map((name) => {
    const me = own.includes(name);
    const count = (reactedBy.get(name)?.size ?? 0) + (me ? 1 : 0);
    const details = { count_details: { burst: 0, normal: count }, burst_colors: [], me_burst: false };
    return { emoji: { id: null, name }, count, me, ...details };
  });
  return reactions.length > 0 ? { reactions } : {};
}

export function memberOf(permissions: bigint): Wire {
  return {
    roles: [],
    joined_at: new Date(0).toISOString(),
    deaf: false,
    mute: false,
    flags: 0,
    permissions: permissions.toString(),
  };
}

export function guildOf(world: World): Wire {
  const { id, name } = world.guild;
  return {
    id,
    name,
    owner_id: world.guild.ownerId,
    unavailable: false,
    large: false,
    member_count: 3,
    preferred_locale: 'en-US',
    features: [],
    roles: [
      { id, name: '@everyone', permissions: '0', position: 0, color: 0, hoist: false, managed: false },
      {
        id: world.botRoleId,
        name: world.bot.username,
        permissions: '0',
        position: 1,
        color: 0,
        hoist: false,
        managed: true,
        tags: { bot_id: world.bot.id },
      },
    ],
    channels: [...world.channels.values()].filter(({ type }) => type === 0 || type === 2).map(channelOf),
    threads: [...world.channels.values()].filter(({ type }) => type === 11).map(channelOf),
    members: [{ ...memberOf(0n), roles: [world.botRoleId], user: userOf(world.bot) }],
    emojis: [],
    stickers: [],
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    joined_at: new Date(0).toISOString(),
  };
}

/** The dispatch of an interaction. `data` and `type` describe the action. */
export function interactionOf(
  interaction: FakeInteraction,
  world: World,
  type: 2 | 3 | 5,
  data: Wire,
  userPermissions: bigint,
): Wire {
  const { id, token, channel, user, isInstalled, on } = interaction;
  const isServer = channel.guildId !== undefined;
  const person = isServer
    ? { member: { ...memberOf(userPermissions), user: userOf(user) } }
    : { user: userOf(user) };
  return {
    id,
    token,
    type,
    data,
    version: 1,
    application_id: world.application.id,
    channel_id: channel.id,
    channel: channelOf(channel),
    ...(isServer
      ? {
          guild_id: channel.guildId,
          guild_locale: 'en-US',
          guild: { id: channel.guildId, features: [], locale: 'en-US' },
        }
      : {}),
    ...person,
    ...(on ? { message: messageOf(on, world) } : {}),
    locale: 'en-US',
    entitlements: [],
    app_permissions: channel.permissions.toString(),
    authorizing_integration_owners: isInstalled ? { 0: channel.guildId ?? '0' } : { 1: user.id },
    context: isServer ? 0 : isInstalled ? 1 : 2,
    attachment_size_limit: 10_485_760,
  };
}
