/** Parses the text of a command: options in any order and position, and words. Pure. */
import { StoryError } from '../../../errors.ts';
import type { BlockOrder, BlockTarget } from '../../commands/block.ts';
import type { ChannelOrder } from '../../commands/channel.ts';
import { LIMIT_KEYS, LIMIT_NAMES, type LimitsOrder } from '../../commands/limits.ts';
import { PROMPT_CHANNEL_BOUNDS } from '../../prompt-channels.ts';

/** The parsed text of `/scifi`. */
export interface StoryWords {
  readonly prompt: string;
  readonly temperature?: number;
  readonly length?: number;
  readonly seed?: number;
  readonly model?: string;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;
const HOUR = /^([01]?\d|2[0-3])(?::00)?$/;

/**
 * Parses `It all temp=0.7 began with length=800`; the options are removed, and the remaining words are the
 * prompt.
 *
 * @throws StoryError `bad_request` with a sentence
 */
export function readStoryWords(text: string): StoryWords {
  const options = new Map<string, string>();
  const prompt = text.replace(
    /(?:^|\s+)(temp|temperature|length|seed|model)=(\S*?)(?:\s*[,;])*(?=\s|$)/gi,
    (_, name: string, value: string) => {
      options.set(name.toLowerCase() === 'temp' ? 'temperature' : name.toLowerCase(), value);
      return '';
    },
  );
  const model = options.get('model');
  const words: Record<string, string | number> = { prompt: prompt.trim(), ...(model ? { model } : {}) };
  for (const name of ['temperature', 'length', 'seed']) {
    const value = options.get(name);
    if (value !== undefined) words[name] = numberOf(name, value);
  }
  return words as unknown as StoryWords;
}

/**
 * Parses the text of `/scifi-channel`; undefined when the user asks for help.
 *
 * @throws StoryError `bad_request` with a sentence
 */
export function readChannelWords(text: string): ChannelOrder | undefined {
  const [order = ''] = text
    .trim()
    .toLowerCase()
    .split(/[\s,;]+/);
  const { options, rest } = readOptions(text.trim().split(/\s+/).slice(1));
  switch (order) {
    case 'on':
      return { kind: 'on', prompts: promptsOf(options, rest) };
    case 'daily': {
      const hour = HOUR.exec(options.get('hour') ?? rest[0] ?? '')?.[1];
      if (hour === undefined) {
        throw new StoryError(
          'bad_request',
          'Give an hour from 0 to 23, such as /scifi-channel daily hour=8.',
        );
      }
      const timeZone = options.get('timezone') ?? options.get('tz') ?? rest[1] ?? 'UTC';
      return { kind: 'daily', daily: { hour: Number(hour), timeZone } };
    }
    case 'off':
    case 'status':
      return { kind: order };
    case '':
    case 'help':
      return undefined;
    default:
      throw new StoryError(
        'bad_request',
        'Choose one of: on, daily, status, off. /scifi-channel help tells more.',
      );
  }
}

/**
 * Parses the text of `/scifi-limits`; undefined when the user asks for help.
 *
 * @throws StoryError `bad_request` with a sentence
 */
export function readLimitsWords(text: string): LimitsOrder | undefined {
  const { options, rest } = readOptions(text.trim().split(/\s+/).filter(Boolean));
  const [order = options.size > 0 ? 'set' : 'show', ...more] = rest.map((word) => word.toLowerCase());
  if (order === 'help') return undefined;
  const unknown = [...options.keys()].find((name) => !Object.values(LIMIT_NAMES).includes(name));
  if (unknown !== undefined || more.length > 0 || !['set', 'show', 'reset'].includes(order)) {
    const names = Object.values(LIMIT_NAMES).join(', ');
    throw new StoryError(
      'bad_request',
      `Set one of ${names}, such as ${LIMIT_NAMES.personHourly}=5; or reset, or show.`,
    );
  }
  if (order !== 'set') return { kind: order as 'show' | 'reset' };
  const given = LIMIT_KEYS.flatMap((key) => {
    const name = LIMIT_NAMES[key];
    const value = options.get(name);
    return value === undefined ? [] : [[key, numberOf(name, value)] as const];
  });
  return { kind: 'set', limits: Object.fromEntries(given) };
}

/** A user or a channel as Slack escapes it: `<@U1|ann>`, `<#C1|general>`. */
const TARGET = /^<([@#])([A-Z][A-Z0-9]+)(?:\|[^>]*)?>$/;

/**
 * Parses the text of `/scifi-block`; undefined when the user asks for help.
 *
 * @param markup as Slack delivers it, with users and channels escaped
 * @throws StoryError `bad_request` with a sentence
 */
export function readBlockWords(markup: string): BlockOrder | undefined {
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

function promptsOf(
  options: ReadonlyMap<string, string>,
  rest: readonly string[],
): Extract<ChannelOrder, { kind: 'on' }>['prompts'] {
  const { cooldownSeconds, leastCharacters } = PROMPT_CHANNEL_BOUNDS;
  const words = rest.map((word) => word.toLowerCase());
  return {
    messages: words.includes('mentions') ? 'mentions' : 'every',
    cooldownSeconds: within('cooldown', options.get('cooldown'), cooldownSeconds),
    leastCharacters: within('minimum', options.get('minimum') ?? options.get('min'), leastCharacters),
    threads: words.includes('threads'),
  };
}

function within(
  name: string,
  value: string | undefined,
  { min, max, default: standard }: { readonly min: number; readonly max: number; readonly default: number },
): number {
  if (value === undefined) return standard;
  const number = numberOf(name, value);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  const sentence = `The ${name} is ${value}; give a whole number from ${min} to ${max.toLocaleString('en')}.`;
  throw new StoryError('bad_request', sentence);
}

/** @param words of which a trailing comma or semicolon is ignored */
function readOptions(words: readonly string[]): { options: Map<string, string>; rest: string[] } {
  const options = new Map<string, string>();
  const rest: string[] = [];
  for (const word of words.map((one) => one.replace(/[,;]+$/, ''))) {
    const [, name, value] = /^([a-z][a-z-]*)=(.*)$/i.exec(word) ?? [];
    if (name) options.set(name.toLowerCase(), value!);
    else if (word !== '') rest.push(word);
  }
  return { options, rest };
}

function numberOf(name: string, value: string): number {
  if (NUMBER.test(value)) return Number(value);
  const given = value === '' ? 'empty' : `“${value}”`;
  throw new StoryError(
    'bad_request',
    `The ${name} is ${given}; give a number, such as ${name}=${EXAMPLES[name]}.`,
  );
}

const EXAMPLES: Readonly<Record<string, string>> = {
  temperature: '0.7',
  length: '800',
  seed: '7',
  cooldown: '30',
  minimum: '10',
  ...Object.fromEntries(Object.values(LIMIT_NAMES).map((name) => [name, '5'])),
};
