/** Names in data stored by version 0.1.0, mapped to today's. Nothing is written in the old form. */

import type { CommunityLimits } from './admission/settings.ts';
import type { Lease } from './admission/store.ts';

/** A reply's job: `ticket`, with the community's keys under `place`, became `lease`. */
interface OldReplyJobData {
  readonly ticket?: { readonly person: readonly string[]; readonly place: readonly string[] };
}

/** A community's limits: `place...` became `community...`. */
interface OldCommunityLimits {
  readonly placeAtOnce?: number;
  readonly placeHourly?: number;
}

/** The lease of a stored reply; undefined where it was not admitted for a requester. */
export function leaseOf({ lease, ticket }: { readonly lease?: Lease } & OldReplyJobData): Lease | undefined {
  return lease ?? (ticket && { person: ticket.person, community: ticket.place });
}

export function currentLimits(stored: CommunityLimits & OldCommunityLimits): CommunityLimits {
  const { placeAtOnce, placeHourly, ...limits } = stored;
  return {
    ...(placeAtOnce === undefined ? {} : { communityAtOnce: placeAtOnce }),
    ...(placeHourly === undefined ? {} : { communityHourly: placeHourly }),
    ...limits,
  };
}
