/** How a story that users write together starts: as one story of its host, with a place in its channel. */
import type { Limits, LookUp } from '../admission/limits.ts';
import { sentences } from '../admission/settings.ts';
import type { Lease, Requester } from '../admission/store.ts';
import { atOnce } from '../job-queue.ts';
import type { RecordJobs } from './jobs.ts';
import { type Place, takePlaces } from './places.ts';

/** What a record holds of the limits. */
export interface Held {
  readonly lease: Lease | undefined;
  /** The keys of the groups in which it has a place. */
  readonly groups: readonly string[];
}

export interface Start<Stored> {
  readonly requester: Requester;
  readonly places: readonly Place[];
  readonly limits: Pick<Limits, 'admit' | 'underWay'>;
  /** Looks up others that may have a place in the same groups. */
  readonly lookUp: LookUp;
  /** Looks up all that the requester and the community may have under way. */
  readonly lookUpStory: LookUp;
  readonly records: {
    read(id: string): Promise<unknown>;
    /** Returns whether there was none. */
    add(id: string, record: Stored): Promise<boolean>;
    remove(id: string): Promise<void>;
  };
  readonly jobs: Pick<RecordJobs, 'add'>;
  readonly recordOf: (held: Held) => Stored;
}

/**
 * Stores a record and adds its job. Idempotent for an id. What was taken is given back where a step fails.
 *
 * @throws StoryError with a sentence when the requester, or one of the groups, may have no other now
 */
export async function start<Stored>(
  id: string,
  { requester, places, limits, lookUp, lookUpStory, records, jobs, recordOf }: Start<Stored>,
): Promise<void> {
  if (await atOnce(records.read(id), sentences.unavailable)) return jobs.add(id);
  if (places.length > 0) await takePlaces(limits.underWay, id, places, lookUp);
  const groups = places.flatMap(({ keys }) => keys);
  const undos = [() => limits.underWay.leave(id, groups)];
  try {
    const admission = await limits.admit(id, requester, lookUpStory);
    if (admission) undos.push(() => admission.undo());
    undos.push(() => records.remove(id));
    const record = recordOf({ lease: admission?.lease, groups });
    const isNew = await atOnce(records.add(id, record), sentences.unavailable);
    // Another copy of the same command has started it: what is entered above is that one's.
    if (!isNew) undos.length = 0;
    await jobs.add(id);
  } catch (error) {
    for (const undo of undos.reverse()) await undo().catch(() => {});
    throw error;
  }
}
