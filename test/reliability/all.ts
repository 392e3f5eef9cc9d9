/** The faults, in the order of the table. */
import { REFUSALS, type Refusal } from '../helpers/redis-refusals.ts';
import type { Fault } from './fault.ts';
import { killed, poison, told } from './faults/ends.ts';
import { killedDuring } from './faults/own.ts';
import { blocked, chatsAway, clockJumps, damagedWeights, fullDisk } from './faults/places.ts';
import { absentAtStart, cutOff, restarted } from './faults/redis.ts';
import { refused, restartedMeanwhile } from './faults/refusals.ts';

/** Kills in all, over the three kinds of processes. */
const KILLS = { worker: 34, bots: 33, start: 33 } as const;
const SHORT_KILLS = 2;
const OWN_KILLS = 12;
const SEED = 4_711;
const BLOCK_SECONDS = 40;
const SHORT_BLOCK_SECONDS = 8;

export function allFaults(isShort: boolean): readonly Fault[] {
  const cuts = isShort ? [1] : [1, 10, 60];
  const refusals = Object.keys(REFUSALS) as Refusal[];
  const refusedFor = isShort ? [3] : [3, 60];
  const kills = (victim: keyof typeof KILLS) => killed(victim, isShort ? SHORT_KILLS : KILLS[victim], SEED);
  const blockSeconds = isShort ? SHORT_BLOCK_SECONDS : BLOCK_SECONDS;
  return [
    absentAtStart(),
    ...cuts.flatMap((seconds) => [cutOff('reset', seconds), cutOff('silence', seconds)]),
    ...refusals.flatMap((refusal) => refusedFor.map((seconds) => refused(refusal, seconds))),
    restartedMeanwhile(),
    restarted('with'),
    restarted('without'),
    kills('worker'),
    kills('bots'),
    kills('start'),
    ...(['redis', 'embedded'] as const).flatMap((backend) =>
      (['Delete', 'Undo', 'Edit', 'Share'] as const).map((action) =>
        killedDuring(action, isShort ? SHORT_KILLS : OWN_KILLS, SEED, backend),
      ),
    ),
    told('worker'),
    told('bots'),
    told('start'),
    poison(),
    damagedWeights(),
    fullDisk(),
    clockJumps(),
    blocked('worker', blockSeconds),
    blocked('bots', blockSeconds),
    chatsAway(),
  ];
}
