/** `/scifi-limits`: the limits on users' requests in a community; the same in every chat. */
import { StoryError } from '../../errors.ts';
import type { CommunityLimitSettings } from '../../queue/admission/settings.ts';
import {
  type Bounds,
  boundsIn,
  type CommunityLimits,
  isWithin,
  type LimitSettings,
  operatorBounds,
} from '../../queue/admission/settings.ts';

/** The name of each limit in the command. */
export const LIMIT_NAMES: Readonly<Record<keyof Bounds, string>> = {
  personAtOnce: 'person-at-once',
  personHourly: 'person-hourly',
  communityAtOnce: 'all-at-once',
  communityHourly: 'all-hourly',
};
export const LIMIT_KEYS = Object.keys(LIMIT_NAMES) as (keyof Bounds)[];

/** An order to show or change a community's limits. */
export type LimitsOrder =
  | { readonly kind: 'set'; readonly limits: CommunityLimits }
  | { readonly kind: 'show' | 'reset' };

/** The dependencies of the command. */
export interface LimitsTools {
  readonly communityLimits: CommunityLimitSettings;
  /** The operator's limits. */
  readonly limitSettings: LimitSettings;
}

/**
 * Carries out an order.
 *
 * @param community as in `Requester`
 * @returns the sentences that answer it
 * @throws StoryError `bad_request` with a sentence when it cannot be done
 */
export async function carryOutLimits(
  order: LimitsOrder,
  community: string,
  { communityLimits, limitSettings }: LimitsTools,
): Promise<string> {
  switch (order.kind) {
    case 'show':
      return describe(await communityLimits.read(community), limitSettings);
    case 'reset':
      await communityLimits.remove(community);
      return describe({}, limitSettings);
    case 'set': {
      if (Object.keys(order.limits).length === 0) {
        throw new StoryError('bad_request', `Give one of ${Object.values(LIMIT_NAMES).join(', ')}.`);
      }
      const limits = { ...(await communityLimits.read(community)), ...order.limits };
      const operators = operatorBounds(limitSettings);
      for (const key of LIMIT_KEYS) {
        const limit = order.limits[key];
        if (limit !== undefined && !isWithin(limit, operators[key])) {
          throw new StoryError('bad_request', outOfBounds(key, limit, operators[key]));
        }
      }
      await communityLimits.write(community, limits);
      return describe(limits, limitSettings);
    }
  }
}

function outOfBounds(key: keyof Bounds, limit: number, most: number): string {
  const bounds = most === 0 ? '1 up' : `1 to ${count(most)}, which is what whoever operates me allows`;
  return `The ${LIMIT_NAMES[key]} is ${limit}; give a whole number from ${bounds}.`;
}

function describe(own: CommunityLimits, settings: LimitSettings): string {
  const { personAtOnce, personHourly, communityAtOnce, communityHourly } = boundsIn(settings, own);
  const set = LIMIT_KEYS.filter((key) => own[key] !== undefined).map(
    (key) => `${LIMIT_NAMES[key]} ${count(own[key]!)}`,
  );
  return [
    `Each person here may have ${stories(personAtOnce)} under way and ${stories(personHourly)} an hour.`,
    `All together may have ${stories(communityAtOnce)} under way and ${stories(communityHourly)} an hour.`,
    set.length > 0
      ? `Set here: ${set.join(', ')}. The rest is as whoever operates me has it.`
      : 'Nothing is set here: that is as whoever operates me has it.',
  ].join('\n');
}

function stories(most: number): string {
  if (most === 0) return 'any number of stories';
  return most === 1 ? '1 story' : `${count(most)} stories`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}
