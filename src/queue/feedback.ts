/**
 * Users' feedback on stories, kept with the queue. Two kinds of data, which live apart:
 *
 * - The ratings of one story: of each user, a hash under a random salt of the story, and the verdict. They allow one
 *   rating per user, which can be changed and taken back. They are removed with the reply, and expire with it.
 * - Totals by day, platform, model and preset. They name no story and no user, and stay.
 *
 * No text is kept. A store changes both in one step, so totals are exact whatever several processes do at the same
 * time.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { StoryError } from '../errors.ts';
import {
  type FeedbackCount,
  type FeedbackGroup,
  isRatable,
  presetGroup,
  TOTALS_DAYS,
  type Verdict,
} from '../story/feedback.ts';
import type { QueueConnection } from './connection.ts';
import type { FeedbackStore } from './feedback-store.ts';
import { atOnce } from './job-queue.ts';
import type { KeptReply } from './replies.ts';

const UNREACHABLE = 'Feedback cannot be stored at the moment. Try again in a minute.';
const GONE = 'I no longer keep this story, so it cannot be rated.';
const NOT_RATABLE = 'Only a story that has ended can be rated.';
const SALT_BYTES = 16;
const DAY_MS = 24 * 3_600_000;
/** Stories whose ratings are taken back at the same time. */
const TOGETHER = 100;

/** A user's rating on a reply. */
export interface Rating {
  readonly platform: string;
  readonly replyId: string;
  /** The user, as limits name requesters; hashed before it is stored. */
  readonly rater: string;
  /** The verdict; undefined takes the rating back. */
  readonly verdict: Verdict | undefined;
  /**
   * When the user pressed the button, in ms since 1970 by the platform's clock: a press of the same verdict takes
   * the rating back. Absent where `verdict` is what is to be stored.
   */
  readonly pressedAt?: number;
  /** Reads the reply; undefined when it is no longer kept. */
  readonly read: (replyId: string) => Promise<KeptReply | undefined>;
}

export class Feedback {
  readonly #store: FeedbackStore;
  readonly #retentionMs: number;
  readonly #clock: () => number;

  /**
   * @param retentionMs how long replies are kept after they end
   * @param clock milliseconds since 1970
   */
  constructor(store: FeedbackStore, retentionMs: number, clock: () => number = Date.now) {
    this.#store = store;
    this.#retentionMs = retentionMs;
    this.#clock = clock;
  }

  /** Opens the store of a queue. */
  static async open(connection: QueueConnection, retentionMs: number): Promise<Feedback> {
    return new Feedback(await connection.feedback(), retentionMs);
  }

  /**
   * Gives, changes or takes back a user's rating.
   *
   * @returns the user's verdict from now on; undefined for none
   * @throws StoryError with a sentence: `not_found` for a reply that is no longer kept, `bad_request` for one that
   *   shows no story
   */
  async rate({ platform, replyId, rater, verdict, pressedAt, read }: Rating): Promise<Verdict | undefined> {
    const now = this.#clock();
    const story = storyName(platform, replyId);
    if (this.#expiryOf(await read(replyId), now) <= now) throw new StoryError('not_found', GONE);
    const fresh = randomBytes(SALT_BYTES).toString('base64url');
    const salt = await atOnce(this.#store.salt(story, fresh, now + this.#retentionMs), UNREACHABLE);
    // Read again: a removal before this point leaves the new salt behind, and one after it takes the salt away.
    const reply = await read(replyId);
    const expiresAt = this.#expiryOf(reply, now);
    if (!reply || expiresAt <= now) {
      await this.removeStory({ platform, replyId });
      throw new StoryError('not_found', GONE);
    }
    if (!isRatable(reply.state, reply.request)) throw new StoryError('bad_request', NOT_RATABLE);
    const day = dayOf(reply.askedAt);
    const { model } = reply.request;
    const group = [day, platform, model, reply.state.modelVersion, presetGroup(reply.request)];
    const rated = await atOnce(
      this.#store.rate({
        story,
        salt,
        rater: hashOf(rater, salt),
        verdict,
        at: pressedAt ?? now,
        isPress: pressedAt !== undefined,
        expiresAt,
        day,
        group: JSON.stringify(group),
      }),
      UNREACHABLE,
    );
    if (rated === 'gone') throw new StoryError('not_found', GONE);
    return rated;
  }

  /** Removes who rated a reply; the totals stay. Idempotent. */
  async removeStory(reply: { readonly platform: string; readonly replyId: string }): Promise<void> {
    await this.#store.remove(storyName(reply.platform, reply.replyId));
  }

  /** Takes back every rating of a user that is still kept. */
  async forgetRater(rater: string): Promise<void> {
    const stories = await atOnce(this.#store.stories(), UNREACHABLE);
    for (let from = 0; from < stories.length; from += TOGETHER) {
      const some = stories.slice(from, from + TOGETHER);
      const all = Promise.all(some.map(({ story, salt }) => this.#store.forget(story, hashOf(rater, salt))));
      await atOnce(all, UNREACHABLE);
    }
  }

  /** Removes ratings whose replies are no longer kept, and old totals. */
  async removeOld(): Promise<void> {
    const now = this.#clock();
    await this.#store.removeOld(now, dayOf(now) - TOTALS_DAYS);
  }

  /**
   * The totals of stories that were asked for within the last `days` days (UTC), today included.
   *
   * @throws StoryError `queue_unavailable`
   */
  async counts(days: number = TOTALS_DAYS): Promise<FeedbackCount[]> {
    const totals = await atOnce(this.#store.totals(dayOf(this.#clock()) - days + 1), UNREACHABLE);
    return totals.map(({ group, verdict, votes }) => ({ ...readGroup(group), verdict, votes }));
  }

  /** When the ratings on a reply are removed, in ms since 1970: when the reply is. */
  #expiryOf(reply: KeptReply | undefined, now: number): number {
    return reply ? (reply.endedAt ?? now) + this.#retentionMs : 0;
  }
}

function readGroup(text: string): FeedbackGroup {
  const [day, platform, model, modelVersion, preset] = JSON.parse(text);
  return { day, platform, model, modelVersion, preset };
}

function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}

function storyName(platform: string, replyId: string): string {
  return `${platform}-${replyId}`;
}

function hashOf(rater: string, salt: string): string {
  return createHmac('sha256', salt).update(rater).digest('base64url');
}
