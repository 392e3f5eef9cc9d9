/**
 * The page's replies over the queue. On this platform the job *is* the reply: the page follows the recorded
 * state, so there is no surface to edit.
 */
import type { Limits } from '../../queue/admission/limits.ts';
import type { Requester } from '../../queue/admission/store.ts';
import type { Feedback } from '../../queue/feedback.ts';
import type { Removals } from '../../queue/removals.ts';
import type { Replies } from '../../queue/replies.ts';
import type { Stories } from '../../queue/stories.ts';
import type { Verdict } from '../../story/feedback.ts';
import type { ReplyState, StoryRequest, StorytellerStatus } from '../../story/story.ts';
import { replyWithStory } from '../reply-loop.ts';
import { submit } from '../submit.ts';

/** The longest age of the shown number of waiting stories. */
const WAITING_COUNT_AGE_MS = 1_000;

/** The id of a reply is known to one browser only, whose user is the only one who can rate it. */
const ONLY_USER = 'web';

/** The replies behind the web server: those requested on the page. The queue implements it. */
export interface WebReplies {
  /** Starts a reply. Idempotent for one id. Rejects with a `StoryError`, such as `busy`. */
  submit(id: string, request: StoryRequest, requester: Requester | undefined): Promise<void>;
  /**
   * Starts replies of which the user chooses one: they count as one story, the first of them. Idempotent for their
   * ids. Rejects with a `StoryError`, such as `busy`.
   */
  offer(offered: readonly OfferedReply[], requester: Requester | undefined): Promise<void>;
  /** A reply's request and current state; undefined when it is unknown or no longer kept. */
  read(id: string): Promise<KnownReply | undefined>;
  /**
   * Calls `listener` with every new state, starting with the current one, until a final state or until the
   * returned function is called. Returns undefined when the id is unknown.
   */
  follow(id: string, listener: (state: ReplyState) => void): Promise<(() => void) | undefined>;
  /** Removes a reply and all that is kept of it, which is certain to happen when this resolves. */
  remove(id: string): Promise<void>;
  /**
   * Gives the verdict of a reply's user, or takes it back.
   *
   * @returns the verdict from now on
   * @throws StoryError; see `Feedback.rate`
   */
  rate(id: string, verdict: Verdict | undefined): Promise<Verdict | undefined>;
  /** Requests that a reply stops; false when the id is unknown. */
  stop(id: string): Promise<boolean>;
  /** Whether the story workers are ready, and how many stories wait for them. */
  status(): StorytellerStatus & { waiting: number };
}

/** The stored request and state of one reply. */
export interface KnownReply {
  /** The request as first submitted, with the seed drawn for it. */
  readonly request: StoryRequest;
  readonly state: ReplyState;
}

/** One of several replies of which the user chooses one. */
export interface OfferedReply {
  readonly id: string;
  readonly request: StoryRequest;
}

/** Implements the web server's replies over the queue. */
export function webReplies(
  replies: Replies<null>,
  removals: Removals<null>,
  stories: Stories,
  limits: Limits,
  feedback: Feedback,
): WebReplies {
  let waiting = 0;
  let countedAt = Number.NEGATIVE_INFINITY;
  return {
    submit: (id, request, requester) => submit({ replies, limits }, id, request, () => null, requester),
    async offer([first, ...others], requester) {
      if (!first) return;
      // The first one is added last: where it is known, all are, and no request can add others to it.
      const addOthers = async () => {
        await Promise.all(others.map(({ id, request }) => replies.submit(id, request, null)));
        return null;
      };
      await submit({ replies, limits }, first.id, first.request, addOthers, requester);
    },
    read: (id) => replies.read(id),
    follow: (id, listener) => replies.follow(id, listener),
    stop: (id) => replies.stop(id),
    rate(id, verdict) {
      const read = (one: string) => replies.readKept(one);
      return feedback.rate({ platform: replies.platform, replyId: id, rater: ONLY_USER, verdict, read });
    },
    remove: (id) => removals.request({ replyId: id, address: null, messages: [] }),
    status() {
      if (performance.now() - countedAt > WAITING_COUNT_AGE_MS) {
        countedAt = performance.now();
        stories.load().then(
          (load) => {
            waiting = load.waiting;
          },
          () => {},
        );
      }
      return { ...stories.status(), waiting };
    },
  };
}

/** Lets this process edit the page's replies. */
export function workWebReplies(
  replies: Replies<null>,
  stories: Stories,
  { pace, concurrency }: { readonly pace: number; readonly concurrency: number },
): void {
  replies.work((task) => {
    // A user who chooses among several waits for the last of them.
    const options = { stories, pace: task.request.brief ? 0 : pace, clock: () => performance.now() };
    return replyWithStory(task, `web-${task.id}`, options);
  }, concurrency);
}
