/**
 * Admission: whether somebody may have one more story now. Asked in this order:
 *
 * 1. Do the person and the place have room among their stories under way? A place is taken there, for all
 *    processes at once, and left when the reply has ended.
 * 2. Is the queue short enough to promise a story soon?
 * 3. Have the person and the place not yet had what they may have within an hour?
 *
 * What is refused is not counted, and what is asked for twice under one id is counted once. Nothing that is
 * kept names anybody: see `salts.ts`.
 */
import { RateLimiterRes, type RateLimiterStoreAbstract } from 'rate-limiter-flexible';
import { StoryError } from '../../errors.ts';
import * as metrics from '../../metrics.ts';
import type { Stories } from '../stories.ts';
import { answerInTime } from './answer-in-time.ts';
import { boundsIn, type CommunityLimits, type LimitSettings } from './limit-settings.ts';
import { sentences } from './refusal-sentences.ts';
import type { Requester } from './requester.ts';
import type { DailySalts } from './salts.ts';
import type { Entry, Group, LimitStore, Taken } from './store.ts';

/** A reply that nobody knows after this time never came into the queue: its process was lost on the way. */
const ARRIVAL_MS = 10_000;
/** Of those under way that may have been lost, so many are looked at at a time, oldest first. */
const LOOKED_AT = 5;

/** What a reply that was admitted has to give back: kept with it. */
export interface Lease {
  /** Keys of its person's and its place's stories under way. */
  readonly person: readonly string[];
  readonly community: readonly string[];
}

export interface Admission {
  /** Undefined where nobody asked. */
  readonly lease: Lease | undefined;
  /** Takes all back, for a reply that did not come into the queue after all. */
  undo(): Promise<void>;
}

/** When a reply may begin. */
export interface Admissibility {
  readonly mayBegin: boolean;
  /** Stories of the same person that come before it. */
  readonly ahead: number;
}

/** What is known of a reply by its id. */
export type LookUp = (replyId: string) => Promise<'under way' | 'ended' | 'unknown'>;

export interface LimitsOptions {
  readonly store: LimitStore;
  readonly salts: DailySalts;
  readonly stories: Pick<Stories, 'load' | 'expectedWaitMs'>;
  readonly settings: LimitSettings;
  /** What a place's own administrators have set, as far as it is known here. */
  readonly communityLimits?: (community: string) => CommunityLimits | undefined;
  /** Waits, in ms; rejects when the signal is aborted. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** Somebody's hour, in which there is room for one more story. */
interface Hour {
  /** Counts it; returns what takes that back. Rejects when somebody else was faster. */
  count(): Promise<() => Promise<void>>;
}

const NO_LIMIT: Hour = { count: async () => async () => {} };

export class Limits {
  readonly #options: LimitsOptions;
  /** By the bound that each has. */
  readonly #hours = new Map<number, RateLimiterStoreAbstract>();
  /** Answers of the store to requests of any kind: each is a sign that it lives. */
  #answers = 0;

  constructor(options: LimitsOptions) {
    this.#options = options;
  }

  /**
   * Admits a reply, or says why not.
   *
   * @param requester undefined for what the bot does by itself: then only the queue is looked at
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
      // Should it be admitted after all, nobody has use for that any more.
      deciding.then((admission) => admission?.undo()).catch(() => {});
      throw error;
    }
  }

  /** Whether a reply may begin, and which of its person's stories it is. */
  async admissibility(id: string, { person }: Lease, lookUp: LookUp): Promise<Admissibility> {
    const { running } = this.#options.settings.person;
    const mustWait = (ahead: readonly Entry[]) => running > 0 && ahead.length >= running;
    let ahead = await this.#aheadOf(id, person);
    if (mustWait(ahead) && (await this.#bury(ahead, person, lookUp))) {
      ahead = await this.#aheadOf(id, person);
    }
    return { mayBegin: !mustWait(ahead), ahead: ahead.length };
  }

  /**
   * Gives back what a reply has that is over.
   *
   * @returns the reply of the same person whose turn it is now, if there is one
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
    // Whoever asks for the same again has had it counted.
    if (ahead === 'there') return { lease, undo: async () => {} };
    const undos = [() => store.underWay.leave(id, [...person, ...community])];
    const undo = async () => void (await Promise.all(undos.map((one) => one())));
    try {
      const [personHour, communityHour] = await Promise.all([
        this.#hourOf('person', person, bounds.personHourly),
        this.#hourOf('place', community, bounds.communityHourly),
        this.#checkQueue(ahead),
      ]);
      // Both were asked before either is counted: what is refused is counted by none.
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

  /** Takes a place among those under way; returns how many stories of the same person come before it. */
  async #take(id: string, groups: readonly Group[], lookUp: LookUp): Promise<number | 'there'> {
    const { underWay } = this.#options.store;
    let taken = await underWay.take(id, groups);
    // One that was lost is buried in each group that it fills.
    for (let tried = 0; isFull(taken) && tried < groups.length; tried++) {
      const { keys } = groups[taken.full]!;
      if (!(await this.#bury(await underWay.list(keys), keys, lookUp))) break;
      taken = await underWay.take(id, groups);
    }
    if (taken === 'there') return taken;
    if (!isFull(taken)) return taken.ahead;
    const { most } = groups[taken.full]!;
    throw taken.full === 0
      ? new LimitReached('rate_limited', 'person_at_once', sentences.personAtOnce(most))
      : new LimitReached('rate_limited', 'place_at_once', sentences.placeAtOnce(most));
  }

  /** Stories under way of the same person that came before one. */
  async #aheadOf(id: string, keys: readonly string[]): Promise<readonly Entry[]> {
    const entries = await this.#options.store.underWay.list(keys);
    const index = entries.findIndex((entry) => entry.id === id);
    return entries.slice(0, Math.max(0, index));
  }

  /** Forgets those that are under way no more, though nobody could say so; returns whether there were any. */
  async #bury(entries: readonly Entry[], keys: readonly string[], lookUp: LookUp): Promise<boolean> {
    const looks = entries.slice(0, LOOKED_AT).map(async ({ id, ageMs }) => {
      const state = await lookUp(id);
      if (state === 'under way' || (state === 'unknown' && ageMs < ARRIVAL_MS)) return false;
      await this.#options.store.underWay.leave(id, keys);
      return true;
    });
    return (await Promise.all(looks)).some(Boolean);
  }

  /** @param priority stories of the same person that come before: it waits for people's first ones in any case */
  async #checkQueue(priority: number): Promise<void> {
    const { stories, settings } = this.#options;
    const { first, waiting, running } = await stories.load();
    if (settings.maxWaiting > 0 && waiting >= settings.maxWaiting) {
      throw new LimitReached('busy', 'queue_full', sentences.queueFull(waiting));
    }
    const waitMs = stories.expectedWaitMs(priority === 0 ? first : waiting, running);
    // While nobody writes there is nothing to promise: whoever asks is told that the story waits.
    if (waitMs === undefined || settings.longestWaitMs === 0 || waitMs <= settings.longestWaitMs) return;
    throw new LimitReached('busy', 'queue_wait', sentences.queueWait(waitMs, settings.longestWaitMs));
  }

  /**
   * Looks at what somebody has had within an hour.
   *
   * @param names under which they are counted: an hour that began before midnight goes on under the second
   * @returns what counts one more, and returns what takes that back
   * @throws StoryError `rate_limited` when there is no more to have
   */
  async #hourOf(whose: 'person' | 'place', names: readonly string[], most: number): Promise<Hour> {
    const [today] = names;
    if (most === 0 || today === undefined) return NO_LIMIT;
    const limiter = this.#hourly(most);
    const uses = await Promise.all(names.map((name) => limiter.get(name)));
    const name = names.findLast((_, index) => uses[index]) ?? today;
    const refuse = ({ msBeforeNext }: RateLimiterRes) => {
      const sentence = whose === 'person' ? sentences.personHourly : sentences.placeHourly;
      return new LimitReached('rate_limited', `${whose}_hourly`, sentence(most, msBeforeNext));
    };
    const before = uses[names.indexOf(name)];
    if (before && before.consumedPoints >= most) throw refuse(before);
    return {
      count: async () => {
        try {
          await limiter.consume(name);
        } catch (over) {
          if (!(over instanceof RateLimiterRes)) throw over;
          // Somebody else was faster.
          await limiter.reward(name);
          throw refuse(over);
        }
        return async () => void (await limiter.reward(name));
      },
    };
  }

  #hourly(most: number): RateLimiterStoreAbstract {
    const limiter = this.#hours.get(most) ?? this.#options.store.hourly(most);
    this.#hours.set(most, limiter);
    return limiter;
  }
}

function isFull(taken: Taken): taken is Extract<Taken, { full: number }> {
  return typeof taken === 'object' && 'full' in taken;
}

/** A refusal, and by which limit. */
class LimitReached extends StoryError {
  readonly kind: string;

  constructor(code: 'busy' | 'rate_limited', kind: string, sentence: string) {
    super(code, sentence);
    this.kind = kind;
  }
}
