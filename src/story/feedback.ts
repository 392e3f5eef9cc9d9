/** Feedback on stories: what users can say of one, and what it is counted by. Pure. */
import { presetOf, type ReplyState, type StoryRequest } from './story.ts';

/** What a user says of a story. */
export type Verdict = 'liked' | 'disliked';
export const VERDICTS: readonly Verdict[] = ['liked', 'disliked'];

/** The labels of the buttons under a story. */
export const VERDICT_LABELS: Readonly<Record<Verdict, string>> = { liked: 'Like', disliked: 'Dislike' };

/** The pictures on the buttons of chats. */
export const VERDICT_EMOJI: Readonly<Record<Verdict, string>> = { liked: '👍', disliked: '👎' };

/** What the stories have in common whose feedback is counted together. */
export interface FeedbackGroup {
  /** The day (UTC) on which the story was asked for, in days since 1970. */
  readonly day: number;
  readonly platform: string;
  readonly model: string;
  readonly modelVersion: string;
  /** The preset, as `presetGroup` names it. */
  readonly preset: string;
}

/** How many users said what of the stories of one group. */
export interface FeedbackCount extends FeedbackGroup {
  readonly verdict: Verdict;
  /** The number of ratings. */
  readonly votes: number;
}

/** How long counts are kept, in days. */
export const TOTALS_DAYS = 400;

/** The width of the groups of temperatures of the preset `classic`. */
const TEMPERATURE_GROUP = 0.2;

/** `lively`; `classic 0.4` for the temperatures that are nearest to 0.4 among the multiples of 0.2. */
export function presetGroup(request: Pick<StoryRequest, 'preset' | 'temperature'>): string {
  const preset = presetOf(request);
  if (preset !== 'classic') return preset;
  const nearest = Math.round(request.temperature / TEMPERATURE_GROUP) * TEMPERATURE_GROUP;
  return `classic ${nearest.toFixed(1)}`;
}

/** Whether a reply shows words that a model wrote, and will show no others: only those are rated. */
export function isRatable(
  state: ReplyState,
  { prompt }: Pick<StoryRequest, 'prompt'>,
): state is Extract<ReplyState, { status: 'finished' }> {
  return state.status === 'finished' && state.modelVersion !== '' && state.text.length > prompt.length;
}

/** The share of ratings that like a story, with its 95% confidence interval. */
export interface LikedShare {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** The 97.5th percentile of the standard normal distribution. */
const Z = 1.959964;

/**
 * The share of `liked` among all ratings, with Wilson's score interval at 95%: E. B. Wilson, "Probable inference, the
 * law of succession, and statistical inference", JASA 22 (1927). It stays within 0 and 1, and is right for few ratings.
 *
 * @returns undefined without ratings
 */
export function likedShare(liked: number, disliked: number): LikedShare | undefined {
  const n = liked + disliked;
  if (n === 0) return undefined;
  const share = liked / n;
  const scale = 1 + Z ** 2 / n;
  const middle = (share + Z ** 2 / (2 * n)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  // At 0 and 1 a bound is the share itself, but for rounding.
  return {
    share,
    low: Math.max(0, Math.min(share, middle - half)),
    high: Math.min(1, Math.max(share, middle + half)),
  };
}
