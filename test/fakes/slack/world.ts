/**
 * What there is in the fake Slack: one app, the workspaces that have it, their people, conversations and
 * messages.
 */
import { randomBytes } from 'node:crypto';

let serial = 0;
let lastMicroseconds = 0;

/** A new id of a kind, such as `C` for a conversation. */
export function newId(kind: string): string {
  serial += 1;
  return `${kind}0${serial.toString(36).toUpperCase().padStart(9, '0')}`;
}

/** The timestamp of a new message, which is its name in its conversation: unique, and growing. */
export function newTs(): string {
  lastMicroseconds = Math.max(lastMicroseconds + 1, Math.floor(Date.now() * 1_000));
  const digits = String(lastMicroseconds);
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

export interface FakeUser {
  readonly id: string;
  readonly name: string;
  readonly isBot: boolean;
}

/** A block as it came, and with the block_id that Slack gives it. */
export interface FakeBlock {
  readonly type: string;
  readonly block_id: string;
  readonly [field: string]: unknown;
}

/** One state of a message, as everybody saw it. */
export interface Seen {
  readonly at: number;
  readonly text: string;
  readonly blocks: readonly FakeBlock[];
}

export interface FakeMessage extends Seen {
  readonly ts: string;
  readonly channel: FakeChannel;
  readonly author: FakeUser;
  readonly threadTs: string | undefined;
  text: string;
  blocks: readonly FakeBlock[];
  /** Everything that it has shown, in order. */
  readonly history: Seen[];
  deleted: boolean;
  /** Who alone can see it: then it is in no history, and nobody can edit it. */
  readonly onlyFor: string | undefined;
  /** Of a streamed message: whether more can be appended. Streams die of age. */
  stream?: 'open' | 'stopped' | 'dead';
}

export type ChannelKind = 'public' | 'private' | 'im' | 'mpim';

export interface FakeChannel {
  readonly id: string;
  readonly name: string;
  readonly kind: ChannelKind;
  readonly team: FakeTeam;
  readonly members: Set<string>;
  readonly messages: Map<string, FakeMessage>;
  isArchived: boolean;
  /** Only admins post here. */
  isReadOnly: boolean;
}

export interface FakeTeam {
  readonly id: string;
  readonly appId: string;
  readonly name: string;
  readonly domain: string;
  /** The app's own user here. */
  readonly bot: FakeUser;
  readonly botId: string;
  readonly channels: Map<string, FakeChannel>;
  readonly users: Map<string, FakeUser>;
  /** The bot's token; undefined where the app is not installed. */
  token: string | undefined;
  readonly scopes: Set<string>;
  /** How long the workspace lets messages be edited. */
  editWindowMs: number;
  /** What people see in the app's Home, by person. */
  readonly homes: Map<string, FakeView>;
}

export interface FakeView {
  readonly id: string;
  readonly at: number;
  readonly blocks: readonly FakeBlock[];
  readonly type: string;
  readonly callback_id: string;
}

/** A made-up app with credentials of the right shapes. */
export interface FakeApp {
  readonly id: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly signingSecret: string;
  readonly appToken: string;
}

export class World {
  readonly app: FakeApp = {
    id: newId('A'),
    clientId: `${randomInt()}.${randomInt()}`,
    clientSecret: randomBytes(16).toString('hex'),
    signingSecret: randomBytes(16).toString('hex'),
    appToken: `xapp-1-fake-${randomBytes(16).toString('hex')}`,
  };
  readonly teams = new Map<string, FakeTeam>();
  /** Every token that ever was, and what Slack says to one that is no longer good. */
  readonly tokens = new Map<string, { readonly team: FakeTeam; refusal?: string }>();
  /** Codes of the OAuth flow that were not used. */
  readonly codes = new Map<
    string,
    { team: FakeTeam; user: FakeUser; scopes: string[]; redirectUri: string }
  >();
  /** Everybody and everything that a message notified or linked: with this bot, nobody ever. */
  readonly pings: string[] = [];
  readonly reactions: { readonly channel: string; readonly ts: string; readonly name: string }[] = [];

  /** @param scopes what the bot's token may do; with undefined the app is not installed yet */
  addTeam(name: string, scopes: readonly string[] | undefined): FakeTeam {
    const bot: FakeUser = { id: newId('U'), name: 'sci-fi', isBot: true };
    const team: FakeTeam = {
      id: newId('T'),
      appId: this.app.id,
      name,
      domain: name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
      bot,
      botId: newId('B'),
      channels: new Map(),
      users: new Map([[bot.id, bot]]),
      token: undefined,
      scopes: new Set(scopes),
      editWindowMs: Number.POSITIVE_INFINITY,
      homes: new Map(),
    };
    this.teams.set(team.id, team);
    if (scopes) this.install(team, scopes);
    return team;
  }

  /** Gives the app a token in a workspace, as installing it does. */
  install(team: FakeTeam, scopes: readonly string[]): string {
    for (const scope of scopes) team.scopes.add(scope);
    team.token ??= `xoxb-fake-${randomBytes(18).toString('hex')}`;
    this.tokens.set(team.token, { team });
    return team.token;
  }

  /** Takes the token away: from now on Slack answers it with this refusal. */
  uninstall(team: FakeTeam, refusal: 'account_inactive' | 'token_revoked'): void {
    const known = team.token === undefined ? undefined : this.tokens.get(team.token);
    if (known) known.refusal = refusal;
    team.token = undefined;
    team.scopes.clear();
    for (const { members } of team.channels.values()) members.delete(team.bot.id);
  }

  addUser(team: FakeTeam, name: string): FakeUser {
    const user = { id: newId('U'), name, isBot: false };
    team.users.set(user.id, user);
    return user;
  }

  /** A conversation; the bot is in it unless `isWithBot` is false. */
  addChannel(
    team: FakeTeam,
    { name = 'stories', kind = 'public' as ChannelKind, isWithBot = true, members = [] as string[] } = {},
  ): FakeChannel {
    const channel: FakeChannel = {
      id: newId({ public: 'C', private: 'C', im: 'D', mpim: 'G' }[kind]),
      name,
      kind,
      team,
      members: new Set([...members, ...(isWithBot ? [team.bot.id] : [])]),
      messages: new Map(),
      isArchived: false,
      isReadOnly: false,
    };
    team.channels.set(channel.id, channel);
    return channel;
  }

  addMessage(
    channel: FakeChannel,
    author: FakeUser,
    body: { text: string; blocks?: readonly FakeBlock[]; threadTs?: string | undefined; onlyFor?: string },
  ): FakeMessage {
    const seen: Seen = { at: Date.now(), text: body.text, blocks: body.blocks ?? [] };
    const message: FakeMessage = {
      ...seen,
      ts: newTs(),
      channel,
      author,
      threadTs: body.threadTs,
      history: [seen],
      deleted: false,
      onlyFor: body.onlyFor,
    };
    channel.messages.set(message.ts, message);
    return message;
  }

  editMessage(message: FakeMessage, body: { text?: string; blocks?: readonly FakeBlock[] }): void {
    if (body.text !== undefined) message.text = body.text;
    if (body.blocks !== undefined) message.blocks = body.blocks;
    message.history.push({ at: Date.now(), text: message.text, blocks: message.blocks });
  }
}

function randomInt(): string {
  return String(BigInt(`0x${randomBytes(5).toString('hex')}`));
}
