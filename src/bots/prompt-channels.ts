/**
 * Channels where people's messages are prompts: what can be set, and when a message is answered. Shared by
 * all chats. Pure, except that it remembers whom it answered last.
 */
import type { Clock } from './pace.ts';

export const PROMPT_CHANNEL_BOUNDS = {
  cooldownSeconds: { min: 0, max: 86_400, default: 30 },
  leastCharacters: { min: 1, max: 1_000, default: 10 },
} as const;

/** What is set for one channel. */
export interface PromptChannel {
  readonly channelId: string;
  /** The server that the channel belongs to, where its id does not already say so. */
  readonly community?: string;
  /** Which messages are prompts; undefined where only the daily line is wanted. */
  readonly prompts?: {
    readonly messages: 'every' | 'mentions';
    readonly cooldownSeconds: number;
    readonly leastCharacters: number;
    /** Whether every story gets a thread of its own. */
    readonly threads: boolean;
  };
  readonly daily?: { readonly hour: number; readonly timeZone: string };
}

/** A message, as far as it matters here. */
export interface Message {
  readonly channelId: string;
  readonly authorId: string;
  /** Its text without the mention of the bot. */
  readonly text: string;
  readonly mentionsBot: boolean;
}

export type Verdict = 'answer' | 'not a prompt' | 'too short' | 'too soon';

/** Whether messages are answered, one person at a time. */
export class PromptJudge {
  readonly #clock: Clock;
  /** When each person was answered last, per channel; in the order of time. */
  readonly #answered = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Judges a message, and counts it as answered when the verdict is `answer`. */
  judge(channel: PromptChannel | undefined, message: Message): Verdict {
    const prompts = channel?.prompts;
    if (!prompts || (prompts.messages === 'mentions' && !message.mentionsBot)) return 'not a prompt';
    if (!hasWords(message.text) || wordsOf(message.text).length < prompts.leastCharacters) return 'too short';
    const key = `${message.channelId}/${message.authorId}`;
    const now = this.#clock();
    const last = this.#answered.get(key);
    if (last !== undefined && now - last < prompts.cooldownSeconds * 1_000) return 'too soon';
    this.#answered.delete(key);
    this.#answered.set(key, now);
    this.#forget(now);
    return 'answer';
  }

  #forget(now: number): void {
    const longestMs = PROMPT_CHANNEL_BOUNDS.cooldownSeconds.max * 1_000;
    for (const [key, at] of this.#answered) {
      if (now - at < longestMs) return;
      this.#answered.delete(key);
    }
  }
}

const LINK = /\b(?:[a-z][a-z\d+.-]*:\/\/|www\.)\S+/gi;
/** Emoji with all that belongs to them; digits, which begin some, stay. */
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|\u200d|\ufe0f|\u20e3/gu;

/** Whether a text says anything: a link, an emoji or a row of dots is no opening of a story. */
export function hasWords(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(wordsOf(text));
}

/** A text without links and emoji. */
export function wordsOf(text: string): string {
  return text.replace(LINK, '').replace(EMOJI, '').trim();
}

/** Openings for the daily line, before the network goes on with them. */
const OPENINGS = [
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

/** The opening of one day: another one every day, the same for whoever asks twice. */
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
