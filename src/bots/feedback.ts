/** Feedback on stories, on every platform in the same way. */
import type { Feedback } from '../queue/feedback.ts';
import type { Replies } from '../queue/replies.ts';
import type { Verdict } from '../story/feedback.ts';

/** The press of a button of feedback. */
export interface FeedbackPress {
  readonly replyId: string;
  readonly verdict: Verdict;
  /** The user, as limits name requesters. */
  readonly rater: string;
  /** When the button was pressed, in ms since 1970 by the platform's clock; a press that is delivered twice has one. */
  readonly pressedAt: number;
}

/**
 * Gives a user's rating, changes it, or takes it back where the user had given the same one.
 *
 * @returns a sentence for the user, who sees no other sign of it: a chat's message is the same for all users
 * @throws StoryError with a sentence; see `Feedback.rate`
 */
export async function answerFeedback(
  feedback: Feedback,
  replies: Pick<Replies<unknown>, 'platform' | 'readKept'>,
  press: FeedbackPress,
): Promise<string> {
  const read = (id: string) => replies.readKept(id);
  const verdict = await feedback.rate({ ...press, platform: replies.platform, read });
  return sentenceOf(verdict);
}

/** What a rating has become. */
function sentenceOf(verdict: Verdict | undefined): string {
  if (verdict === undefined) return 'Your feedback on this story is taken back.';
  const judged = verdict === 'liked' ? 'You like this story' : 'You do not like this story';
  return `${judged}. That is counted without your name; press the same button again to take it back.`;
}
