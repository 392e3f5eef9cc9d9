/** The faults, in the order of the table. */
import { REFUSALS, type Refusal } from '../helpers/redis-refusals.ts';
import type { OwnBackend } from '../processes/own-survival.ts';
import { PAGE_ACTIONS } from '../processes/page-own-survival.ts';
import type { Fault } from './fault.ts';
import { killed, poison, told } from './faults/ends.ts';
import { killedDuring, killedDuringOnPage, killedDuringOnSlack, killedInRelays } from './faults/own.ts';
import { blocked, chatsAway, clockJumps, damagedWeights, fullDisk } from './faults/places.ts';
import { absentAtStart, cutOff, restarted } from './faults/redis.ts';
import { refused, restartedMeanwhile } from './faults/refusals.ts';
import { killedDuringVotes } from './faults/votes.ts';

/** Kills in all, over the three kinds of processes. */
const KILLS = { worker: 34, bots: 33, start: 33 } as const;
const SHORT_KILLS = 2;
const OWN_KILLS = 12;
const VOTE_KILLS = 50;
/** On the page and on Slack, which share the queue's part with Discord. */
const FEW_OWN_KILLS = 6;
const BACKENDS = ['redis', 'embedded'] as const;
const CHAT_ACTIONS = ['Delete', 'Undo', 'Edit', 'Share'] as const;
const SEED = 4_711;
const BLOCK_SECONDS = 40;
const SHORT_BLOCK_SECONDS = 8;

export function allFaults(isShort: boolean): readonly Fault[] {
  const cuts = isShort ? [1] : [1, 10, 60];
  const refusals = Object.keys(REFUSALS) as Refusal[];
  const refusedFor = isShort ? [3] : [3, 60];
  const kills = (victim: keyof typeof KILLS) => killed(victim, isShort ? SHORT_KILLS : KILLS[victim], SEED);
  const blockSeconds = isShort ? SHORT_BLOCK_SECONDS : BLOCK_SECONDS;
  const fewKills = isShort ? SHORT_KILLS : FEW_OWN_KILLS;
  const own = (backend: OwnBackend) => ({ kills: isShort ? SHORT_KILLS : OWN_KILLS, seed: SEED, backend });
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
    ...BACKENDS.flatMap((backend) => CHAT_ACTIONS.map((action) => killedDuring(action, own(backend)))),
    ...BACKENDS.flatMap((backend) =>
      PAGE_ACTIONS.map((action) => killedDuringOnPage(action, { ...own(backend), kills: fewKills })),
    ),
    ...(['Delete', 'Undo', 'Edit'] as const).map((action) =>
      killedDuringOnSlack(action, { ...own('redis'), kills: fewKills }),
    ),
    killedDuringVotes('Discord', { ...own('redis'), kills: isShort ? SHORT_KILLS : VOTE_KILLS }),
    killedDuringVotes('Discord', own('embedded')),
    killedDuringVotes('Slack', own('redis')),
    ...BACKENDS.flatMap((backend) =>
      (['Discord', 'Slack'] as const).map((platform) => killedInRelays(platform, own(backend))),
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
