/** How much is allowed: by whoever operates the bot, and below that by the administrators of a place. Pure. */

/** The operator's limits; 0 is none, everywhere. */
export interface LimitSettings {
  readonly person: {
    /** Stories at once. */
    readonly running: number;
    /** Further ones that wait for those. */
    readonly waiting: number;
    readonly hourly: number;
  };
  /** A server's or workspace's share: running and waiting ones together. */
  readonly community: { readonly atOnce: number; readonly hourly: number };
  /** Stories that may wait altogether. */
  readonly maxWaiting: number;
  /** The wait that can still be promised to somebody. */
  readonly longestWaitMs: number;
}

/** What can be limited in a place; running and waiting stories together, where it is `AtOnce`. */
export interface Bounds {
  readonly personAtOnce: number;
  readonly personHourly: number;
  readonly communityAtOnce: number;
  readonly communityHourly: number;
}

/** What the administrators of a place have set; the rest is the operator's. */
export type CommunityLimits = Partial<Bounds>;

/** The operator's limits as bounds of what can be set in a place. */
export function operatorBounds({ person, community }: LimitSettings): Bounds {
  const { running, waiting } = person;
  return {
    personAtOnce: running > 0 && waiting > 0 ? running + waiting : 0,
    personHourly: person.hourly,
    communityAtOnce: community.atOnce,
    communityHourly: community.hourly,
  };
}

/** What holds in a place: of the operator's limits and its own always the lower one. */
export function boundsIn(settings: LimitSettings, own: CommunityLimits = {}): Bounds {
  const operators = operatorBounds(settings);
  return {
    personAtOnce: lower(operators.personAtOnce, own.personAtOnce),
    personHourly: lower(operators.personHourly, own.personHourly),
    communityAtOnce: lower(operators.communityAtOnce, own.communityAtOnce),
    communityHourly: lower(operators.communityHourly, own.communityHourly),
  };
}

/** Whether a place may set a limit: a whole number, and no more than the operator allows. */
export function isWithin(limit: number, operators: number): boolean {
  return Number.isInteger(limit) && limit >= 1 && (operators === 0 || limit <= operators);
}

function lower(one: number, other = 0): number {
  if (one === 0 || other === 0) return Math.max(one, other);
  return Math.min(one, other);
}
