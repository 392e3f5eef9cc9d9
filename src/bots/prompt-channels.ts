/**
 * Channels where users' messages are prompts: the available settings, and when a message is answered. Shared
 * by all chats. Pure, except that it remembers when each user was last answered.
 */
import type { Hosts } from '../queue/admission/settings.ts';
import type { Preset } from '../story/story.ts';
import { type Clock, Cooldowns } from './cooldowns.ts';
import { hasWords, wordsOf } from './submit.ts';

export const PROMPT_CHANNEL_BOUNDS = {
  cooldownSeconds: { min: 0, max: 86_400, default: 30 },
  leastCharacters: { min: 1, max: 1_000, default: 10 },
} as const;

/** The settings of one channel. */
export interface PromptChannel {
  readonly channelId: string;
  /** The community that the channel belongs to, where its id does not already say so. */
  readonly community?: string;
  /** Which messages are prompts; undefined where only the daily line is wanted. */
  readonly prompts?: {
    readonly messages: 'every' | 'mentions';
    readonly cooldownSeconds: number;
    readonly leastCharacters: number;
    /** Whether every story gets its own thread. */
    readonly threads: boolean;
    /** The preset of stories here; absent for the default. */
    readonly preset?: Preset;
  };
  /** Who may start stories that are written together; absent for those whom the community's setting allows. */
  readonly hosts?: Hosts;
  readonly daily?: {
    readonly hour: number;
    readonly timeZone: string;
    /** The preset of the line; absent for the default. */
    readonly preset?: Preset;
  };
  /** The digest of a week, every Monday. */
  readonly digest?: {
    /** In UTC. */
    readonly hour: number;
  };
}

/** The parts of a message that are needed here. */
export interface Message {
  readonly channelId: string;
  readonly authorId: string;
  /** Its text without the mention of the bot. */
  readonly text: string;
  readonly mentionsBot: boolean;
}

export type Judgement = 'answer' | 'not a prompt' | 'too short' | 'too soon';

/** Decides whether messages are answered, for each user separately. */
export class PromptJudge {
  readonly #answered: Cooldowns;

  constructor(clock: Clock) {
    this.#answered = new Cooldowns(PROMPT_CHANNEL_BOUNDS.cooldownSeconds.max * 1_000, clock);
  }

  /** Judges a message, and counts it as answered when the judgement is `answer`. */
  judge(channel: PromptChannel | undefined, message: Message): Judgement {
    const prompts = channel?.prompts;
    if (!prompts || (prompts.messages === 'mentions' && !message.mentionsBot)) return 'not a prompt';
    if (!hasWords(message.text) || wordsOf(message.text).length < prompts.leastCharacters) return 'too short';
    const key = `${message.channelId}/${message.authorId}`;
    return this.#answered.tryBegin(key, prompts.cooldownSeconds * 1_000) ? 'answer' : 'too soon';
  }
}

/** Prompts that the network continues, for the daily line and for suggestions. */
export const OPENINGS = [
  'It all began with',
  'The last ship from Mars carried',
  'Nobody had told the robot that',
  'When the second moon rose,',
  'The signal came from',
  'In the year after the great silence,',
  'The captain opened the sealed orders and',
  'There was only one door on the asteroid, and',
  'The professor switched on the machine, and',
  'On the day when the stars went out,',
  'The thing in the ice had been dead for',
  'Three men went into the crater, and',
] as const;

/** The prompt of one day: a different one every day, and the same for every call on that day. */
export function openingOf(
  day: number,
  channelId: string,
): { readonly prompt: string; readonly seed: number } {
  let hash = 2_166_136_261;
  for (const character of `${channelId}/${day}`) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619) >>> 0;
  }
  return { prompt: OPENINGS[hash % OPENINGS.length]!, seed: hash };
}
