/** `/scifi-relay`: a story that users and the network write line by line. */
import { StoryError } from '../../errors.ts';
import { RELAY_BOUNDS, TURNS, type Turns } from '../../story/relay/relay.ts';
import { DEFAULT_PRESET } from '../../story/story.ts';
import { numberOf } from '../submit.ts';
import { type Command, readOptions } from './command.ts';
import { PRESET_CHOICES } from './preset-option.ts';

/** A user's wish for a relay. */
export interface RelayOrder {
  /** Empty without an opening. */
  readonly opening: string;
  readonly every: number;
  readonly turns: Turns;
  readonly preset?: string;
}

const { every: EVERY } = RELAY_BOUNDS;
const OPTIONS = ['every', 'turns', 'preset'];
/** What a user of Slack types for turns. */
const TYPED_TURNS: Readonly<Record<string, Turns>> = {
  free: 'free',
  'round-robin': 'round robin',
  once: 'everyone once',
};
const ON_DEMAND = /^(?:demand|on-demand|never)$/i;
const NOT_HERE = 'Relays cannot take place here.';

/** @throws StoryError `bad_request` with a sentence */
function orderOf(opening: string, every: unknown, turns: Turns, preset: unknown): RelayOrder {
  return {
    opening,
    every: everyOf(every),
    turns,
    ...(preset === undefined ? {} : { preset: String(preset).toLowerCase() }),
  };
}

function everyOf(given: unknown): number {
  if (given === undefined) return EVERY.default;
  if (typeof given === 'string' && ON_DEMAND.test(given)) return 0;
  const number = typeof given === 'number' ? given : numberOf('every', String(given), String(EVERY.default));
  if (Number.isInteger(number) && number >= EVERY.min && number <= EVERY.max) return number;
  throw new StoryError(
    'bad_request',
    `I answer after every 1 to ${EVERY.max} lines, or, with 0, only when a user asks; got ${number}.`,
  );
}

function turnsOf(typed: string | undefined): Turns {
  const turns = TYPED_TURNS[(typed ?? 'free').toLowerCase()];
  if (turns) return turns;
  throw new StoryError(
    'bad_request',
    `The turns are ${Object.keys(TYPED_TURNS).join(', ')}; got “${typed}”.`,
  );
}

export const RELAY = {
  name: 'scifi-relay',
  description: 'Write a story in a thread, line by line, together with me',
  options: [
    {
      type: 'text',
      name: 'opening',
      description: 'The first line, such as: It all began with',
      min: 1,
      max: RELAY_BOUNDS.line.max,
    },
    {
      type: 'whole',
      name: 'every',
      description: `After how many lines I add one, 0: only when asked; ${EVERY.default} by default`,
      min: EVERY.min,
      max: EVERY.max,
    },
    {
      type: 'text',
      name: 'turns',
      description: 'Who may add the next line; free by default',
      choices: [
        { name: 'free: anyone, at any time', value: 'free' },
        { name: 'round robin: one after another', value: 'round robin' },
        { name: 'everyone once: one line for each user', value: 'everyone once' },
      ],
    },
    {
      type: 'text',
      name: 'preset',
      description: `How characters are sampled; ${DEFAULT_PRESET} by default`,
      choices: PRESET_CHOICES,
    },
  ],
  help: [
    'I open a thread, in which you and others write a story line by line: post a line, and I add the next sentence.',
    '`/scifi-relay It all began with every=2 turns=round-robin` has me write after every second line, and all of you one ' +
      'after another. `every=demand` has me wait until you press *Your turn, computer*; `turns=once` gives everyone one line.',
  ].join('\n'),
  fromOptions: ({ value }) =>
    orderOf(
      String(value('opening') ?? ''),
      value('every'),
      TURNS.find((turns) => turns === value('turns')) ?? 'free',
      value('preset'),
    ),
  fromText(text) {
    const words = text.trim();
    if (words.toLowerCase() === 'help') return undefined;
    // Only these are options: other words with an equals sign belong to the opening.
    const isOption = (word: string) => OPTIONS.some((name) => word.toLowerCase().startsWith(`${name}=`));
    const { options } = readOptions(words.split(/\s+/).filter(isOption));
    const opening = words
      .split(/(\s+)/)
      .filter((word) => !isOption(word))
      .join('')
      .trim();
    return orderOf(opening, options.get('every'), turnsOf(options.get('turns')), options.get('preset'));
  },
  permission: () => 'anyone',
  async run(order, { startRelay }) {
    if (!startRelay) throw new StoryError('bad_request', NOT_HERE);
    await startRelay(order);
    return 'The relay begins in the thread below. You can end it with the button above that.';
  },
} as const satisfies Command<RelayOrder>;

/** @throws StoryError `bad_request` with a sentence when an opening is longer than a line may be */
export function demandLine(opening: string): void {
  if (opening.length <= RELAY_BOUNDS.line.max) return;
  const sentence = `The opening of a relay has at most ${RELAY_BOUNDS.line.max} characters. Shorten it.`;
  throw new StoryError('bad_request', sentence);
}
