/** Places for what is under way in a channel and in a community: only so many at the same time. */
import { StoryError } from '../../errors.ts';
import type { LookUp } from '../admission/limits.ts';
import { sentences, type TogetherBounds } from '../admission/settings.ts';
import type { Group, Taken, UnderWay } from '../admission/store.ts';
import { atOnce } from '../job-queue.ts';

/** What is unknown after this time never reached the queue: its process was lost before. */
export const ARRIVAL_MS = 10_000;

/** A group with the sentence for a user when it is full. */
export interface Place extends Group {
  readonly isFull: string;
}

/** Where a story that is written together begins. */
export interface Where {
  readonly platform: string;
  readonly channelId: string;
  /** As in `Requester`; undefined where there is none. */
  readonly community: string | undefined;
}

/** The places of a story that is written together. Votes and relays are counted separately. */
export function placesTogether(
  kind: 'vote' | 'relay',
  { platform, channelId, community }: Where,
  bounds: TogetherBounds,
): readonly Place[] {
  const place = (where: string, key: string, most: number): Place => ({
    keys: [`${kind}s of ${key}`],
    most,
    isFull:
      most === 1
        ? `There is a ${kind} ${where} already. The next can start when it is over; its host and moderators can end it.`
        : `There are ${most.toLocaleString('en')} ${kind}s ${where} already. Try again when one of them is over.`,
  });
  const ofChannel = place('in this channel', `channel ${platform} ${channelId}`, bounds.channel);
  return community ? [ofChannel, place('here', community, bounds.community)] : [ofChannel];
}

/**
 * Takes a place in each of the groups. Idempotent for an id.
 *
 * @throws StoryError `busy` with the sentence of a group that is full, or `queue_unavailable`
 */
export async function takePlaces(
  underWay: UnderWay,
  id: string,
  places: readonly Place[],
  lookUp: LookUp,
): Promise<void> {
  const groups = places.map(({ keys, most }) => ({ keys, most }));
  const take = () => atOnce(underWay.take(id, groups), sentences.unavailable);
  let taken = await take();
  // What was lost is removed from each group that it fills.
  for (let tried = 0; isFull(taken) && tried < places.length; tried++) {
    await atOnce(removeLost(underWay, places[taken.full]!.keys, lookUp), sentences.unavailable);
    taken = await take();
  }
  if (isFull(taken)) throw new StoryError('busy', places[taken.full]!.isFull);
}

async function removeLost(underWay: UnderWay, keys: readonly string[], lookUp: LookUp): Promise<void> {
  for (const { id, ageMs } of await underWay.list(keys)) {
    const state = await lookUp(id);
    if (state === 'ended' || (state === 'unknown' && ageMs >= ARRIVAL_MS)) await underWay.leave(id, keys);
  }
}

function isFull(taken: Taken): taken is Extract<Taken, { full: number }> {
  return typeof taken === 'object' && 'full' in taken;
}
