/** Storage of blocks: the operator's in the environment and the queue, moderators' in the queue. */
import { StoryError } from '../../errors.ts';
import type { QueueConnection } from '../../queue/connection.ts';
import { KnownSettings } from '../../queue/settings.ts';
import {
  type Block,
  type BlockPlatform,
  blockedSentence,
  blocksOn,
  formOf,
  type Presence,
} from './blocks.ts';

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
