/**
 * Limits: the operator's, below those the ones that a community's administrators set, and the sentences that
 * refuse a story.
 */
import type { QueueConnection } from '../connection.ts';
import { currentLimits } from '../old-records.ts';
import { KnownSettings } from '../settings.ts';

/** The most of one kind of what is written together that may be under way at once. */
export interface TogetherBounds {
  readonly channel: number;
  readonly community: number;
}

/** The operator's limits; 0 means no limit, everywhere. */
export interface LimitSettings {
  readonly person: {
    /** Stories that run at once. */
    readonly running: number;
    /** Further stories that wait for the running ones. */
    readonly waiting: number;
    readonly hourly: number;
  };
  /** A community's share: running and waiting stories together. */
  readonly community: { readonly atOnce: number; readonly hourly: number };
  /** Votes that are under way at once, and as many relays besides. */
  readonly together: TogetherBounds;
  /** Stories that may wait in total. */
  readonly maxWaiting: number;
  /** The longest expected wait at which a story is still admitted. */
  readonly longestWaitMs: number;
}

/** The limits that can be set for a community; `AtOnce` counts running and waiting stories together. */
export interface Bounds {
  readonly personAtOnce: number;
  readonly personHourly: number;
  readonly communityAtOnce: number;
  readonly communityHourly: number;
}

/** Who may start stories that are written together. */
export const HOSTS = ['everyone', 'moderators', 'nobody'] as const;
export type Hosts = (typeof HOSTS)[number];

/** The limits that a community's administrators have set; the others are the operator's. */
export type CommunityLimits = Partial<Bounds> & {
  /** Absent for everyone. */
  readonly hosts?: Hosts;
};

/** The operator's limits as the upper bounds of a community's own. */
export function operatorBounds({ person, community }: LimitSettings): Bounds {
  const { running, waiting } = person;
  return {
    personAtOnce: running > 0 && waiting > 0 ? running + waiting : 0,
    personHourly: person.hourly,
    communityAtOnce: community.atOnce,
    communityHourly: community.hourly,
  };
}

/** The limits in effect in a community: of the operator's and its own always the lower one. */
export function boundsIn(settings: LimitSettings, own: CommunityLimits = {}): Bounds {
  const operators = operatorBounds(settings);
  return {
    personAtOnce: lower(operators.personAtOnce, own.personAtOnce),
    personHourly: lower(operators.personHourly, own.personHourly),
    communityAtOnce: lower(operators.communityAtOnce, own.communityAtOnce),
    communityHourly: lower(operators.communityHourly, own.communityHourly),
  };
}

/** Whether a community may set a limit: a whole number, and no more than the operator allows. */
export function isWithin(limit: number, operators: number): boolean {
  return Number.isInteger(limit) && limit >= 1 && (operators === 0 || limit <= operators);
}

function lower(one: number, other = 0): number {
  if (one === 0 || other === 0) return Math.max(one, other);
  return Math.min(one, other);
}

/** The limits that administrators have set for their communities: stored in the queue, and cached here. */
export class CommunityLimitSettings {
  readonly #settings: KnownSettings<CommunityLimits>;

  constructor(connection: QueueConnection) {
    this.#settings = new KnownSettings(connection, 'limits');
  }

  ready(): Promise<void> {
    return this.#settings.ready();
  }

  /** The known limits of a community (as in `Requester`), without asking the queue. */
  known(community: string): CommunityLimits | undefined {
    const stored = this.#settings.known(keyOf(community));
    return stored && currentLimits(stored);
  }

  async read(community: string): Promise<CommunityLimits> {
    return currentLimits((await this.#settings.read(keyOf(community))) ?? {});
  }

  write(community: string, limits: CommunityLimits): Promise<void> {
    return this.#settings.write(keyOf(community), limits);
  }

  remove(community: string): Promise<void> {
    return this.#settings.remove(keyOf(community));
  }

  /** The communities that have limits of their own. */
  async all(): Promise<string[]> {
    return [...(await this.#settings.all()).keys()].map((key) => key.replace('-', ':'));
  }

  close(): Promise<void> {
    return this.#settings.close();
  }
}

/** BullMQ's ids must not contain colons. */
function keyOf(community: string): string {
  return community.replaceAll(':', '-');
}

/** Why there is no story now, and when there can be one: for users to read. */
export const sentences = {
  unavailable: 'The queue of stories cannot be reached at the moment. Try again in a minute.',
  overloaded: 'The queue of stories is too busy to answer. Try again in a minute.',
  personAtOnce: (most: number) =>
    most === 1
      ? 'You have a story under way. The next can start when it is done.'
      : `You have ${count(most)} stories under way. The next can start when one of them is done.`,
  personHourly: (most: number, ms: number) =>
    `${most === 1 ? 'You have had your story' : `You have had your ${count(most)} stories`} for this hour. ` +
    `The next can start in ${minutes(ms)}.`,
  communityAtOnce: (most: number) =>
    `${most === 1 ? 'A story is' : `${count(most)} stories are`} under way here, which is the limit of this ` +
    'community. Try again in a minute.',
  communityHourly: (most: number, ms: number) =>
    `This community has had its ${most === 1 ? 'story' : `${count(most)} stories`} for this hour. The next can ` +
    `start in ${minutes(ms)}.`,
  queueFull: (waiting: number) =>
    `${waiting === 1 ? 'A story is' : `${count(waiting)} stories are`} waiting already. Try again in a few minutes.`,
  queueWait: (waitMs: number, longestMs: number) =>
    `So many stories are waiting that yours would begin in ${minutes(waitMs)} only. Try again in ` +
    `${minutes(waitMs - longestMs)}.`,
} as const;

function count(number: number): string {
  return number.toLocaleString('en');
}

/** `12 minutes`: rounded up, so that the promised time holds. */
function minutes(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms / 60_000));
  return whole === 1 ? 'a minute' : `${count(whole)} minutes`;
}
