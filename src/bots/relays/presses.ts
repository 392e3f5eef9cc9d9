/** The buttons of a relay, and what their presses do, on every platform. */
import type { Relays } from '../../queue/relays/relays.ts';
import { IS_OVER, ITS_OWN, NOT_KEPT, notHost, OFF_SHELF, type RelayControl } from './wording.ts';

/** A button of a relay. */
export interface RelayButton {
  readonly action: RelayControl;
  readonly relayId: string;
  /** The user who started the relay. */
  readonly hostId: string;
}

/** Who has pressed a button. */
export interface RelayPress {
  /** In the platform's terms. */
  readonly userId: string;
  /** Whether the user may end what others have started. */
  readonly isModerator: () => Promise<boolean>;
  /** Takes the relay's work off the shelf; false when it is not there. */
  readonly removeWork: () => Promise<boolean>;
}

/**
 * Does what a button says.
 *
 * @returns a sentence for the user, if there is one
 * @throws StoryError `queue_unavailable` with a sentence
 */
export async function pressRelay(
  relays: Pick<Relays<unknown>, 'changes' | 'delete'>,
  { action, relayId, hostId }: RelayButton,
  { userId, isModerator, removeWork }: RelayPress,
): Promise<string | undefined> {
  if (action === 'ask') {
    const asked = await relays.changes.ask(relayId);
    return { asked: undefined, 'its own': ITS_OWN, over: IS_OVER }[asked];
  }
  if (userId !== hostId && !(await isModerator())) return notHost(action);
  if (action === 'end') return (await relays.changes.end(relayId)) ? undefined : IS_OVER;
  if (await relays.delete(relayId)) return undefined;
  return (await removeWork()) ? OFF_SHELF : NOT_KEPT;
}
