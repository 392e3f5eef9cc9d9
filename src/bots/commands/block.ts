/**
 * `/scifi-block`: the users and channels that a community's moderators block there; the same in every chat.
 */
import { StoryError } from '../../errors.ts';
import type { BlockLists } from '../blocks/block-lists.ts';
import type { Block, BlockPlatform } from '../blocks/blocks.ts';

/** A user or a channel of the community. */
export type BlockTarget = Pick<Block, 'id'> & { readonly kind: 'user' | 'channel' };

/** A moderator's order to show or change the list. */
export type BlockOrder =
  | { readonly kind: 'add' | 'remove'; readonly targets: readonly BlockTarget[] }
  | { readonly kind: 'list' };

/** The owner of the list, and the user who gives the order. */
export interface BlockSurroundings {
  readonly platform: BlockPlatform;
  readonly community: string;
  readonly userId: string;
}

/** Blocks of one list that an answer names; a message has room for this many. */
const NAMED_MAX = 50;
const NO_TARGET = 'Name a user or a channel.';

/**
 * Carries out an order.
 *
 * @returns the sentences that answer it; mentions use Discord's markup, which Slack shares
 * @throws StoryError `bad_request` with a sentence when it cannot be done
 */
export async function carryOutBlock(
  order: BlockOrder,
  { platform, community, userId }: BlockSurroundings,
  blocks: BlockLists,
): Promise<string> {
  if (order.kind === 'list') return describe(await blocks.list(platform, community));
  const { kind, targets } = order;
  if (targets.length === 0) throw new StoryError('bad_request', NO_TARGET);
  if (kind === 'add' && targets.some((target) => target.kind === 'user' && target.id === userId)) {
    throw new StoryError('bad_request', 'That is you, so nothing was changed. Name another user.');
  }
  const done: BlockTarget[] = [];
  for (const target of targets) {
    const block: Block = { platform, ...target, setIn: community };
    if (kind === 'add') await blocks.add(block);
    else if (!(await blocks.remove(block))) continue;
    done.push(target);
  }
  if (done.length === 0) return `${named(targets)} ${targets.length === 1 ? 'is' : 'are'} not blocked here.`;
  return kind === 'add'
    ? `Blocked here from now on: ${named(done)}. Stories that are under way go on. \`/scifi-block remove\` lifts it.`
    : `No longer blocked here: ${named(done)}.`;
}

function describe(blocks: readonly Block[]): string {
  if (blocks.length === 0) return 'No user and no channel is blocked here.';
  const more = blocks.length - NAMED_MAX;
  const rest = more > 0 ? ` and ${more.toLocaleString('en')} more` : '';
  return `Blocked here: ${named(blocks.slice(0, NAMED_MAX))}${rest}.`;
}

function named(targets: readonly Pick<Block, 'kind' | 'id'>[]): string {
  return targets.map(({ kind, id }) => (kind === 'user' ? `<@${id}>` : `<#${id}>`)).join(', ');
}
