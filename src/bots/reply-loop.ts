/**
 * The edit-in-place loop of one reply, the same on every platform. It shows the newest snapshot, reveals it
 * at a set pace, masks vulgar words, records a state before it is shown, and reaches exactly one final state
 * even after a crash.
 */
import type { Logger } from 'pino';
import { edits } from '../metrics.ts';
import { Deferred } from '../queue/admission/admission-order.ts';
import type { Replies } from '../queue/replies.ts';
import type { ReplyRecord, ReplyTask } from '../queue/reply-worker.ts';
import { keptText, writtenRequest } from '../story/continuations.ts';
import { mask } from '../story/filter/find.ts';
import { inBeginning, isFinal, type ReplyState, type StoryCredits } from '../story/story.ts';
import type { Clock } from './cooldowns.ts';
import { type Replacement, takeOver } from './replace.ts';
import { ShownText } from './shown-text.ts';
import { lastingStories, type StorySource, Updates } from './story-feed.ts';

/** Where a reply is shown. Every method is idempotent: it may be called again with the same arguments. */
export interface ReplySurface {
  /**
   * Shows a state that is not final, or leaves it to a later call, which follows also when the state does not change.
   * Resolves when the platform accepts another edit.
   */
  edit(state: ReplyState): Promise<void>;
  /** Shows the final state, with footer and buttons. */
  finish(state: ReplyState): Promise<void>;
}

/** Where a chat shows one reply. */
export interface MessageSurface extends ReplySurface {
  /** The messages that show the reply so far; they are stored with its record. */
  readonly messages: readonly string[];
  /** Releases its resources. */
  close(): void;
}

/** The reply cannot be shown to any user any more, so its story is stopped. */
export class ReplyLost extends Error {
  /** The platform's stable error code. */
  readonly failure: string;

  constructor(failure: string, options?: ErrorOptions) {
    super(`The reply cannot be shown any more (${failure}).`, options);
    this.name = 'ReplyLost';
    this.failure = failure;
  }
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
/**
 * A state that has not changed is shown again after this time: the edit may have been skipped or have failed, and the
 * line of a waiting reply may be another.
 */
const REPEAT_MS = 5_000;
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
  const written = writtenRequest(request);
  const updates = new Updates();
  const shown = new ShownText(request.prompt, earlier?.state, charactersPerSecond, clock);
  let credits = earlier?.credits;
  const creditsOfShown = () => {
    // The newest text may be of another beginning than the shown one, and of another writer.
    credits = updates.creditsOf(shown.beginning) ?? credits;
    return credits;
  };
  let position: number | null | undefined;
  // Most stories begin before the first read of their position is due.
  let positionAt = clock() - POSITION_INTERVAL_MS + FIRST_POSITION_MS;
  let editedAt = clock();
  const edit = async (state: ReplyState) => {
    await surface?.edit(state);
    editedAt = clock();
  };
  const show = async (state: ReplyState) => {
    const known = creditsOfShown();
    await task.write({ state, delivered: false, ...(known && { credits: known }) });
    await edit(state);
  };
  const showAgain = async (state: ReplyState) => {
    if (clock() - editedAt >= REPEAT_MS) await edit(state);
  };

  const aborted = () => updates.wake();
  task.signal.addEventListener('abort', aborted);
  task.onStop(() => updates.stop());
  let unfollow = () => {};
  const follow = (isNew: boolean) => {
    unfollow = stories.follow(storyId, (update) => updates.take(update), isNew);
  };
  try {
    // A reply that was stopped before a worker began needs no story.
    const priority = updates.stopped || shown.isWriting ? 0 : await admitOrPark(task, updates, show);
    const addedAt = clock();
    let isAging = priority > 0;
    if (!updates.stopped) {
      // For a new story, every event is received. For a story that a predecessor may have added, the story
      // exists after this point and is read, because it may have ended.
      if (task.isFirst) follow(true);
      await stories.add(storyId, written, priority);
      if (!task.isFirst) follow(false);
    }
    for (;;) {
      task.signal.throwIfAborted();
      if (updates.stopped) {
        await stories.stop(storyId);
        return stoppedState(shown, request.prompt, creditsOfShown());
      }
      if (updates.missing) {
        // The queue lost the story, or it was not yet added: the same seed gives the same text.
        updates.missing = false;
        await task.confirm();
        await stories.add(storyId, written, priority);
      }
      if (updates.failure) {
        const { code, message } = updates.failure;
        return { status: 'failed', text: shown.text || mask(request.prompt), error: { code, message } };
      }
      if (updates.text !== undefined) {
        const { posted, known, isWhole, isNew } = shown.advance(
          updates.text,
          updates.beginning,
          updates.probabilities,
        );
        if (updates.story && isWhole) {
          return { status: 'finished', ...updates.story, text: keptText(request, posted), ...known };
        }
        if (isNew) await show(shown.state);
        else await showAgain(shown.state);
        await updates.wait(EDIT_INTERVAL_MS, !updates.story && isWhole);
      } else {
        if (!shown.isWriting && clock() - positionAt >= POSITION_INTERVAL_MS) {
          positionAt = clock();
          const now = await stories.position(storyId);
          const state: ReplyState = { status: 'waiting', position: now };
          if (!updates.text) await (now === position ? showAgain(state) : show(state));
          position = now;
        }
        if (isAging && clock() - addedAt >= AGING_MS) {
          isAging = false;
          await stories.promote(storyId);
        }
        await updates.wait(FIRST_POSITION_MS, true);
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
  updates: Updates,
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
  if (mayBegin || updates.stopped) return ahead;
  throw new Deferred();
}

function stoppedState(shown: ShownText, prompt: string, credits: StoryCredits | undefined): ReplyState {
  const text = shown.text || mask(prompt);
  // A story that was stopped before it began has no worker to credit.
  const { modelVersion, engine, unreadable } = credits ?? { modelVersion: '', engine: '', unreadable: 0 };
  const writer = { modelVersion, engine, unreadable };
  const { beginning, probabilities } = shown;
  return {
    status: 'finished',
    ending: 'stopped',
    text,
    ...probabilities,
    ...writer,
    ...inBeginning(beginning),
  };
}

export interface ReplyWork<Handle> {
  readonly stories: StorySource;
  /** Deletes the messages that a reply in place of an edited one does not need; see `Replacement`. */
  readonly clear: Replacement<Handle>['clear'];
  /** Characters per second. */
  readonly pace: number;
  /** Replies processed at the same time. */
  readonly concurrency: number;
  readonly logger: Logger;
  readonly open: (task: ReplyTask<Handle>) => MessageSurface;
}

/** Lets this process edit a chat's replies, for all requesters. */
export function workReplies<Handle>(replies: Replies<Handle>, work: ReplyWork<Handle>): void {
  replies.work((task) => editReply(replies, task, work), work.concurrency);
}

async function editReply<Handle>(
  replies: Replies<Handle>,
  taken: ReplyTask<Handle>,
  { stories, clear, pace, logger, open }: ReplyWork<Handle>,
): Promise<ReplyState> {
  const { platform } = replies;
  const task = await takeOver(taken, { replies, stories, clear });
  const storyId = `${platform}-${task.id}`;
  const surface = open(task);
  const hasReplaced = task.replaces && { hasReplaced: true as const };
  const write = (record: ReplyRecord) =>
    task.write({ ...record, ...hasReplaced, messages: surface.messages });
  const counted: ReplySurface = {
    edit: (state) => {
      edits.inc({ platform, kind: 'progress' });
      return surface.edit(state);
    },
    finish: (state) => {
      edits.inc({ platform, kind: 'final' });
      return surface.finish(state);
    },
  };
  try {
    const clock = () => performance.now();
    return await replyWithStory({ ...task, write }, storyId, { stories, surface: counted, pace, clock });
  } catch (error) {
    if (!(error instanceof ReplyLost)) throw error;
    logger.info({ reply: task.id, failure: error.failure }, 'reply given up');
    const lasting = lastingStories(stories, task);
    await lasting.stop(storyId);
    const { message } = error;
    const state: ReplyState = { status: 'failed', text: '', error: { code: error.failure, message } };
    await write({ state, delivered: true });
    await lasting.remove(storyId);
    return state;
  } finally {
    surface.close();
  }
}
