/** A reply's job: the data that it holds, and the state derived from it. */
import type { Job } from 'bullmq';
import { sentenceFor } from '../errors.ts';
import { currentState, type ReplyState, type StoryCredits, type StoryRequest } from '../story/story.ts';
import type { Admissibility, Lease } from './admission/limits.ts';

export interface ReplyJobData<Handle> {
  readonly request: StoryRequest;
  readonly handle: Handle;
  /** When the user requested it, in ms since 1970. */
  readonly askedAt: number;
  /** What it gives back at its end; absent without a requester. */
  readonly lease?: Lease;
  readonly stop?: boolean;
  /** In a job that was put back after the queue had lost it: the last stored record. */
  readonly restored?: { readonly record?: ReplyRecord };
}

/** Stored before it is shown, so that a successor never shows less. */
export interface ReplyRecord {
  readonly state: ReplyState;
  /** Whether the final state has reached the platform; the story may be deleted then. */
  readonly delivered: boolean;
  /**
   * The model version and engine of the text of a state that is `writing`: for the footer if the story is
   * stopped there.
   */
  readonly credits?: StoryCredits;
}

/** Why a reply ends without its story, for a user to read. */
export type ReplyFailure = Extract<ReplyState, { status: 'failed' }>['error'];

export type ReplyJob<Handle> = Job<ReplyJobData<Handle>, ReplyState>;

/** One reply, as its processor sees it. */
export interface ReplyTask<Handle> {
  readonly id: string;
  readonly request: StoryRequest;
  readonly handle: Handle;
  /** Whether no processor has had this reply before, so that its story cannot have been added. */
  readonly isFirst: boolean;
  /** The record that an earlier processor stored last. */
  readonly record: ReplyRecord | undefined;
  /** Set when it has used up its attempts: the reason to show as its end. */
  readonly failure: ReplyFailure | undefined;
  /** Whether it may begin; a processor whose reply may not throws `Deferred`. */
  admissibility(): Promise<Admissibility>;
  write(record: ReplyRecord): Promise<void>;
  /**
   * Asks whether this processor still holds the reply, unless that is certain: before an action that cannot
   * be undone. After a long sleep another processor may have taken the reply and ended it.
   *
   * @throws when another processor has it
   */
  confirm(): Promise<void>;
  /** Calls `listener` when a user presses Stop, at once when that has happened already. */
  onStop(listener: () => void): void;
  /** Aborted when another processor has the reply, or is to take it. */
  readonly signal: AbortSignal;
}

/** The record of a reply that was stored last; undefined when there is none. */
export function recordOf<Handle>({ progress, data }: ReplyJob<Handle>): ReplyRecord | undefined {
  const record =
    typeof progress === 'object' && 'state' in progress
      ? (progress as unknown as ReplyRecord)
      : data.restored?.record;
  return record && { ...record, state: currentState(record.state) };
}

/** The state that a reply shows. */
export function stateOf<Handle>(job: ReplyJob<Handle>): ReplyState {
  // The job's lock guards the result, but not the progress: where both exist, the result is right.
  if (job.returnvalue) return job.returnvalue;
  const record = recordOf(job);
  if (job.failedReason && job.finishedOn) {
    const text = record && 'text' in record.state ? record.state.text : job.data.request.prompt;
    return { status: 'failed', text, error: sentenceFor(undefined) };
  }
  return record?.state ?? { status: 'waiting', position: null };
}

/** Orders the states that are not final: a growing text comes after any wait. */
export function rank(state: ReplyState): number {
  return state.status === 'waiting' ? 0 : 1 + state.text.length;
}
