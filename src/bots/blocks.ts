/**
 * Blocks: what one is, how an operator writes it, the sentence for a blocked user, and where blocks are stored:
 * the operator's in the environment and the queue, moderators' in the queue.
 */
import { StoryError } from '../errors.ts';
import type { QueueConnection } from '../queue/connection.ts';
import { KnownSettings } from '../queue/settings.ts';

const BLOCK_PLATFORMS = ['discord', 'slack'] as const;
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

/** Most blocks that the moderators of one community may set. */
const PER_COMMUNITY_MAX = 1_000;

export class BlockLists {
  readonly #settings: KnownSettings<Block>;
  readonly #environment: ReadonlySet<string>;

  /** @param environment the operator's blocks, which apply for the lifetime of this process */
  constructor(connection: QueueConnection, environment: readonly Block[]) {
    this.#settings = new KnownSettings(connection, 'blocks');
    this.#environment = new Set(environment.map(keyOf));
  }

  ready(): Promise<void> {
    return this.#settings.ready();
  }

  /**
   * The block that applies to a user, from this process's cache; changes by other processes arrive within 30
   * s.
   */
  find(presence: Presence): Block | undefined {
    return blocksOn(presence).find((block) => {
      const key = keyOf(block);
      return this.#environment.has(key) || this.#settings.known(key) !== undefined;
    });
  }

  /**
   * @param ofOperatorOnly whether moderators' blocks are ignored
   * @throws StoryError `blocked` with a sentence for the blocked user
   */
  refuse(presence: Presence, { ofOperatorOnly = false } = {}): void {
    const block = this.find(presence);
    // The operator's blocks are found first.
    if (block && !(ofOperatorOnly && block.setIn !== undefined))
      throw new StoryError('blocked', blockedSentence(block));
  }

  /** @throws StoryError `bad_request` when a community has the maximum number of blocks */
  async add(block: Block): Promise<void> {
    if (block.setIn !== undefined) {
      const others = await this.list(block.platform, block.setIn);
      if (others.length >= PER_COMMUNITY_MAX && !others.some(({ id }) => id === block.id)) {
        const most = PER_COMMUNITY_MAX.toLocaleString('en');
        throw new StoryError(
          'bad_request',
          `There are ${most} blocks here, which is the most. Lift some of them.`,
        );
      }
    }
    await this.#settings.write(keyOf(block), block);
  }

  /** @returns whether there was such a block */
  async remove(block: Block): Promise<boolean> {
    const key = keyOf(block);
    if (!(await this.#settings.read(key))) return false;
    await this.#settings.remove(key);
    return true;
  }

  /** The stored blocks of a community's moderators, or of the operator. */
  async list(platform: BlockPlatform | undefined, setIn: string | undefined): Promise<Block[]> {
    const all = [...(await this.#settings.all()).values()];
    return all.filter((one) => (platform === undefined || one.platform === platform) && one.setIn === setIn);
  }

  /** Whether any stored list holds a user's id. */
  async holds(platform: BlockPlatform, userId: string): Promise<boolean> {
    const all = [...(await this.#settings.all()).values()];
    return all.some((one) => one.platform === platform && one.kind === 'user' && one.id === userId);
  }

  /** Removes the moderators' blocks of a community that the bot has left. */
  async forgetCommunity(platform: BlockPlatform, community: string): Promise<void> {
    for (const block of await this.list(platform, community)) await this.remove(block);
  }

  close(): Promise<void> {
    return this.#settings.close();
  }
}

/** BullMQ's ids may not contain colons. */
function keyOf(block: Block): string {
  const form = formOf(block).replaceAll(':', '.');
  return block.setIn === undefined ? form : `${block.setIn}.${form}`;
}
