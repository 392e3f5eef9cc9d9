/** Limits: the operator's, and below those the ones that a community's administrators set. Pure. */

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

/** The limits that a community's administrators have set; the others are the operator's. */
export type CommunityLimits = Partial<Bounds>;

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
