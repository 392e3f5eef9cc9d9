/**
 * The edit-in-place loop of one reply, the same on every platform. It shows the newest snapshot, reveals it
 * at a set pace, masks vulgar words, records a state before it is shown, and reaches exactly one final state
 * even after a crash.
 */

import { Deferred } from '../queue/admission/admission-order.ts';
import type { ReplyRecord, ReplyTask } from '../queue/reply-worker.ts';
import type { StoryProgress, StoryUpdate } from '../queue/stories.ts';
import { mask, PostedText } from '../story/filter/find.ts';
import { isFinal, type ReplyState, type StoryCredits } from '../story/story.ts';
import { lastingStories } from './lasting-stories.ts';
import { type Clock, Pace } from './pace.ts';

/** Where a reply is shown. Every method is idempotent: it may be called again with the same arguments. */
export interface ReplySurface {
  /** Shows a state that is not final. Resolves when the platform accepts another edit. */
  edit(state: ReplyState): Promise<void>;
  /** Shows the final state, with footer and buttons. */
  finish(state: ReplyState): Promise<void>;
}

/** What the loop needs of the stories queue. */
export interface StorySource {
  add(id: string, request: ReplyTask<unknown>['request'], priority: number): Promise<void>;
  promote(id: string): Promise<void>;
  follow(id: string, listener: (update: StoryUpdate) => void, isNew?: boolean): () => void;
  position(id: string): Promise<number | null>;
  stop(id: string): Promise<void>;
  remove(id: string): Promise<void>;
}

export interface StoryReplyOptions {
  readonly stories: StorySource;
  /** Absent where the record itself is the reply, as on the page. */
  readonly surface?: ReplySurface;
  /** Characters per second; 0 for no limit. */
  readonly pace: number;
  readonly clock: Clock;
}

/** Pause between two edits, and the interval at which the reveal advances. */
export const EDIT_INTERVAL_MS = 250;
/** Pause between two reads of the position in the queue. */
const POSITION_INTERVAL_MS = 1_000;
/** The first read comes sooner, but not at once. */
const FIRST_POSITION_MS = 300;
/** The longest time for which first stories of other users overtake a user's further story. */
const AGING_MS = 30_000;

/**
 * Brings one reply to its final state.
 *
 * @param storyId job id of the reply's story, derived from the reply's own
 * @returns the final state, which has been delivered
 * @throws Deferred while the reply may not begin; the reason with which the task's signal was aborted
 */
export async function replyWithStory<Handle>(
  task: ReplyTask<Handle>,
  storyId: string,
  options: StoryReplyOptions,
): Promise<ReplyState> {
  const { surface } = options;
  const stories = lastingStories(options.stories, task);
  const earlier = task.record;
  const state =
    earlier && isFinal(earlier.state)
      ? earlier.state
      : task.failure
        ? await giveUp(task, storyId, stories)
        : await followStory(task, storyId, { ...options, stories }, earlier);
  if (surface && !earlier?.delivered) {
    // Recorded before it is shown: a successor shows the same text, and the story is not written again.
    await task.write({ state, delivered: false });
    await surface.finish(state);
  }
  if (!earlier?.delivered) await task.write({ state, delivered: true });
  await stories.remove(storyId);
  return state;
}

/** Ends a reply that failed, with the text shown so far and an error sentence. */
async function giveUp<Handle>(
  { record, request, failure }: ReplyTask<Handle>,
  storyId: string,
  stories: StorySource,
): Promise<ReplyState> {
  await stories.stop(storyId);
  const text = record?.state.status === 'writing' ? record.state.text : mask(request.prompt);
  return { status: 'failed', text, error: failure! };
}

/** Shows the story as it grows; returns the final state, which is not yet shown. */
async function followStory<Handle>(
  task: ReplyTask<Handle>,
  storyId: string,
  { stories, surface, pace: charactersPerSecond, clock }: StoryReplyOptions,
  earlier: ReplyRecord | undefined,
): Promise<ReplyState> {
  const { request } = task;
  const news = new News();
  let shown = earlier?.state.status === 'writing' ? earlier.state.text : '';
  let isWriting = earlier?.state.status === 'writing';
  let position: number | null | undefined;
  // Most stories begin before the first read of their position is due.
  let positionAt = clock() - POSITION_INTERVAL_MS + FIRST_POSITION_MS;
  const pace = new Pace(charactersPerSecond, shown.length, clock);
  const posted = new PostedText(request.prompt);
  const credits = () => news.credits ?? earlier?.credits;
  const show = async (state: ReplyState) => {
    const known = credits();
    await task.write({ state, delivered: false, ...(known && { credits: known }) });
    await surface?.edit(state);
  };

  const aborted = () => news.wake();
  task.signal.addEventListener('abort', aborted);
  task.onStop(() => news.stop());
  let unfollow = () => {};
  const follow = (isNew: boolean) => {
    unfollow = stories.follow(storyId, (update) => news.take(update), isNew);
  };
  try {
    // A reply that was stopped before a worker began needs no story.
    const priority = news.stopped || isWriting ? 0 : await admitOrPark(task, news, show);
    const addedAt = clock();
    let isAging = priority > 0;
    if (!news.stopped) {
      // For a new story, every event is received. For a story that a predecessor may have added, the story
      // exists after this point and is read, because it may have ended.
      if (task.isFirst) follow(true);
      await stories.add(storyId, request, priority);
      if (!task.isFirst) follow(false);
    }
    for (;;) {
      task.signal.throwIfAborted();
      if (news.stopped) {
        await stories.stop(storyId);
        return stoppedState(shown || mask(request.prompt), credits());
      }
      if (news.missing) {
        // The queue lost the story, or it was not yet added: the same seed gives the same text.
        news.missing = false;
        await task.confirm();
        await stories.add(storyId, request, priority);
      }
      if (news.failure) {
        const { code, message } = news.failure;
        return { status: 'failed', text: shown || mask(request.prompt), error: { code, message } };
      }
      if (news.text !== undefined) {
        const text = posted.of(news.text);
        const revealed = pace.reveal(text, request.prompt.length);
        if (news.story && revealed.length === text.length) return { status: 'finished', ...news.story, text };
        // Accepts only a continuation of the shown text: a late snapshot from a lost worker is not one.
        if (!isWriting || (revealed.length > shown.length && revealed.startsWith(shown))) {
          isWriting = true;
          shown = revealed;
          await show({ status: 'writing', text: shown });
        }
        await news.wait(EDIT_INTERVAL_MS, !news.story && revealed.length === text.length);
      } else {
        if (!isWriting && clock() - positionAt >= POSITION_INTERVAL_MS) {
          positionAt = clock();
          const now = await stories.position(storyId);
          if (now !== position && !news.text) await show({ status: 'waiting', position: now });
          position = now;
        }
        if (isAging && clock() - addedAt >= AGING_MS) {
          isAging = false;
          await stories.promote(storyId);
        }
        await news.wait(FIRST_POSITION_MS, true);
      }
    }
  } finally {
    unfollow();
    task.signal.removeEventListener('abort', aborted);
  }
}

/** Checks whether a reply may begin, and returns how many stories of its requester come before it. */
async function admitOrPark<Handle>(
  task: ReplyTask<Handle>,
  news: News,
  show: (state: ReplyState) => Promise<void>,
): Promise<number> {
  const first = await task.admissibility();
  if (first.mayBegin) return first.ahead;
  const state: ReplyState = { status: 'waiting', position: null, afterOwn: true };
  const known = task.record?.state;
  if (known?.status !== 'waiting' || !known.afterOwn) {
    await show(state);
    // Recorded again with the message that now shows it, so that a successor continues with that message.
    await task.write({ state, delivered: false });
  }
  // Admission may have come while the state was shown.
  const { mayBegin, ahead } = await task.admissibility();
  if (mayBegin || news.stopped) return ahead;
  throw new Deferred();
}

function stoppedState(text: string, credits: StoryCredits | undefined): ReplyState {
  // A story that was stopped before it began has no worker to credit.
  const { modelVersion, engine, unreadable } = credits ?? { modelVersion: '', engine: '', unreadable: 0 };
  return { status: 'finished', ending: 'stopped', text, modelVersion, engine, unreadable };
}

/** Events received and not yet handled, and the wait for the next one. */
class News {
  progress: StoryProgress | undefined;
  story: (StoryUpdate & { type: 'done' })['story'] | undefined;
  failure: (StoryUpdate & { type: 'failed' }) | undefined;
  missing = false;
  stopped = false;
  #wake: ((kind: 'news' | 'urgent') => void) | undefined;
  /** What happened while no wait was in progress. */
  #missed: 'news' | 'urgent' | undefined;

  /** The newest text, if any. */
  get text(): string | undefined {
    return this.story?.text ?? this.progress?.text;
  }

  /** The model and engine that wrote it. */
  get credits(): StoryCredits | undefined {
    const writer = this.story ?? this.progress;
    if (!writer) return undefined;
    const { modelVersion, engine, unreadable } = writer;
    return { modelVersion, engine, unreadable };
  }

  take(update: StoryUpdate): void {
    if (update.type === 'waiting') return;
    if (update.type === 'missing') {
      this.missing = true;
      this.wake();
      return;
    }
    if (update.type === 'done') this.story = update.story;
    else if (update.type === 'failed') this.failure = update;
    else if (update.progress.text.length > (this.progress?.text.length ?? -1))
      this.progress = update.progress;
    else return;
    this.#tell('news');
  }

  stop(): void {
    this.stopped = true;
    this.wake();
  }

  /** Ends any wait. */
  wake(): void {
    this.#tell('urgent');
  }

  /**
   * Waits for `ms`, or until something urgent happens; returns at once when something urgent happened since
   * the last wait.
   *
   * @param forNews whether news of the story counts as urgent: when there is nothing left to reveal
   */
  wait(ms: number, forNews: boolean): Promise<void> {
    const missed = this.#missed;
    this.#missed = undefined;
    if (missed === 'urgent' || (missed === 'news' && forNews)) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(), ms);
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = (kind) => {
        if (kind === 'urgent' || forNews) done();
      };
    });
  }

  #tell(kind: 'news' | 'urgent'): void {
    if (this.#wake) this.#wake(kind);
    else if (this.#missed !== 'urgent') this.#missed = kind;
  }
}
