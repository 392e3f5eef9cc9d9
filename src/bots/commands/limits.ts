/** `/scifi-limits`: the limits on users' requests in a community. */
import { StoryError } from '../../errors.ts';
import {
  type Bounds,
  boundsIn,
  type CommunityLimits,
  HOSTS,
  type Hosts,
  isWithin,
  type LimitSettings,
  operatorBounds,
} from '../../queue/admission/settings.ts';
import { hostsSentence } from '../hosts.ts';
import { numberOf } from '../submit.ts';
import {
  type Caller,
  type Command,
  type CommandOption,
  type CommandServices,
  type GivenOptions,
  readOptions,
} from './command.ts';
import { HOSTS_OPTION, hostsNamed } from './together-option.ts';

/** The name of each limit in the command. */
const LIMIT_NAMES = {
  personAtOnce: 'person-at-once',
  personHourly: 'person-hourly',
  communityAtOnce: 'all-at-once',
  communityHourly: 'all-hourly',
} as const satisfies Record<keyof Bounds, string>;
const LIMIT_KEYS = Object.keys(LIMIT_NAMES) as (keyof Bounds)[];

/** An order to show or change a community's limits. */
export type LimitsOrder =
  | { readonly kind: 'set'; readonly limits: CommunityLimits }
  | { readonly kind: 'together'; readonly hosts: Hosts }
  | { readonly kind: 'show' | 'reset' };

export const LIMITS = {
  name: 'scifi-limits',
  description: 'See and change how many stories users may ask for here',
  managers: 'server',
  subcommands: [
    { name: 'show', description: 'The limits of this server' },
    {
      name: 'set',
      description: 'Allow fewer stories than the operator of this bot allows',
      options: [
        limit('personAtOnce', 'Stories that one user may have under way, waiting ones included'),
        limit('personHourly', 'Stories that one user may ask for within an hour'),
        limit('communityAtOnce', 'Stories that all users may have under way together'),
        limit('communityHourly', 'Stories that all users may ask for together within an hour'),
      ],
    },
    {
      name: 'together',
      description: 'Who may start stories that are written together: votes and relays',
      options: [HOSTS_OPTION],
    },
    { name: 'reset', description: 'Back to what the operator of this bot allows' },
  ],
  help: [
    'How many stories users may ask for in this workspace:',
    '• `/scifi-limits` shows the limits',
    `• \`/scifi-limits ${LIMIT_NAMES.personAtOnce}=2 ${LIMIT_NAMES.personHourly}=5\` allows each user fewer, ` +
      `\`${LIMIT_NAMES.communityAtOnce}=50 ${LIMIT_NAMES.communityHourly}=300\` all users together`,
    '• `/scifi-limits together moderators` lets only moderators start votes, where a channel has no setting of its own',
    '• `/scifi-limits reset` takes that back. All are for administrators of the workspace',
  ].join('\n'),
  fromOptions: orderOf,
  fromText: readLimitsWords,
  permission: ({ kind }) => (kind === 'show' ? 'anyone' : 'administrators'),
  run: changeLimits,
} as const satisfies Command<LimitsOrder>;

function limit<Key extends keyof Bounds>(key: Key, description: string) {
  return { type: 'whole', name: LIMIT_NAMES[key], description, min: 1 } as const satisfies CommandOption;
}

function orderOf({ subcommand, value }: GivenOptions): LimitsOrder {
  if (subcommand === 'together') return { kind: 'together', hosts: String(value('hosts')) as Hosts };
  if (subcommand !== 'set') return { kind: subcommand === 'reset' ? 'reset' : 'show' };
  const given = LIMIT_KEYS.map((key) => [key, value(LIMIT_NAMES[key])] as const);
  return { kind: 'set', limits: Object.fromEntries(given.filter(([, most]) => most !== undefined)) };
}

/** Parses `person-hourly=5`, `show` and `reset`. */
export function readLimitsWords(text: string): LimitsOrder | undefined {
  const { options, rest } = readOptions(text.trim().split(/\s+/).filter(Boolean));
  const [order = options.size > 0 ? 'set' : 'show', ...more] = rest.map((word) => word.toLowerCase());
  if (order === 'help') return undefined;
  if (rest[0]?.toLowerCase() === 'together') {
    const hosts = hostsNamed(options.get('hosts') ?? more[0], HOSTS, '/scifi-limits together');
    return { kind: 'together', hosts: hosts as Hosts };
  }
  const unknown = [...options.keys()].find((name) => !Object.values<string>(LIMIT_NAMES).includes(name));
  if (unknown !== undefined || more.length > 0 || !['set', 'show', 'reset'].includes(order)) {
    const names = Object.values(LIMIT_NAMES).join(', ');
    throw new StoryError(
      'bad_request',
      `Set one of ${names}, such as ${LIMIT_NAMES.personHourly}=5; or together, or reset, or show.`,
    );
  }
  if (order !== 'set') return { kind: order as 'show' | 'reset' };
  const given = LIMIT_KEYS.flatMap((key) => {
    const value = options.get(LIMIT_NAMES[key]);
    return value === undefined ? [] : [[key, numberOf(LIMIT_NAMES[key], value, '5')] as const];
  });
  return { kind: 'set', limits: Object.fromEntries(given) };
}

async function changeLimits(
  order: LimitsOrder,
  { platform, communityId }: Caller,
  { communityLimits, limitSettings }: Pick<CommandServices, 'communityLimits' | 'limitSettings'>,
): Promise<string> {
  const community = `${platform}:${communityId}`;
  switch (order.kind) {
    case 'show':
      return describe(await communityLimits.read(community), limitSettings);
    case 'reset':
      await communityLimits.remove(community);
      return describe({}, limitSettings);
    case 'together': {
      const limits = { ...(await communityLimits.read(community)), hosts: order.hosts };
      await communityLimits.write(community, limits);
      return describe(limits, limitSettings);
    }
    case 'set': {
      if (Object.keys(order.limits).length === 0) {
        throw new StoryError('bad_request', `Give one of ${Object.values(LIMIT_NAMES).join(', ')}.`);
      }
      const limits = { ...(await communityLimits.read(community)), ...order.limits };
      const operators = operatorBounds(limitSettings);
      for (const key of LIMIT_KEYS) {
        const limit = order.limits[key];
        if (limit !== undefined && !isWithin(limit, operators[key])) {
          throw new StoryError('bad_request', outOfBounds(key, limit, operators[key]));
        }
      }
      await communityLimits.write(community, limits);
      return describe(limits, limitSettings);
    }
  }
}

function outOfBounds(key: keyof Bounds, limit: number, most: number): string {
  const bounds = most === 0 ? '1 up' : `1 to ${count(most)}, which is what the operator of this bot allows`;
  return `The ${LIMIT_NAMES[key]} is ${limit}; give a whole number from ${bounds}.`;
}

function describe(own: CommunityLimits, settings: LimitSettings): string {
  const { personAtOnce, personHourly, communityAtOnce, communityHourly } = boundsIn(settings, own);
  const set = LIMIT_KEYS.filter((key) => own[key] !== undefined).map(
    (key) => `${LIMIT_NAMES[key]} ${count(own[key]!)}`,
  );
  return [
    `Each user here may have ${stories(personAtOnce)} under way and ${stories(personHourly)} an hour.`,
    `All users together may have ${stories(communityAtOnce)} under way and ${stories(communityHourly)} an hour.`,
    set.length > 0
      ? `Set here: ${set.join(', ')}. The rest is as the operator of this bot has set it.`
      : 'Nothing is set here: these are the limits of the operator of this bot.',
    ...(own.hosts ? [hostsSentence(own.hosts)] : []),
  ].join('\n');
}

function stories(most: number): string {
  if (most === 0) return 'any number of stories';
  return most === 1 ? '1 story' : `${count(most)} stories`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}
