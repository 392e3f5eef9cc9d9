/** What users do in votes: each change is stored before the job of the vote is woken (`../records/jobs.ts`). */
import { endRoundAt, endVote, type Vote } from '../../story/vote.ts';
import { sentences } from '../admission/settings.ts';
import { atOnce } from '../job-queue.ts';
import type { RecordJobs } from '../records/jobs.ts';
import type { VoteRecords } from './records.ts';

export class VoteChanges<Address> {
  readonly #records: Promise<VoteRecords<Address>>;
  readonly #jobs: Pick<RecordJobs, 'add' | 'wake'>;

  constructor(records: Promise<VoteRecords<Address>>, jobs: Pick<RecordJobs, 'add' | 'wake'>) {
    this.#records = records;
    this.#jobs = jobs;
  }

  /**
   * Counts a user's vote, in place of an earlier one in the same round.
   *
   * @param person as limits name requesters
   * @param at when the user voted, in ms by the platform's clock: of votes that arrive out of order the last one counts
   * @returns false when the round is over
   */
  async cast(id: string, round: number, person: string, choice: number, at: number): Promise<boolean> {
    const isCounted = await atOnce(
      (await this.#records).cast(id, { round, person, choice, at }),
      sentences.unavailable,
    );
    if (isCounted) void this.#jobs.wake(id);
    return isCounted;
  }

  /**
   * Chooses an opening for its requester, and ends the choice.
   *
   * @param at as of `cast`
   * @returns false when one is chosen already, or the time is over
   */
  async choose(id: string, person: string, choice: number, at: number): Promise<boolean> {
    const records = await this.#records;
    const isCounted = await atOnce(records.cast(id, { round: 1, person, choice, at }), sentences.unavailable);
    if (!isCounted) return false;
    await this.#endRound(id, 1);
    // Unlike a round, it would otherwise end minutes later where this process is killed now.
    await this.#jobs.wake(id);
    return true;
  }

  /** Ends an open round now; false when it is over. */
  async closeRound(id: string, round: number): Promise<boolean> {
    const isClosed = await this.#endRound(id, round);
    if (isClosed) void this.#jobs.wake(id);
    return isClosed;
  }

  async #endRound(id: string, round: number): Promise<boolean> {
    const record = await this.#change(id, ({ record, now }) => {
      const { vote } = record;
      if (vote.phase !== 'open' || vote.round !== round) return record;
      return { ...record, vote: endRoundAt(vote, now) };
    });
    return record?.vote.phase === 'open' && record.vote.round === round;
  }

  /** Ends a vote: the votes in its open round still count. False when it is over. */
  async end(id: string): Promise<boolean> {
    let isUnderWay = false;
    await this.#change(id, ({ record, now }) => {
      isUnderWay = record.vote.phase !== 'over';
      return isUnderWay ? { ...record, vote: endedAt(record.vote, now) } : record;
    });
    if (isUnderWay) void this.#jobs.wake(id);
    return isUnderWay;
  }

  /** Deletes a vote with its messages; false when it is not kept (any more). */
  async delete(id: string): Promise<boolean> {
    const record = await this.#change(id, ({ record }) =>
      record.isHandedOver ? record : { ...record, isDeleted: true },
    );
    if (!record?.isDeleted) return false;
    await this.#jobs.add(id);
    void this.#jobs.wake(id);
    return true;
  }

  async #change(id: string, change: Parameters<VoteRecords<Address>['update']>[1]) {
    return atOnce((await this.#records).update(id, change), sentences.unavailable);
  }
}

/** A vote that ends now: the votes in its open round still count. */
export function endedAt(vote: Vote, now: number): Vote {
  return vote.phase === 'open' ? { ...endRoundAt(vote, now), isLast: true } : endVote(vote, 'ended');
}
