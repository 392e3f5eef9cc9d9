/**
 * Admission: whether a requester may have one more story now. The checks, in order:
 *
 * 1. Do the requester and the community have room among their stories under way? An entry is taken there,
 *    atomically for all processes, and removed when the reply has ended.
 * 2. Is the queue short enough to promise a story soon?
 * 3. Are the requester's and the community's hourly limits not used up?
 *
 * A refused request is not counted, and repeated requests with one id are counted once. The stored keys do
 * not identify users: see `DailySalts`.
 */
import type { RateLimiterStoreAbstract } from 'rate-limiter-flexible';
import { StoryError } from '../../errors.ts';
import * as metrics from '../../metrics.ts';
import type { Stories } from '../stories.ts';
import {
  boundsIn,
  type CommunityLimits,
  type LimitSettings,
  sentences,
  type TogetherBounds,
} from './settings.ts';
import {
  answerInTime,
  type DailySalts,
  type Entry,
  type Group,
  type Hour,
  hourOf,
  type Lease,
  type LimitStore,
  NO_LIMIT,
  type Requester,
  type Taken,
  type UnderWay,
} from './store.ts';

/** A reply that is still unknown after this time never reached the queue: its process was lost before. */
const ARRIVAL_MS = 10_000;
/** Number of possibly lost entries that are checked at a time, oldest first. */
const CHECKED_AT_A_TIME = 5;

export interface Admission {
  /** Undefined without a requester. */
  readonly lease: Lease | undefined;
  /** Reverts the admission, for a reply that was not added to the queue after all. */
  undo(): Promise<void>;
}

/** Whether a reply may begin. */
export interface Admissibility {
  readonly mayBegin: boolean;
  /** Stories of the same requester that come before it. */
  readonly ahead: number;
}

/** Looks up a reply's state by its id. */
export type LookUp = (replyId: string) => Promise<'under way' | 'ended' | 'unknown'>;

export interface LimitsOptions {
  readonly store: LimitStore;
  readonly salts: DailySalts;
  readonly stories: Pick<Stories, 'load' | 'expectedWaitMs'>;
  readonly settings: LimitSettings;
  /** The limits set by a community's administrators, as this process has them cached. */
  readonly communityLimits?: (community: string) => CommunityLimits | undefined;
  /** Waits, in ms; rejects when the signal is aborted. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

export class Limits {
  readonly #options: LimitsOptions;
  /** By bound. */
  readonly #hours = new Map<number, RateLimiterStoreAbstract>();
  /** Answers of the store to requests of any kind: each is a sign of life. */
  #answers = 0;

  constructor(options: LimitsOptions) {
    this.#options = options;
  }

  /**
   * Admits a reply, or rejects with the reason.
   *
   * @param requester undefined for stories that the bot requests by itself: then only the queue's length is
   *   checked
   * @returns undefined for a reply that is known: it was admitted before
   * @throws StoryError `rate_limited`, `busy` or `queue_unavailable`, with what to do and when
   */
  async admit(id: string, requester: Requester | undefined, lookUp: LookUp): Promise<Admission | undefined> {
    const deciding = this.#decide(id, requester, lookUp);
    try {
      const { store, wait } = this.#options;
      const { isRunning } = store;
      return await answerInTime(deciding, { isRunning, answers: () => this.#answers, wait });
    } catch (error) {
      if (error instanceof LimitReached) metrics.limitsHit.inc({ kind: error.kind });
      // The caller has given up: an admission that still succeeds is reverted.
      deciding.then((admission) => admission?.undo()).catch(() => {});
      throw error;
    }
  }

  /** The stories under way, for what else is counted in the same way. */
  get underWay(): UnderWay {
    return this.#options.store.underWay;
  }

  /** The operator's limits on what is written together. */
  get together(): TogetherBounds {
    return this.#options.settings.together;
  }

  /** Whether a reply may begin, and how many of its requester's stories come before it. */
  async admissibility(id: string, { person }: Lease, lookUp: LookUp): Promise<Admissibility> {
    const { running } = this.#options.settings.person;
    const mustWait = (ahead: readonly Entry[]) => running > 0 && ahead.length >= running;
    let ahead = await this.#aheadOf(id, person);
    if (mustWait(ahead) && (await this.#removeLost(ahead, person, lookUp))) {
      ahead = await this.#aheadOf(id, person);
    }
    return { mayBegin: !mustWait(ahead), ahead: ahead.length };
  }

  /**
   * Gives back an ended reply's lease.
   *
   * @returns the same requester's next reply that may begin now, if there is one
   */
  async leave(id: string, { person, community }: Lease): Promise<string | undefined> {
    const { underWay } = this.#options.store;
    await underWay.leave(id, [...person, ...community]);
    const { running } = this.#options.settings.person;
    return running === 0 ? undefined : (await underWay.list(person))[running - 1]?.id;
  }

  async #decide(
    id: string,
    requester: Requester | undefined,
    lookUp: LookUp,
  ): Promise<Admission | undefined> {
    const known = lookUp(id);
    if (!requester) {
      if ((await known) !== 'unknown') return undefined;
      await this.#checkQueue(0);
      return { lease: undefined, undo: async () => {} };
    }
    const { salts, settings, communityLimits, store } = this.#options;
    const bounds = boundsIn(
      settings,
      requester.community === undefined ? undefined : communityLimits?.(requester.community),
    );
    const [state, person, community] = await Promise.all([
      known,
      salts.namesOf(`person ${requester.person}`),
      requester.community === undefined ? [] : salts.namesOf(`place ${requester.community}`),
    ]);
    this.#answers++;
    if (state !== 'unknown') return undefined;
    const lease: Lease = { person, community };
    const groups: Group[] = [{ keys: person, most: bounds.personAtOnce }];
    if (requester.community !== undefined) groups.push({ keys: community, most: bounds.communityAtOnce });
    const ahead = await this.#take(id, groups, lookUp);
    this.#answers++;
    // A repeated request was counted the first time.
    if (ahead === 'there') return { lease, undo: async () => {} };
    const undos = [() => store.underWay.leave(id, [...person, ...community])];
    const undo = async () => void (await Promise.all(undos.map((one) => one())));
    try {
      const [personHour, communityHour] = await Promise.all([
        this.#hourOf('person', person, bounds.personHourly),
        this.#hourOf('place', community, bounds.communityHourly),
        this.#checkQueue(ahead),
      ]);
      // Both limits are checked before either is counted: a refused request counts against neither.
      for (const hour of [personHour, communityHour]) {
        this.#answers++;
        undos.push(await hour.count());
      }
    } catch (error) {
      await undo();
      throw error;
    }
    return { lease, undo };
  }

  /**
   * Adds an entry to the stories under way; returns how many stories of the same requester come before it.
   */
  async #take(id: string, groups: readonly Group[], lookUp: LookUp): Promise<number | 'there'> {
    const { underWay } = this.#options.store;
    let taken = await underWay.take(id, groups);
    // A lost reply is removed from each group that it fills.
    for (let tried = 0; isFull(taken) && tried < groups.length; tried++) {
      const { keys } = groups[taken.full]!;
      if (!(await this.#removeLost(await underWay.list(keys), keys, lookUp))) break;
      taken = await underWay.take(id, groups);
    }
    if (taken === 'there') return taken;
    if (!isFull(taken)) return taken.ahead;
    const { most } = groups[taken.full]!;
    throw taken.full === 0
      ? new LimitReached('rate_limited', 'person_at_once', sentences.personAtOnce(most))
      : new LimitReached('rate_limited', 'place_at_once', sentences.communityAtOnce(most));
  }

  /** The same requester's stories under way that came before this one. */
  async #aheadOf(id: string, keys: readonly string[]): Promise<readonly Entry[]> {
    const entries = await this.#options.store.underWay.list(keys);
    const index = entries.findIndex((entry) => entry.id === id);
    return entries.slice(0, Math.max(0, index));
  }

  /**
   * Removes entries of replies that are no longer under way but were never given back; returns whether there
   * were any.
   */
  async #removeLost(entries: readonly Entry[], keys: readonly string[], lookUp: LookUp): Promise<boolean> {
    const checks = entries.slice(0, CHECKED_AT_A_TIME).map(async ({ id, ageMs }) => {
      const state = await lookUp(id);
      if (state === 'under way' || (state === 'unknown' && ageMs < ARRIVAL_MS)) return false;
      await this.#options.store.underWay.leave(id, keys);
      return true;
    });
    return (await Promise.all(checks)).some(Boolean);
  }

  /**
   * @param priority stories of the same requester that come before it; it waits for all requesters' first
   *   stories in any case
   */
  async #checkQueue(priority: number): Promise<void> {
    const { stories, settings } = this.#options;
    const { first, waiting, running } = await stories.load();
    if (settings.maxWaiting > 0 && waiting >= settings.maxWaiting) {
      throw new LimitReached('busy', 'queue_full', sentences.queueFull(waiting));
    }
    const waitMs = stories.expectedWaitMs(priority === 0 ? first : waiting, running);
    // Without a worker there is no wait to promise: the reply shows that the story waits.
    if (waitMs === undefined || settings.longestWaitMs === 0 || waitMs <= settings.longestWaitMs) return;
    throw new LimitReached('busy', 'queue_wait', sentences.queueWait(waitMs, settings.longestWaitMs));
  }

  /** Checks an hourly limit; it throws a StoryError `rate_limited` when it is used up. */
  async #hourOf(whose: 'person' | 'place', names: readonly string[], most: number): Promise<Hour> {
    if (most === 0 || names.length === 0) return NO_LIMIT;
    const sentence = whose === 'person' ? sentences.personHourly : sentences.communityHourly;
    const limiter = this.#hours.get(most) ?? this.#options.store.hourly(most);
    this.#hours.set(most, limiter);
    return hourOf(
      limiter,
      names,
      most,
      (ms) => new LimitReached('rate_limited', `${whose}_hourly`, sentence(most, ms)),
    );
  }
}

function isFull(taken: Taken): taken is Extract<Taken, { full: number }> {
  return typeof taken === 'object' && 'full' in taken;
}

/** A refusal, and the limit that caused it: metrics count by its kind. */
class LimitReached extends StoryError {
  readonly kind: string;

  constructor(code: 'busy' | 'rate_limited', kind: string, sentence: string) {
    super(code, sentence);
    this.kind = kind;
  }
}
