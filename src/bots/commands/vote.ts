/** `/scifi-vote`: a story that the channel writes together. */
import { StoryError } from '../../errors.ts';
import { DEFAULT_PRESET, STORY_BOUNDS } from '../../story/story.ts';
import { VOTE_BOUNDS } from '../../story/vote.ts';
import type { FormValues } from '../forms.ts';
import { hasWords, numberOf } from '../submit.ts';
import { VOTE_BEGINS } from '../votes/wording.ts';
import { type Command, readOptions } from './command.ts';
import { PRESET_CHOICES } from './preset-option.ts';

/** A user's wish for a vote, whose numbers are within their bounds. */
export interface VoteOrder {
  readonly prompt: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly preset?: string;
}

const { rounds: ROUNDS, seconds: SECONDS } = VOTE_BOUNDS;
const OPTIONS = ['rounds', 'seconds', 'preset'];
const NO_WORDS =
  'There are no words in that opening: emoji and links are left out. Give some, such as /scifi-vote It all began with.';
const NOT_HERE = 'Votes cannot take place here.';

/** @throws StoryError `bad_request` with a sentence when an opening, without markup, has no words */
export function demandWords(prompt: string): void {
  if (!hasWords(prompt)) throw new StoryError('bad_request', NO_WORDS);
}

/** @throws StoryError `bad_request` with a sentence */
function orderOf(prompt: string, rounds: unknown, seconds: unknown, preset: unknown): VoteOrder {
  return {
    prompt,
    rounds: within('rounds', rounds, ROUNDS),
    seconds: within('seconds', seconds, SECONDS),
    ...(preset === undefined ? {} : { preset: String(preset).toLowerCase() }),
  };
}

/**
 * The rounds and seconds in a filled-in `VOTE_FORM`.
 *
 * @throws StoryError `bad_request` with a sentence
 */
export function readVoteForm({
  rounds = '',
  seconds = '',
}: FormValues): Pick<VoteOrder, 'rounds' | 'seconds'> {
  return {
    rounds: within('rounds', rounds.trim() || undefined, ROUNDS),
    seconds: within('seconds', seconds.trim() || undefined, SECONDS),
  };
}

function within(
  name: string,
  given: unknown,
  { min, max, default: usual }: (typeof VOTE_BOUNDS)[keyof typeof VOTE_BOUNDS],
): number {
  if (given === undefined) return usual;
  const number = typeof given === 'number' ? given : numberOf(name, String(given), String(usual));
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new StoryError('bad_request', `The ${name} are a whole number from ${min} to ${max}; got ${number}.`);
}

export const VOTE = {
  name: 'scifi-vote',
  description: 'This channel chooses how a story goes on, round by round',
  options: [
    {
      type: 'text',
      name: 'prompt',
      description: 'How the story begins, such as: It all began with',
      required: true,
      min: 1,
      max: STORY_BOUNDS.prompt.max / 2,
    },
    {
      type: 'whole',
      name: 'rounds',
      description: `How often the channel chooses; ${ROUNDS.default} by default`,
      min: ROUNDS.min,
      max: ROUNDS.max,
    },
    {
      type: 'whole',
      name: 'seconds',
      description: `How long everyone may vote in a round; ${SECONDS.default} by default`,
      min: SECONDS.min,
      max: SECONDS.max,
    },
    {
      type: 'text',
      name: 'preset',
      description: `How characters are sampled; ${DEFAULT_PRESET} by default`,
      choices: PRESET_CHOICES,
    },
  ],
  help: [
    'This channel writes a story together: I offer three ways to go on, and everyone votes.',
    `\`/scifi-vote It all began with rounds=3 seconds=30\` has three rounds of 30 seconds; without these there are ` +
      `${ROUNDS.default} rounds of ${SECONDS.default} seconds. The winner joins the story. You can close a round early, and end the story.`,
  ].join('\n'),
  fromOptions: ({ value }) =>
    orderOf(String(value('prompt')), value('rounds'), value('seconds'), value('preset')),
  fromText(text) {
    const words = text.trim();
    if (words === '' || words.toLowerCase() === 'help') return undefined;
    // Only these are options: other words with an equals sign belong to the opening.
    const isOption = (word: string) => OPTIONS.some((name) => word.toLowerCase().startsWith(`${name}=`));
    const { options } = readOptions(words.split(/\s+/).filter(isOption));
    const prompt = words
      .split(/(\s+)/)
      .filter((word) => !isOption(word))
      .join('')
      .trim();
    return orderOf(prompt, options.get('rounds'), options.get('seconds'), options.get('preset'));
  },
  permission: () => 'anyone',
  async run(order, { startVote }) {
    if (!startVote) throw new StoryError('bad_request', NOT_HERE);
    await startVote(order);
    return VOTE_BEGINS;
  },
} as const satisfies Command<VoteOrder>;
