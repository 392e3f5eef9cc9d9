/** Processes that are killed while a user deletes, takes back, edits or shares a story. */
import { type OwnAction, surviveOwnAction } from '../../processes/own-survival.ts';
import { type Fault, randomFrom } from '../fault.ts';

const NAMES: Readonly<Record<OwnAction, string>> = {
  Delete: 'a story is deleted',
  Undo: 'a continuation is taken back',
  Edit: 'a story is edited',
  Share: 'a story is shared',
};

/** `kill -9` at random moments after a button was pressed; what was acknowledged counts as accepted. */
export function killedDuring(action: OwnAction, kills: number, seed: number): Fault {
  return {
    name: `the bots are killed at ${kills} random moments while ${NAMES[action]}`,
    how: `\`kill -9\`, every second time of the worker too; on Discord; moments by seed ${seed}`,
    async run() {
      const { done, unheard } = await surviveOwnAction(action, kills, randomFrom(seed));
      const none = { told: 0, lost: 0, doubled: 0, refused: 0, longestPauseMs: 0 };
      return { accepted: done, whole: done, unheard, ...none, remark: 'every lease was given back' };
    },
  };
}
