/**
 * The types that all modules share: the request that travels from a chat to the generator, its bounds, its
 * sampling presets, and the result. Pure.
 */
import type { Probabilities } from './probabilities.ts';

/** One story, fully specified: the same request on the same model version and engine gives the same text. */
export interface StoryRequest {
  /**
   * The user's prompt, exactly as typed; it is part of the story. At most `STORY_BOUNDS.prompt.max`
   * characters.
   */
  readonly prompt: string;
  /**
   * Text that the network reads before the prompt and that is not shown again: the text that a story
   * continues.
   */
  readonly context: string;
  /** The sampling preset; absent in records of version 0.1, which are `classic` (see `presetOf`). */
  readonly preset?: Preset;
  /**
   * Softmax temperature of the preset `classic`: 0 (always the likeliest character) to 2. The other presets
   * have their own, and their requests have the default here.
   */
  readonly temperature: number;
  /** The most characters (UTF-16 code units) in the story, its prompt included. */
  readonly length: number;
  /** 32-bit unsigned integer that fixes every random draw. */
  readonly seed: number;
  /** Name of a model in `models/models.json`. */
  readonly model: string;
  /** Whether the story is to have its probabilities; absent for no. They do not change its text. */
  readonly probabilities?: boolean;
  /**
   * Whether the story may continue the prompt's last word, which was cut off within a story; absent for no: what
   * a user types ends with a whole word.
   */
  readonly continuesWord?: boolean;
  /**
   * Whether only the first sentence after the prompt is kept, or the first two where the first is short; absent for
   * no: see `continuations.ts`. The length is that of stories that go on from it.
   */
  readonly brief?: boolean;
}

export const STORY_BOUNDS = {
  prompt: { max: 2_000 },
  context: { max: 2_000 },
  temperature: { min: 0, max: 2, default: 0.4 },
  length: { min: 50, max: 6_000, default: 1_200 },
  seed: { min: 0, max: 0xffff_ffff },
  /** Characters that a prompt must leave for the network. */
  room: { min: 50 },
} as const;

/**
 * What is wrong with a request, as a sentence for the user; undefined for a valid request. Does not check
 * whether its model exists.
 */
export function problemWith(request: StoryRequest): string | undefined {
  const { prompt, context, temperature, length, seed } = request;
  const { temperature: t, length: l, seed: s, room } = STORY_BOUNDS;
  if (prompt.length > STORY_BOUNDS.prompt.max) {
    return (
      `That opening has ${count(prompt.length)} characters; the most is ${count(STORY_BOUNDS.prompt.max)}. ` +
      'Shorten it.'
    );
  }
  if (context.length > STORY_BOUNDS.context.max) {
    return `The context has ${count(context.length)} characters; the most is ${count(STORY_BOUNDS.context.max)}.`;
  }
  if (!(temperature >= t.min && temperature <= t.max)) {
    return `The temperature is ${temperature}; give a number from ${t.min} to ${t.max}.`;
  }
  if (!Number.isInteger(length) || length < l.min || length > l.max) {
    return `The length is ${length}; give a whole number of characters from ${l.min} to ${count(l.max)}.`;
  }
  if (!Number.isInteger(seed) || seed < s.min || seed > s.max) {
    return `The seed is ${seed}; give a whole number from ${s.min} to ${s.max}.`;
  }
  if (length - prompt.length < room.min) {
    const least = prompt.length + room.min;
    return (
      `That opening has ${count(prompt.length)} characters and the whole story may have ${count(length)}: the ` +
      `network needs at least ${room.min} of its own. Ask for a length of ${count(least)} or more, or shorten it.`
    );
  }
  return undefined;
}

function count(number: number): string {
  return number.toLocaleString('en');
}

/** `complete`: ended by itself, at the end of a sentence. `stopped`: a user pressed Stop. */
export type StoryEnding = 'complete' | 'stopped';

/** A finished story, with everything that is needed to reproduce it. */
export interface Story {
  /** The whole text, prompt first (without `context`). */
  readonly text: string;
  readonly ending: StoryEnding;
  /** Version of the model that wrote it: the first digits of its weights' SHA-256. */
  readonly modelVersion: string;
  /** Name of the engine that wrote it, such as `onnx`. */
  readonly engine: string;
  /** Characters of prompt and context that the network could not read, when there were many; otherwise 0. */
  readonly unreadable: number;
  /** As in `Begun`. */
  readonly beginning?: number;
  /** Present where the request asks for them, and the engine and the model can give them. */
  readonly probabilities?: Probabilities;
}

/**
 * A text of a story grows within one beginning. A writer that would continue it with other characters begins
 * it anew, from its prompt.
 */
export interface Begun {
  /** How many times the story was begun anew; absent for none, and in records of version 0.1. */
  readonly beginning?: number;
}

export function beginningOf({ beginning = 0 }: Begun): number {
  return beginning;
}

/** The fields of a text of this beginning. */
export function inBeginning(beginning: number): Begun {
  return beginning > 0 ? { beginning } : {};
}

/** The fields of a story that its footer shows about the model and engine. */
export type StoryCredits = Pick<Story, 'modelVersion' | 'engine' | 'unreadable'>;

/** A round of a vote that is over. */
export interface PastRound {
  readonly choices: readonly string[];
  /** Votes for each choice. */
  readonly counts: readonly number[];
  /** The index of the choice that joined the story; undefined when no user voted. */
  readonly winner?: number;
}

/** How a channel has chosen a story, round by round. */
export interface ChannelChoice {
  readonly past: readonly PastRound[];
  /**
   * `complete`: all rounds took place. `ended`: the host or a moderator ended it. `silent`: two rounds had no votes.
   * `failed`: the network wrote nothing, or the vote cannot be shown.
   */
  readonly ending: 'complete' | 'ended' | 'silent' | 'failed';
  /** The titles that its host can choose from, where there are several. */
  readonly titles?: readonly string[];
}

/** The state of a story's wait in the queue. */
export interface Waiting {
  /** Its position in the queue, 1 for the next one; null while it is unknown. */
  readonly position: number | null;
  /** Whether it waits for another story of the same requester. */
  readonly afterOwn?: boolean;
}

/** The state of a reply on any platform. It only moves downwards in this list. */
export type ReplyState =
  | ({ readonly status: 'waiting' } & Waiting)
  | ({
      readonly status: 'writing';
      readonly text: string;
      readonly probabilities?: Probabilities;
    } & Begun)
  | ({
      readonly status: 'finished';
      /** Present where a channel has chosen it by votes: its seed alone does not write it again. */
      readonly chosen?: ChannelChoice;
    } & Story)
  | {
      readonly status: 'failed';
      /** The text that was shown before the failure. */
      readonly text: string;
      readonly error: { readonly code: string; readonly message: string };
    };

/** Whether a reply stays in this state. */
export function isFinal(state: ReplyState): boolean {
  return state.status === 'finished' || state.status === 'failed';
}

/** Converts a state stored by version 0.1.0, whose waiting states have a `place`, to the current form. */
export function currentState(state: ReplyState): ReplyState {
  if (state.status !== 'waiting' || state.position !== undefined) return state;
  const { place = null, ...rest } = state as typeof state & { readonly place?: number | null };
  return { ...rest, position: place };
}

/** A model that a chat offers: one entry of `models/models.json`. */
export interface ModelChoice {
  /** Folder below `models/`, and the value of the `model` option. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
}

/** The readiness of the story workers, with which a page explains a delay. */
export interface StorytellerStatus {
  /** `none`: no worker has reported lately; stories wait in the queue. */
  readonly phase: 'none' | 'loading' | 'ready';
  /** Share of the model's weights that is loaded, 0 to 1. */
  readonly loaded: number;
}

/** The sampling presets that users choose from. */
export const PRESETS = ['classic', 'calm', 'lively', 'wild'] as const;
export type Preset = (typeof PRESETS)[number];

/** The preset of an input that gives neither a preset nor a temperature. */
export const DEFAULT_PRESET: Preset = 'lively';

/** What a preset writes, for people who choose one. */
export const PRESET_DESCRIPTIONS: Readonly<Record<Preset, string>> = {
  classic: 'a single temperature, as in version 0.1',
  calm: 'likely words, quiet sentences',
  lively: 'varied words that make sense most often',
  wild: 'unlikely words, and surprises',
};

/** The preset of a stored request, also of one by version 0.1, which had only a temperature. */
export function presetOf({ preset = 'classic' }: Pick<StoryRequest, 'preset'>): Preset {
  return preset;
}

/** The input that is read as this request: without the temperature, unless its preset has one. */
export function inputOf(
  request: Omit<StoryRequest, 'model'> & { readonly model?: string },
): Partial<StoryRequest> {
  const preset = presetOf(request);
  const { temperature, ...others } = request;
  return preset === 'classic' ? { ...others, preset, temperature } : { ...others, preset };
}

/** The settings of a preset. */
export interface Sampling {
  /** Softmax temperature of draws inside words, and of all draws where `wordTemperature` is absent. */
  readonly temperature: number;
  /** Softmax temperature of draws that do not follow a letter, chiefly of the first letter of a word. */
  readonly wordTemperature?: number;
  /**
   * Characters less likely than this share of the likeliest one are excluded (min-p); absent for no
   * exclusion.
   */
  readonly minP?: number;
  /**
   * Rules in addition to the temperature: words absent from the training text are resampled, names recur,
   * repetitions of 25 characters and more become unlikely, and quotation marks are paired.
   */
  readonly rules: boolean;
}

const SETTINGS: Readonly<Record<Exclude<Preset, 'classic'>, Sampling>> = {
  calm: { temperature: 0.45, wordTemperature: 0.75, rules: true },
  lively: { temperature: 0.5, wordTemperature: 1, rules: true },
  wild: { temperature: 0.65, wordTemperature: 1.3, minP: 0.02, rules: true },
};

/**
 * The settings of a preset.
 *
 * @param temperature of `classic`, which has no other setting: p_i = exp(log(p_i) / T) / sum. The other
 *   presets have their own temperatures.
 */
export function samplingOf(preset: Preset, temperature: number): Sampling {
  return preset === 'classic' ? { temperature, rules: false } : SETTINGS[preset];
}
