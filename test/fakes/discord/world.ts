/** The objects of the fake Discord: servers, channels, users, messages, interactions. */

import { randomBytes } from 'node:crypto';
import { COMPONENTS_V2, type FakeComponent, type FakeRow, rowsOf, textOfComponents } from './components.ts';
import type { FakeModal } from './modals.ts';
import type { FakeFile } from './multipart.ts';

const DISCORD_EPOCH = 1_420_070_400_000;
let increment = 0n;

/** A new id; like Discord's, it begins with the time. */
export function snowflake(at = Date.now()): string {
  increment = (increment + 1n) % 4_096n;
  return ((BigInt(at - DISCORD_EPOCH) << 22n) | increment).toString();
}

export interface FakeUser {
  readonly id: string;
  readonly username: string;
  readonly bot: boolean;
}

export interface FakeChannel {
  readonly id: string;
  readonly name: string;
  /** 0 a server's text channel, 1 a direct message with the bot, 2 a voice channel, 11 a public thread. */
  readonly type: 0 | 1 | 2 | 11;
  readonly guildId: string | undefined;
  readonly parentId?: string;
  /** The user who opened a thread. */
  readonly ownerId?: string;
  /** The bot's permissions here. */
  permissions: bigint;
  readonly messages: Map<string, FakeMessage>;
  /** Text that AutoMod refuses here. */
  refused?: RegExp;
}

/** One state of a message, as all users saw it. */
export interface Seen {
  readonly at: number;
  /** Its content or, in a message of Components V2, the texts of its components, one line below the other. */
  readonly content: string;
  /** Its rows of buttons. */
  readonly components: FakeRow[];
  /** All components of a message of Components V2; undefined in any other. */
  readonly layout: FakeComponent[] | undefined;
}

export interface FakeMessage extends Seen {
  readonly id: string;
  readonly channel: FakeChannel;
  readonly author: FakeUser;
  flags: number;
  readonly nonce: string | undefined;
  readonly replyTo: string | undefined;
  /** Its other fields on the wire: embeds, forwarded messages, components that the bot does not make. */
  readonly extra: Readonly<Record<string, unknown>>;
  content: string;
  components: FakeRow[];
  layout: FakeComponent[] | undefined;
  /** Every state that it has shown, in order. */
  readonly history: Seen[];
  deleted: boolean;
  /** Whether it still says "thinking…". */
  thinking: boolean;
  /** The ids of the users who have reacted, by emoji; the bot's own reactions are in `World.reactions`. */
  readonly reactedBy: Map<string, Set<string>>;
  files: readonly FakeFile[];
}

export interface FakeInteraction {
  readonly id: string;
  readonly token: string;
  readonly createdAt: number;
  readonly channel: FakeChannel;
  readonly user: FakeUser;
  /** Whether the application is a member of the server, or a guest that a user installed. */
  readonly isInstalled: boolean;
  /** The message whose button was pressed, also when that showed the modal that is sent. */
  readonly on: FakeMessage | undefined;
  /** Whether a user has sent a modal. */
  readonly isModal?: boolean;
  /** The modal that it was answered with. */
  modal?: FakeModal;
  acknowledgedAt?: number;
  /** The type of the callback: 4 a message, 5 "thinking…", 6 without a visible effect, 9 a modal. */
  callbackType?: number;
  original?: FakeMessage;
  readonly followUps: FakeMessage[];
}

export const PERMISSION = {
  addReactions: 1n << 6n,
  viewChannel: 1n << 10n,
  sendMessages: 1n << 11n,
  manageMessages: 1n << 13n,
  readMessageHistory: 1n << 16n,
  connect: 1n << 20n,
  createPublicThreads: 1n << 35n,
  sendMessagesInThreads: 1n << 38n,
} as const;
export const ALL_PERMISSIONS = Object.values(PERMISSION).reduce((all, bit) => all | bit, 0n);

export class World {
  readonly application = { id: snowflake(), name: 'sci-fi' };
  readonly bot: FakeUser = { id: this.application.id, username: 'sci-fi', bot: true };
  readonly guild = { id: snowflake(), name: 'a server', ownerId: snowflake() };
  /** The role that Discord creates for the bot in the server. */
  readonly botRoleId = snowflake();
  /** Whether the bot is in the server. */
  isMember = true;
  readonly channels = new Map<string, FakeChannel>();
  readonly messages = new Map<string, FakeMessage>();
  readonly interactions = new Map<string, FakeInteraction>();
  /** The registered commands: `global`, or by a server's id. */
  readonly commands = new Map<string, Record<string, unknown>[]>();
  readonly byNonce = new Map<string, FakeMessage>();
  readonly reactions: { readonly messageId: string; readonly emoji: string }[] = [];
  /** Every user who was notified: with this bot, always empty. */
  readonly pings: string[] = [];
  flags = 0;
  /** The bot's permissions in the server. */
  permissions = ALL_PERMISSIONS;
  /** Called for every channel that is opened, changed or deleted. */
  onChannel: (channel: FakeChannel, what: 'CREATE' | 'UPDATE' | 'DELETE') => void = () => {};

  addUser(username: string): FakeUser {
    return { id: snowflake(), username, bot: false };
  }

  /** The bot's direct messages, by user id. */
  readonly directChannels = new Map<string, FakeChannel>();

  addChannel(
    options: Partial<Pick<FakeChannel, 'id' | 'name' | 'type' | 'parentId' | 'ownerId' | 'permissions'>> = {},
  ): FakeChannel {
    const type = options.type ?? 0;
    const channel: FakeChannel = {
      id: snowflake(),
      name: 'stories',
      guildId: type === 1 ? undefined : this.guild.id,
      permissions: ALL_PERMISSIONS,
      messages: new Map(),
      ...options,
      type,
    };
    this.channels.set(channel.id, channel);
    this.onChannel(channel, 'CREATE');
    return channel;
  }

  /** Changes the bot's permissions in a channel. */
  allow(channel: FakeChannel, permissions: bigint): void {
    channel.permissions = permissions;
    this.onChannel(channel, 'UPDATE');
  }

  deleteChannel(channel: FakeChannel): void {
    this.channels.delete(channel.id);
    this.onChannel(channel, 'DELETE');
  }

  addMessage(
    channel: FakeChannel,
    author: FakeUser,
    body: {
      content?: string;
      components?: FakeComponent[];
      flags?: number;
      nonce?: string;
      replyTo?: string;
      thinking?: boolean;
      extra?: Record<string, unknown>;
    },
  ): FakeMessage {
    const seen = seenOf(body.content ?? '', body.components ?? [], body.flags ?? 0);
    const message: FakeMessage = {
      ...seen,
      id: snowflake(),
      channel,
      author,
      flags: body.flags ?? 0,
      nonce: body.nonce,
      replyTo: body.replyTo,
      extra: body.extra ?? {},
      history: body.thinking ? [] : [seen],
      deleted: false,
      thinking: body.thinking ?? false,
      reactedBy: new Map(),
      files: [],
    };
    channel.messages.set(message.id, message);
    this.messages.set(message.id, message);
    return message;
  }

  editMessage(
    message: FakeMessage,
    body: { content?: string | null; components?: FakeComponent[]; flags?: number },
  ): void {
    const { content = message.content, components = message.layout ?? message.components, flags = 0 } = body;
    message.flags |= flags & COMPONENTS_V2;
    const seen = seenOf(content ?? '', components, message.flags);
    message.history.push(seen);
    // Its `at` stays the time at which it was sent.
    Object.assign(message, { ...seen, at: message.at, thinking: false });
  }

  addInteraction(
    options: Pick<FakeInteraction, 'channel' | 'user' | 'isInstalled' | 'on' | 'isModal'>,
    laterMs = 0,
  ): FakeInteraction {
    const interaction: FakeInteraction = {
      id: snowflake(Date.now() + laterMs),
      token: randomBytes(48).toString('base64url'),
      createdAt: Date.now(),
      followUps: [],
      ...options,
    };
    this.interactions.set(interaction.token, interaction);
    return interaction;
  }
}

function seenOf(content: string, components: FakeComponent[], flags: number): Seen {
  const at = Date.now();
  const rows = rowsOf(components);
  if (!(flags & COMPONENTS_V2)) return { at, content, components: rows, layout: undefined };
  return { at, content: textOfComponents(components), components: rows, layout: components };
}
