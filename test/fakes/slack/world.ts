/** The objects of the fake Slack: workspaces, conversations, users, messages. */
import { randomBytes } from 'node:crypto';
import { AgentView } from './agent.ts';
import { Files } from './files.ts';
import { MANIFEST } from './manifest.ts';
import type { Trigger } from './views.ts';

/** The name of a conversation's kind in scopes. */
export const SCOPE_OF_KIND = { channel: 'channels', group: 'groups', im: 'im', mpim: 'mpim' } as const;

export type ChannelKind = keyof typeof SCOPE_OF_KIND;

export interface FakeUser {
  readonly id: string;
  readonly name: string;
}

/** A workspace in which the app is or was installed. */
export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly bot: FakeUser;
  readonly botId: string;
  /** A made-up token in the right format. */
  token: string;
  isRevoked: boolean;
  scopes: readonly string[];
}

export interface FakeChannel {
  readonly id: string;
  readonly name: string;
  readonly kind: ChannelKind;
  readonly workspace: Workspace;
  /** Id of the user who created it; undefined for a conversation that the fake generated. */
  creatorId: string | undefined;
  /** Whether the bot is in it. */
  isMember: boolean;
  isArchived: boolean;
  /** Whether only some users may post in it. */
  isReadOnly: boolean;
  readonly messages: Map<string, FakeMessage>;
}

/** A block, with the fields that the fake reads. */
export interface FakeBlock {
  readonly type: string;
  readonly block_id?: string;
  readonly text?: { readonly type: string; readonly text: string };
  readonly elements?: readonly FakeElement[];
  readonly accessory?: FakeElement;
}

export interface FakeElement {
  readonly type: string;
  readonly action_id?: string;
  readonly value?: string;
  readonly style?: string;
  readonly options?: readonly { readonly value: string }[];
  readonly text?: string | { readonly type: string; readonly text: string };
  readonly positive_button?: FakeFeedbackButton;
  readonly negative_button?: FakeFeedbackButton;
}

interface FakeFeedbackButton {
  readonly text: { readonly type: string; readonly text: string };
  readonly value: string;
  readonly accessibility_label?: string;
}

/** One state of a message, as all users saw it. */
export interface Seen {
  readonly at: number;
  readonly text: string;
  readonly blocks: readonly FakeBlock[];
}

export interface FakeMessage {
  readonly ts: string;
  readonly channel: FakeChannel;
  readonly user: FakeUser;
  readonly isBots: boolean;
  readonly threadTs: string | undefined;
  text: string;
  blocks: readonly FakeBlock[];
  /** Every state that it has shown, in order. */
  readonly history: Seen[];
  isDeleted: boolean;
  /** The start time of an open stream. */
  streamingSince: number | undefined;
  /** The bot's own reactions. */
  readonly reactions: string[];
  /** The ids of the users who have reacted, by the name of the emoji. */
  readonly reactedBy: Map<string, Set<string>>;
}

/** A message that only one user was shown. */
export interface Whisper {
  readonly at: number;
  readonly channelId: string;
  readonly userId: string;
  readonly text: string;
  /** The address through which it came; undefined where it came otherwise. */
  readonly responseUrl?: string;
}

let lastMicroseconds = 0;

/** A new timestamp of a message: its id. */
export function timestamp(): string {
  lastMicroseconds = Math.max(lastMicroseconds + 1, Date.now() * 1_000);
  return `${Math.floor(lastMicroseconds / 1e6)}.${String(lastMicroseconds % 1e6).padStart(6, '0')}`;
}

export function slackId(prefix: string): string {
  return prefix + randomBytes(5).toString('hex').toUpperCase();
}

/** A made-up token in the right format, a new one each time. */
export function tokenFor(workspaceId: string): string {
  return `xoxb-${workspaceId}-${randomBytes(4).toString('hex')}-fake-not-a-secret`;
}

export class World {
  readonly agent = new AgentView();
  readonly files = new Files();
  readonly appId = slackId('A');
  readonly clientId = '1000000000.2000000000';
  readonly clientSecret = 'f'.repeat(32);
  /** A made-up token in the right format. */
  readonly appToken = 'xapp-1-fake-not-a-secret';
  isAppTokenRevoked = false;
  readonly workspaces: Workspace[] = [];
  readonly channels = new Map<string, FakeChannel>();
  readonly ephemerals: Whisper[] = [];
  /** Direct messages with the bot, by `workspace/user`. */
  readonly directs = new Map<string, FakeChannel>();
  /** The actions that may show a modal, by their trigger ids. */
  readonly triggers = new Map<string, Trigger>();
  /** All users, by id. */
  readonly people = new Map<string, FakeUser>();
  /** Ids of the administrators of their workspace. */
  readonly administrators = new Set<string>();
  /** The view of each user's App Home, by user id. */
  readonly homes = new Map<string, { readonly type: string; readonly blocks: readonly FakeBlock[] }>();
  /** Every notified user and every link in the bot's messages: always empty. */
  readonly pings: string[] = [];
  /** Events that the app has subscribed to. */
  readonly subscriptions = new Set(MANIFEST.events);
  /** Called for every posted message. */
  onMessage: (message: FakeMessage) => void = () => {};
  /** Called for every edited message. */
  onEdit: (message: FakeMessage) => void = () => {};
  /** Called for every message that its author deletes. */
  onDelete: (message: FakeMessage) => void = () => {};
  /** Whether a conversation accepts streams. */
  streamsIn: (channel: FakeChannel) => boolean = () => true;

  addWorkspace(name = 'a workspace'): Workspace {
    const id = slackId('T');
    const workspace: Workspace = {
      id,
      name,
      bot: { id: slackId('U'), name: 'sci-fi' },
      botId: slackId('B'),
      token: tokenFor(id),
      isRevoked: false,
      scopes: [...MANIFEST.scopes],
    };
    this.workspaces.push(workspace);
    return workspace;
  }

  addChannel(
    workspace: Workspace,
    {
      name = 'stories',
      kind = 'channel' as ChannelKind,
      isMember = true,
      creatorId = undefined as string | undefined,
    } = {},
  ): FakeChannel {
    const prefix = { channel: 'C', group: 'G', im: 'D', mpim: 'G' }[kind];
    const channel: FakeChannel = {
      id: slackId(prefix),
      name,
      kind,
      workspace,
      creatorId,
      isMember,
      isArchived: false,
      isReadOnly: false,
      messages: new Map(),
    };
    this.channels.set(channel.id, channel);
    return channel;
  }

  addMessage(
    channel: FakeChannel,
    user: FakeUser,
    body: { text?: string; blocks?: readonly FakeBlock[]; threadTs?: string | undefined },
  ): FakeMessage {
    const seen: Seen = { at: Date.now(), text: body.text ?? '', blocks: body.blocks ?? [] };
    const message: FakeMessage = {
      ts: timestamp(),
      channel,
      user,
      isBots: user.id === channel.workspace.bot.id,
      threadTs: body.threadTs,
      text: seen.text,
      blocks: seen.blocks,
      history: [seen],
      isDeleted: false,
      streamingSince: undefined,
      reactions: [],
      reactedBy: new Map(),
    };
    channel.messages.set(message.ts, message);
    this.onMessage(message);
    return message;
  }

  /** The direct messages of the bot and a user, by the user's id. */
  directOf(workspace: Workspace, userId: string): FakeChannel {
    const key = `${workspace.id}/${userId}`;
    const channel = this.directs.get(key) ?? this.addChannel(workspace, { kind: 'im' });
    this.directs.set(key, channel);
    return channel;
  }

  editMessage(
    message: FakeMessage,
    body: { text?: string | undefined; blocks?: readonly FakeBlock[] | undefined },
  ): void {
    // An edit of the text alone removes the blocks.
    message.text = body.text ?? message.text;
    message.blocks = body.blocks ?? (body.text === undefined ? message.blocks : []);
    message.history.push({ at: Date.now(), text: message.text, blocks: message.blocks });
    this.onEdit(message);
  }

  /** Expires every open stream, as their age does; returns how many. */
  killStreams(): number {
    const open = [...this.channels.values()]
      .flatMap(({ messages }) => [...messages.values()])
      .filter(({ streamingSince }) => streamingSince !== undefined);
    for (const message of open) message.streamingSince = undefined;
    return open.length;
  }
}

/** The words of a message's blocks, in order. */
export function wordsOf(blocks: readonly FakeBlock[], type: string): string {
  return blocks
    .filter((block) => block.type === type)
    .flatMap(({ text, elements }) => [text?.text, ...(elements ?? []).map((element) => wordOf(element.text))])
    .filter((word) => word !== undefined)
    .join('\n');
}

function wordOf(text: FakeElement['text']): string | undefined {
  return typeof text === 'string' ? text : text?.text;
}
