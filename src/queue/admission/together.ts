/** How many stories that are written together, votes or relays, a channel and a community may have at once. */
import { StoryError } from '../../errors.ts';
import { atOnce } from '../job-queue.ts';
import type { Limits, LookUp } from './limits.ts';
import { sentences } from './settings.ts';
import type { Group } from './store.ts';

/** What is written together. Each kind is counted by itself. */
export type TogetherKind = 'vote' | 'relay';

/** Where one takes place. */
export interface TogetherPlace {
  readonly channelId: string;
  /** As in `Requester`; undefined where there is none. */
  readonly community: string | undefined;
}

/** One that is unknown after this time never reached the queue: its process was lost before. */
export const ARRIVAL_MS = 10_000;

/** Those of one kind that are under way on a platform. */
export class Together {
  readonly #kind: TogetherKind;
  readonly #platform: string;
  readonly #limits: Pick<Limits, 'underWay' | 'together'>;

  constructor(kind: TogetherKind, platform: string, limits: Pick<Limits, 'underWay' | 'together'>) {
    this.#kind = kind;
    this.#platform = platform;
    this.#limits = limits;
  }

  /**
   * Enters one, if its channel and its community have room. Idempotent for an id.
   *
   * @param lookUp finds those that were lost
   * @returns the keys under which it is entered, which `leave` takes
   * @throws StoryError `busy` or `queue_unavailable` with a sentence
   */
  async enter(
    id: string,
    { channelId, community }: TogetherPlace,
    lookUp: LookUp,
  ): Promise<readonly string[]> {
    const { underWay, together } = this.#limits;
    const groups: Group[] = [
      { keys: [`${this.#kind}s of channel ${this.#platform} ${channelId}`], most: together.channel },
      ...(community ? [{ keys: [`${this.#kind}s of ${community}`], most: together.community }] : []),
    ];
    const take = () => atOnce(underWay.take(id, groups), sentences.unavailable);
    let taken = await take();
    // One that was lost is removed from each group that it fills.
    for (let tried = 0; isFull(taken) && tried < groups.length; tried++) {
      await atOnce(this.#removeLost(groups[taken.full]!, lookUp), sentences.unavailable);
      taken = await take();
    }
    if (isFull(taken)) {
      const where = taken.full === 0 ? 'in this channel' : 'here';
      throw new StoryError('busy', this.#fullSentence(groups[taken.full]!.most, where));
    }
    return groups.flatMap(({ keys }) => keys);
  }

  /** Removes one that has ended. */
  leave(id: string, keys: readonly string[]): Promise<void> {
    return this.#limits.underWay.leave(id, keys);
  }

  async #removeLost({ keys }: Group, lookUp: LookUp): Promise<void> {
    const { underWay } = this.#limits;
    for (const { id, ageMs } of await underWay.list(keys)) {
      const state = await lookUp(id);
      if (state === 'ended' || (state === 'unknown' && ageMs >= ARRIVAL_MS)) await underWay.leave(id, keys);
    }
  }

  #fullSentence(most: number, where: string): string {
    return most === 1
      ? `There is a ${this.#kind} ${where} already. The next can start when it is over; its host and moderators can end it.`
      : `There are ${most.toLocaleString('en')} ${this.#kind}s ${where} already. Try again when one of them is over.`;
  }
}

function isFull(taken: unknown): taken is { readonly full: number } {
  return typeof taken === 'object' && taken !== null && 'full' in taken;
}
