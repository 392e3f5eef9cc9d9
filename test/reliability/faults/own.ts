/** Processes that are killed while a user deletes, takes back, edits or shares a story. */
import { type OwnAction, type OwnBackend, surviveOwnAction } from '../../processes/own-survival.ts';
import { type Fault, randomFrom } from '../fault.ts';

const NAMES: Readonly<Record<OwnAction, string>> = {
  Delete: 'a story is deleted',
  Undo: 'a continuation is taken back',
  Edit: 'a story is edited',
  Share: 'a story is shared',
};

const VICTIMS: Readonly<Record<OwnBackend, { who: string; how: string }>> = {
  redis: { who: 'the bots are', how: '`kill -9`, every second time of the worker too' },
  embedded: { who: 'the one process with its embedded queue is', how: '`kill -9`' },
};

/** `kill -9` at random moments after a button was pressed; what was acknowledged counts as accepted. */
export function killedDuring(action: OwnAction, kills: number, seed: number, backend: OwnBackend): Fault {
  const { who, how } = VICTIMS[backend];
  return {
    name: `${who} killed at ${kills} random moments while ${NAMES[action]}`,
    how: `${how}; on Discord; moments by seed ${seed}`,
    async run() {
      const { done, unheard } = await surviveOwnAction(action, kills, randomFrom(seed), backend);
      const none = { told: 0, lost: 0, doubled: 0, refused: 0, longestPauseMs: 0 };
      return { accepted: done, whole: done, unheard, ...none, remark: 'every lease was given back' };
    },
  };
}
