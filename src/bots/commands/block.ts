/** `/scifi-block`: the users and channels that a community's moderators block there. */
import { StoryError } from '../../errors.ts';
import type { Block } from '../blocks.ts';
import type { Caller, Command, CommandServices, GivenOptions } from './command.ts';

/** A user or a channel of the community. */
export type BlockTarget = Pick<Block, 'id'> & { readonly kind: 'user' | 'channel' };

/** A moderator's order to show or change the list. */
export type BlockOrder =
  | { readonly kind: 'add' | 'remove'; readonly targets: readonly BlockTarget[] }
  | { readonly kind: 'list' };

/** Blocks of one list that an answer names; a message has room for this many. */
const NAMED_MAX = 50;
const NO_TARGET = 'Name a user or a channel.';

const TARGETS = ['user', 'channel'] as const;
const TARGET_OPTIONS = [
  { type: 'user', name: 'user', description: 'A user, in this server' },
  { type: 'channel', name: 'channel', description: 'A channel, with its threads' },
] as const;
/** A user or a channel as Slack escapes it: `<@U1|ann>`, `<#C1|general>`. */
const TARGET = /^<([@#])([A-Z][A-Z0-9]+)(?:\|[^>]*)?>$/;

export const BLOCK = {
  name: 'scifi-block',
  description: 'See and change the users and channels for which I write no stories here',
  managers: 'members',
  // Moderators who block their own channel can still unblock it.
  ignoresBlocks: 'of moderators',
  subcommands: [
    { name: 'list', description: 'The users and channels that are blocked in this server' },
    { name: 'add', description: 'Write no stories for a user or in a channel', options: TARGET_OPTIONS },
    { name: 'remove', description: 'Write stories for them again', options: TARGET_OPTIONS },
  ],
  help: [
    'For these users, and in these channels, I write no stories in this workspace:',
    '• `/scifi-block @ann #general` blocks them, `/scifi-block remove @ann` lifts it',
    '• `/scifi-block list` shows what is blocked. All of this is for administrators of the workspace',
  ].join('\n'),
  fromOptions: orderOf,
  fromText: (_, markup) => readBlockWords(markup),
  permission: () => 'administrators',
  run: changeBlocks,
} as const satisfies Command<BlockOrder>;

async function changeBlocks(
  order: BlockOrder,
  { platform, communityId: community, userId }: Caller,
  { blocks }: Pick<CommandServices, 'blocks'>,
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

function orderOf({ subcommand, value }: GivenOptions): BlockOrder {
  if (subcommand !== 'add' && subcommand !== 'remove') return { kind: 'list' };
  const targets = TARGETS.flatMap((kind): BlockTarget[] => {
    const id = value(kind);
    return typeof id === 'string' ? [{ kind, id }] : [];
  });
  return { kind: subcommand, targets };
}

/** Parses `@ann #general`, `remove @ann` and `list`, in Slack's markup. */
function readBlockWords(markup: string): BlockOrder | undefined {
  const words = markup
    .trim()
    .split(/[\s,;]+/)
    .filter(Boolean);
  const first = words[0]?.toLowerCase() ?? 'help';
  if (first === 'help') return undefined;
  if (first === 'list') return { kind: 'list' };
  const isNamed = first === 'add' || first === 'remove';
  const targets = words.slice(isNamed ? 1 : 0).map((word): BlockTarget => {
    const [, sign, id] = TARGET.exec(word) ?? [];
    if (id) return { kind: sign === '@' ? 'user' : 'channel', id };
    throw new StoryError(
      'bad_request',
      'Name users and channels as Slack offers them while you type, such as /scifi-block @ann or /scifi-block #general.',
    );
  });
  return { kind: first === 'remove' ? 'remove' : 'add', targets };
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
