/** `/scifi-channel`: its options and its words, as orders. */
import { StoryError } from '../../errors.ts';
import { HOSTS, type Hosts } from '../../queue/admission/settings.ts';
import { PROMPT_CHANNEL_BOUNDS } from '../prompt-channels.ts';
import { DIGEST_HOUR } from '../shelf/digest-week.ts';
import { numberOf } from '../submit.ts';
import { type ChannelOrder, changeChannel } from './channel-changes.ts';
import { type Command, type GivenOptions, readOptions } from './command.ts';
import { CHANNEL_PRESET_OPTION, presetSetting } from './preset-option.ts';
import { CHANNEL_HOSTS_OPTION, hostsNamed } from './together-option.ts';

const { cooldownSeconds, leastCharacters } = PROMPT_CHANNEL_BOUNDS;
const HOUR = /^([01]?\d|2[0-3])(?::00)?$/;

export const CHANNEL = {
  name: 'scifi-channel',
  description: 'Turn messages of this channel into stories, or see and change its settings',
  managers: 'channels',
  subcommands: [
    {
      name: 'on',
      description: 'Answer messages here with stories',
      options: [
        {
          type: 'text',
          name: 'messages',
          description: 'Which messages',
          required: true,
          choices: [
            { name: 'every message', value: 'every' },
            { name: 'only those that mention me', value: 'mentions' },
          ],
        },
        {
          type: 'whole',
          name: 'cooldown',
          description: `Seconds before the same user is answered again; ${cooldownSeconds.default} by default`,
          ...cooldownSeconds,
        },
        {
          type: 'whole',
          name: 'minimum',
          description: `Characters that a message needs; ${leastCharacters.default} by default`,
          ...leastCharacters,
        },
        { type: 'yes or no', name: 'threads', description: 'A thread for every story' },
        CHANNEL_PRESET_OPTION,
      ],
    },
    {
      name: 'daily',
      description: 'Post an opening line every day, for everyone to continue',
      options: [
        {
          type: 'whole',
          name: 'hour',
          description: 'The hour of the day, 0 to 23',
          required: true,
          min: 0,
          max: 23,
        },
        { type: 'text', name: 'timezone', description: 'Such as Europe/Vienna; UTC by default', max: 64 },
        CHANNEL_PRESET_OPTION,
      ],
    },
    {
      name: 'together',
      description: 'Who may start stories that are written together here: votes and relays',
      options: [CHANNEL_HOSTS_OPTION],
    },
    {
      name: 'digest',
      description: 'Post the best of what this channel has written, every Monday',
      options: [
        {
          type: 'whole',
          name: 'hour',
          description: `The hour of the day in UTC, 0 to 23; ${DIGEST_HOUR.default} by default`,
          min: DIGEST_HOUR.min,
          max: DIGEST_HOUR.max,
        },
      ],
    },
    { name: 'status', description: 'The settings of this channel, and the permissions that they lack' },
    { name: 'off', description: 'Answer no messages here, and post no daily line' },
  ],
  help: [
    'Turn messages of this channel into stories:',
    '• `/scifi-channel on` every message is a prompt; `on mentions` only those that mention me. Also: ' +
      '`cooldown=30` seconds for each user, `minimum=10` characters, `threads` for a thread for every story, `preset=wild`',
    '• `/scifi-channel daily hour=8 tz=Europe/Vienna preset=calm` posts an opening line every day, for everyone to continue',
    '• `/scifi-channel together moderators` lets only moderators start votes here, `together nobody` no user, ' +
      '`together everyone` everyone, and `together default` those whom `/scifi-limits together` allows',
    '• `/scifi-channel digest hour=9` posts the best of what this channel has written, every Monday at that hour, UTC',
    '• `/scifi-channel status` shows the settings, `/scifi-channel off` removes them',
  ].join('\n'),
  fromOptions: orderOf,
  fromText: readChannelWords,
  permission: ({ kind }) => (kind === 'status' ? 'anyone' : 'channel managers'),
  run: changeChannel,
} as const satisfies Command<ChannelOrder>;

function orderOf({ subcommand, value }: GivenOptions): ChannelOrder {
  switch (subcommand) {
    case 'on': {
      const prompts = {
        messages: value('messages') as 'every' | 'mentions',
        cooldownSeconds: Number(value('cooldown') ?? cooldownSeconds.default),
        leastCharacters: Number(value('minimum') ?? leastCharacters.default),
        threads: value('threads') === true,
        ...presetSetting(value('preset')),
      };
      return { kind: 'on', prompts };
    }
    case 'daily':
      return {
        kind: 'daily',
        daily: {
          hour: Number(value('hour')),
          timeZone: String(value('timezone') ?? 'UTC'),
          ...presetSetting(value('preset')),
        },
      };
    case 'together':
      return { kind: 'together', hosts: ownHosts(String(value('hosts'))) };
    case 'digest':
      return { kind: 'digest', digest: { hour: Number(value('hour') ?? DIGEST_HOUR.default) } };
    default:
      return { kind: subcommand === 'off' ? 'off' : 'status' };
  }
}

/** The setting behind a name; undefined for the community's. */
function ownHosts(name: string): Hosts | undefined {
  return HOSTS.find((hosts) => hosts === name);
}

/** Parses `on mentions cooldown=60`, `daily hour=8 tz=Europe/Vienna`, `status` and `off`. */
export function readChannelWords(text: string): ChannelOrder | undefined {
  const [order = ''] = text
    .trim()
    .toLowerCase()
    .split(/[\s,;]+/);
  const { options, rest } = readOptions(text.trim().split(/\s+/).slice(1));
  switch (order) {
    case 'on': {
      const words = rest.map((word) => word.toLowerCase());
      const prompts = {
        messages: words.includes('mentions') ? ('mentions' as const) : ('every' as const),
        cooldownSeconds: within('cooldown', options.get('cooldown'), cooldownSeconds),
        leastCharacters: within('minimum', options.get('minimum') ?? options.get('min'), leastCharacters),
        threads: words.includes('threads'),
        ...presetSetting(options.get('preset')),
      };
      return { kind: 'on', prompts };
    }
    case 'daily': {
      const hour = HOUR.exec(options.get('hour') ?? rest[0] ?? '')?.[1];
      if (hour === undefined) {
        const sentence = 'Give an hour from 0 to 23, such as /scifi-channel daily hour=8.';
        throw new StoryError('bad_request', sentence);
      }
      const timeZone = options.get('timezone') ?? options.get('tz') ?? rest[1] ?? 'UTC';
      const preset = presetSetting(options.get('preset'));
      return { kind: 'daily', daily: { hour: Number(hour), timeZone, ...preset } };
    }
    case 'together': {
      const names = CHANNEL_HOSTS_OPTION.choices.map(({ value }) => value);
      const given = options.get('hosts') ?? rest[0];
      return { kind: order, hosts: ownHosts(hostsNamed(given, names, '/scifi-channel together')) };
    }
    case 'digest': {
      const hour = HOUR.exec(options.get('hour') ?? rest[0] ?? String(DIGEST_HOUR.default))?.[1];
      if (hour === undefined) {
        const sentence = 'Give an hour from 0 to 23, such as /scifi-channel digest hour=9.';
        throw new StoryError('bad_request', sentence);
      }
      return { kind: 'digest', digest: { hour: Number(hour) } };
    }
    case 'off':
    case 'status':
      return { kind: order };
    case '':
    case 'help':
      return undefined;
    default: {
      const sentence =
        'Choose one of: on, daily, status, off, together, digest. /scifi-channel help explains them.';
      throw new StoryError('bad_request', sentence);
    }
  }
}

function within(
  name: string,
  value: string | undefined,
  { min, max, default: standard }: { readonly min: number; readonly max: number; readonly default: number },
): number {
  if (value === undefined) return standard;
  const number = numberOf(name, value, String(standard));
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  const sentence = `The ${name} is ${value}; give a whole number from ${min} to ${max.toLocaleString('en')}.`;
  throw new StoryError('bad_request', sentence);
}
