/** Who is left out: what a block is, how an operator writes it, and what a blocked person is told. Pure. */

export const BLOCK_PLATFORMS = ['discord', 'slack'] as const;
export type BlockPlatform = (typeof BLOCK_PLATFORMS)[number];
/** `community` is a server of Discord's or a workspace of Slack's. */
export type BlockKind = 'user' | 'channel' | 'community';

/** One user, channel, server or workspace that no story is written for. */
export interface Block {
  readonly platform: BlockPlatform;
  readonly kind: BlockKind;
  /** As the platform gives it. */
  readonly id: string;
  /** The community whose moderators set it, and in which alone it holds; undefined for the operator's. */
  readonly setIn?: string | undefined;
}

/** Who asks for something, and where. */
export interface Presence {
  readonly platform: BlockPlatform;
  /** Undefined for what the bot does by itself. */
  readonly userId?: string | undefined;
  /** Undefined outside of servers and workspaces. */
  readonly community?: string | undefined;
  /** The channel, and the one that it is a thread of. */
  readonly channels: readonly string[];
}

/** What a community is called on each platform. */
const COMMUNITY = { discord: 'server', slack: 'workspace' } as const;
const ID = { discord: /^\d{17,20}$/, slack: /^[A-Z][A-Z0-9]{2,30}$/ } as const;
/** The first letter of an id of Slack's says what it is of. */
const SLACK_LETTERS: Readonly<Record<BlockKind, string>> = { user: 'UW', channel: 'CDG', community: 'TE' };

export const BLOCK_FORMS =
  'discord:user:ID, discord:server:ID, discord:channel:ID, slack:user:ID, slack:workspace:ID or slack:channel:ID';

/** Reads `discord:server:123456789012345678`; undefined when it is no block. */
export function parseBlock(text: string): Block | undefined {
  const [platform, name, id = '', ...more] = text.trim().split(':');
  if (more.length > 0 || (platform !== 'discord' && platform !== 'slack')) return undefined;
  const kinds: Readonly<Record<string, BlockKind>> = {
    user: 'user',
    channel: 'channel',
    [COMMUNITY[platform]]: 'community',
  };
  const kind = Object.hasOwn(kinds, name ?? '') ? kinds[name!] : undefined;
  if (!kind || !ID[platform].test(id)) return undefined;
  if (platform === 'slack' && !SLACK_LETTERS[kind].includes(id[0]!)) return undefined;
  return { platform, kind, id };
}

/** The inverse of `parseBlock`. */
export function formOf({ platform, kind, id }: Block): string {
  return `${platform}:${kind === 'community' ? COMMUNITY[platform] : kind}:${id}`;
}

/** Every block that would leave somebody out, the operator's before those of moderators. */
export function blocksOn({ platform, userId, community, channels }: Presence): Block[] {
  const targets: Pick<Block, 'kind' | 'id'>[] = channels.map((id) => ({ kind: 'channel', id }));
  if (userId) targets.unshift({ kind: 'user', id: userId });
  const operators = community ? [...targets, { kind: 'community', id: community } as const] : targets;
  return [
    ...operators.map((target) => ({ platform, ...target })),
    ...(community ? targets.map((target) => ({ platform, ...target, setIn: community })) : []),
  ];
}

/** What a person is told whom a block leaves out. */
export function blockedSentence({ platform, kind, setIn }: Block): string {
  const whose = setIn === undefined ? 'The operator of this bot has' : 'The moderators here have';
  const remedy = setIn === undefined ? 'Only the operator can lift that.' : 'Ask them to lift that.';
  if (kind === 'user') return `${whose} blocked you, so I write no stories for you. ${remedy}`;
  const what = kind === 'channel' ? 'channel' : COMMUNITY[platform];
  return `${whose} blocked this ${what}, so I write no stories in it. ${remedy}`;
}
