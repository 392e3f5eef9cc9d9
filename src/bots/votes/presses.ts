/** The buttons of a vote, and what their presses do, on every platform. */
import type { VoteChanges } from '../../queue/votes/changes.ts';
import {
  CHOSEN,
  IS_OVER,
  LATE,
  NOT_KEPT,
  NOT_REQUESTER,
  notHost,
  ROUND_IS_OVER,
  type VoteControl,
} from './wording.ts';

/** A button of a vote. */
export type VoteButton =
  | { readonly action: 'choose'; readonly voteId: string; readonly round: number; readonly choice: number }
  | {
      /** Chooses an opening. */
      readonly action: 'pick';
      readonly voteId: string;
      readonly choice: number;
      /** The only user who may. */
      readonly hostId: string;
    }
  | {
      readonly action: VoteControl;
      readonly voteId: string;
      readonly round: number;
      /** The user who started the vote. */
      readonly hostId: string;
    };

/** Who has pressed a button, and when. */
export interface VotePress {
  /** In the platform's terms. */
  readonly userId: string;
  /** As limits name requesters. */
  readonly person: string;
  /** In ms since 1970, by the platform's clock. */
  readonly at: number;
  /** Whether the user may end what others have started. */
  readonly isModerator: () => Promise<boolean>;
}

/**
 * Does what a button says.
 *
 * @returns a sentence for the user, if there is one
 * @throws StoryError `queue_unavailable` with a sentence
 */
export async function pressVote(
  votes: Pick<VoteChanges<unknown>, 'choose' | 'cast' | 'closeRound' | 'end' | 'delete'>,
  button: VoteButton,
  { userId, person, at, isModerator }: VotePress,
): Promise<string | undefined> {
  const { voteId } = button;
  if (button.action === 'pick') {
    if (userId !== button.hostId) return NOT_REQUESTER;
    return (await votes.choose(voteId, person, button.choice, at)) ? undefined : CHOSEN;
  }
  const { round } = button;
  if (button.action === 'choose') {
    return (await votes.cast(voteId, round, person, button.choice, at)) ? undefined : LATE;
  }
  if (userId !== button.hostId && !(await isModerator())) return notHost(button.action);
  switch (button.action) {
    case 'close':
      return (await votes.closeRound(voteId, round)) ? undefined : ROUND_IS_OVER;
    case 'end':
      return (await votes.end(voteId)) ? undefined : IS_OVER;
    case 'delete':
      return (await votes.delete(voteId)) ? undefined : NOT_KEPT;
  }
}
