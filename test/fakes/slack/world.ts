/** What there is in the fake Slack: workspaces, conversations, people, messages. */
import { randomBytes } from 'node:crypto';
import { MANIFEST } from './manifest.ts';

/** What a scope of a conversation's kind is called by. */
export const SCOPE_OF_KIND = { channel: 'channels', group: 'groups', im: 'im', mpim: 'mpim' } as const;

export type ChannelKind = keyof typeof SCOPE_OF_KIND;

export interface FakeUser {
  readonly id: string;
  readonly name: string;
}

/** A workspace in which the app is, or was. */
export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly bot: FakeUser;
  readonly botId: string;
  /** A made-up token of the right shape. */
  token: string;
  isRevoked: boolean;
  scopes: readonly string[];
}

export interface FakeChannel {
  readonly id: string;
  readonly name: string;
  readonly kind: ChannelKind;
  readonly workspace: Workspace;
  /** Id of the user who created it; undefined where the fake has made it up. */
  creatorId: string | undefined;
  /** Whether the bot is in it. */
  isMember: boolean;
  isArchived: boolean;
  /** Whether only some people may post in it. */
  isReadOnly: boolean;
  readonly messages: Map<string, FakeMessage>;
}

/** A block, as far as the fake looks into it. */
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
}

/** One state of a message, as everybody saw it. */
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
  /** Everything that it has shown, in order. */
  readonly history: Seen[];
  isDeleted: boolean;
  /** While it is a stream that grows: when it began. */
  streamingSince: number | undefined;
  readonly reactions: string[];
}

/** Something that only one person was shown. */
export interface Whisper {
  readonly at: number;
  readonly channelId: string;
  readonly userId: string;
  readonly text: string;
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

/** A made-up token of the right shape, another one each time. */
export function tokenFor(workspaceId: string): string {
  return `xoxb-${workspaceId}-${randomBytes(4).toString('hex')}-fake-not-a-secret`;
}

export class World {
  readonly appId = slackId('A');
  readonly clientId = '1000000000.2000000000';
  readonly clientSecret = 'f'.repeat(32);
  /** A made-up token of the right shape. */
  readonly appToken = 'xapp-1-fake-not-a-secret';
  isAppTokenRevoked = false;
  readonly workspaces: Workspace[] = [];
  readonly channels = new Map<string, FakeChannel>();
  readonly whispers: Whisper[] = [];
  /** Ids of those who administrate their workspace. */
  readonly administrators = new Set<string>();
  /** What people see on the App Home, by their id. */
  readonly homes = new Map<string, { readonly type: string; readonly blocks: readonly FakeBlock[] }>();
  /** Everybody who was notified and every link that was made out of what the bot wrote: none, ever. */
  readonly pings: string[] = [];
  /** Events that the app has subscribed to. */
  readonly subscriptions = new Set(MANIFEST.events);
  /** Told of every message that is posted. */
  onMessage: (message: FakeMessage) => void = () => {};
  /** Told of every message that is edited. */
  onEdit: (message: FakeMessage) => void = () => {};
  /** Whether a conversation takes streams. */
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
    };
    channel.messages.set(message.ts, message);
    this.onMessage(message);
    return message;
  }

  editMessage(
    message: FakeMessage,
    body: { text?: string | undefined; blocks?: readonly FakeBlock[] | undefined },
  ): void {
    // Whoever edits a text alone loses the blocks.
    message.text = body.text ?? message.text;
    message.blocks = body.blocks ?? (body.text === undefined ? message.blocks : []);
    message.history.push({ at: Date.now(), text: message.text, blocks: message.blocks });
    this.onEdit(message);
  }

  /** Every stream that grows dies, as they do of age; returns how many. */
  killStreams(): number {
    const open = [...this.channels.values()]
      .flatMap(({ messages }) => [...messages.values()])
      .filter(({ streamingSince }) => streamingSince !== undefined);
    for (const message of open) message.streamingSince = undefined;
    return open.length;
  }
}

/** The words of a message's blocks, as they stand there. */
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
