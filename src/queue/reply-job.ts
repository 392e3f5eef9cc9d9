/** A reply as the queue keeps it: what its job holds, and what that says of it. */
import type { Job } from 'bullmq';
import { sentenceFor } from '../errors.ts';
import { currentState, type ReplyState, type StoryCredits, type StoryRequest } from '../story/story.ts';
import type { Admissibility, Lease } from './admission/limits.ts';

export interface ReplyJobData<Handle> {
  readonly request: StoryRequest;
  readonly handle: Handle;
  /** When the person asked, in ms since 1970. */
  readonly askedAt: number;
  /** What it has to give back when it is over; absent where nobody asked. */
  readonly lease?: Lease;
  readonly stop?: boolean;
  /** In a job that was put back after the queue had lost it: what had been written down. */
  readonly restored?: { readonly record?: ReplyRecord };
}

/** What is written down before it is shown, so that a successor never shows less. */
export interface ReplyRecord {
  readonly state: ReplyState;
  /** Whether the final state has reached the platform; the story may be forgotten then. */
  readonly delivered: boolean;
  /** Who wrote the text of a state that is `writing`: what its footer says should it be stopped there. */
  readonly credits?: StoryCredits;
}

/** Why a reply ends without its story, for a person to read. */
export type ReplyFailure = Extract<ReplyState, { status: 'failed' }>['error'];

export type ReplyJob<Handle> = Job<ReplyJobData<Handle>, ReplyState>;

/** One reply, as its processor sees it. */
export interface ReplyTask<Handle> {
  readonly id: string;
  readonly request: StoryRequest;
  readonly handle: Handle;
  /** Whether no processor has had this reply before, so that nobody can have added its story. */
  readonly isFirst: boolean;
  /** What an earlier processor wrote down last. */
  readonly record: ReplyRecord | undefined;
  /** Set where it has failed as often as it may: why its end is all that is left to show. */
  readonly failure: ReplyFailure | undefined;
  /** Whether it may begin; a processor that finds that it may not throws `HeldBack`. */
  admissibility(): Promise<Admissibility>;
  write(record: ReplyRecord): Promise<void>;
  /**
   * Asks whether the reply is still this processor's, where that is not known anyway: before anything is done
   * that cannot be taken back. After a long sleep another may have had it and brought it to its end.
   *
   * @throws when it is another's
   */
  confirm(): Promise<void>;
  /** Calls `listener` when somebody presses Stop, at once when that has happened already. */
  onStop(listener: () => void): void;
  /** Aborted when somebody else has the reply, or is to have it. */
  readonly signal: AbortSignal;
}

export function isFinal(state: ReplyState): boolean {
  return state.status === 'finished' || state.status === 'failed';
}

/** What was written down last of a reply; undefined when nothing was. */
export function recordOf<Handle>({ progress, data }: ReplyJob<Handle>): ReplyRecord | undefined {
  const record =
    typeof progress === 'object' && 'state' in progress
      ? (progress as unknown as ReplyRecord)
      : data.restored?.record;
  return record && { ...record, state: currentState(record.state) };
}

/** What a reply shows. */
export function stateOf<Handle>(job: ReplyJob<Handle>): ReplyState {
  // A result is fenced by the job's lock, progress is not: where both are, the result is right.
  if (job.returnvalue) return job.returnvalue;
  const record = recordOf(job);
  if (job.failedReason && job.finishedOn) {
    const text = record && 'text' in record.state ? record.state.text : job.data.request.prompt;
    return { status: 'failed', text, error: sentenceFor(undefined) };
  }
  return record?.state ?? { status: 'waiting', position: null };
}

/** Orders the states that are not final: a growing text after any wait. */
export function rank(state: ReplyState): number {
  return state.status === 'waiting' ? 0 : 1 + state.text.length;
}
