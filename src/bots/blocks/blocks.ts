/** What a block is, how an operator writes it, and the sentence that a blocked user reads. Pure. */

export const BLOCK_PLATFORMS = ['discord', 'slack'] as const;
export type BlockPlatform = (typeof BLOCK_PLATFORMS)[number];
/** `community` is a Discord server or a Slack workspace. */
export type BlockKind = 'user' | 'channel' | 'community';

/** One user, channel or community for which no story is written. */
export interface Block {
  readonly platform: BlockPlatform;
  readonly kind: BlockKind;
  /** The platform's id. */
  readonly id: string;
  /**
   * The community whose moderators set it, and the only one where it applies; undefined for the operator's
   * blocks.
   */
  readonly setIn?: string | undefined;
}

/** The user who makes a request, and where. */
export interface Presence {
  readonly platform: BlockPlatform;
  /** Undefined for what the bot does by itself. */
  readonly userId?: string | undefined;
  /** Undefined outside of communities. */
  readonly community?: string | undefined;
  /** The channel, and the parent channel of a thread. */
  readonly channels: readonly string[];
}

/** The name of a community on each platform. */
const COMMUNITY = { discord: 'server', slack: 'workspace' } as const;
const ID = { discord: /^\d{17,20}$/, slack: /^[A-Z][A-Z0-9]{2,30}$/ } as const;
/** The first letter of a Slack id gives its kind. */
const SLACK_LETTERS: Readonly<Record<BlockKind, string>> = { user: 'UW', channel: 'CDG', community: 'TE' };

export const BLOCK_FORMS =
  'discord:user:ID, discord:server:ID, discord:channel:ID, slack:user:ID, slack:workspace:ID or slack:channel:ID';

/** Parses `discord:server:123456789012345678`; undefined when the text is not a block. */
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

/** Every block that would apply, the operator's before the moderators'. */
export function blocksOn({ platform, userId, community, channels }: Presence): Block[] {
  const targets: Pick<Block, 'kind' | 'id'>[] = channels.map((id) => ({ kind: 'channel', id }));
  if (userId) targets.unshift({ kind: 'user', id: userId });
  const operators = community ? [...targets, { kind: 'community', id: community } as const] : targets;
  return [
    ...operators.map((target) => ({ platform, ...target })),
    ...(community ? targets.map((target) => ({ platform, ...target, setIn: community })) : []),
  ];
}

/** The sentence for a user to whom a block applies. */
export function blockedSentence({ platform, kind, setIn }: Block): string {
  const whose = setIn === undefined ? 'The operator of this bot has' : 'The moderators here have';
  const remedy = setIn === undefined ? 'Only the operator can lift that.' : 'Ask them to lift that.';
  if (kind === 'user') return `${whose} blocked you, so I write no stories for you. ${remedy}`;
  const what = kind === 'channel' ? 'channel' : COMMUNITY[platform];
  return `${whose} blocked this ${what}, so I write no stories in it. ${remedy}`;
}
