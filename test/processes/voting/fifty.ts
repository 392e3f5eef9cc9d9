/**
 * A vote by fifty people at once: everyone clicks twice, then changes their mind, and ten of them go on pressing until after
 * the round has ended.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueueConnection } from '../../../src/queue/connection.ts';
import type { VoteRecord } from '../../../src/queue/votes/records.ts';
import { CHOICES } from '../../../src/story/continuations.ts';
import { until } from '../../helpers/programs.ts';
import { Ballots, checkVote, latenessOf } from './ballots.ts';
import type { SeenVote, VoteSite } from './site.ts';

export const PEOPLE = 50;
const HURRIED = 10;
const TIMEOUT_MS = 60_000;
/** How long before and after the end of a round some people go on pressing. */
const AROUND_THE_END_MS = 1_000;
const BETWEEN_PRESSES_MS = 60;

export interface FiftyReport {
  readonly rounds: number;
  readonly counted: number;
  readonly late: number;
  /** How late each round ended that was not closed early, in ms by the store's clock. */
  readonly lateMs: readonly number[];
}

export interface FiftyOptions {
  readonly rounds: number;
  /** How many of them take their time; the host closes the others. */
  readonly timed: number;
  readonly seconds: number;
  /** Whether every press is delivered twice, while this is called with true. */
  readonly repeat?: (isTwice: boolean) => void;
}

export async function fiftyVote(
  site: VoteSite,
  connection: QueueConnection,
  { rounds, timed, seconds, repeat = () => {} }: FiftyOptions,
): Promise<FiftyReport> {
  const ballots = new Ballots();
  const store = await connection.votes();
  const vote = await site.start(rounds, seconds);
  const [id] = await store.list(Number.MAX_SAFE_INTEGER);
  const read = async () => (await store.read<VoteRecord<unknown>>(id!))!.record;
  const ends: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    await until(() => vote.openRound() === round, `round ${round}`, TIMEOUT_MS);
    // The end is stored after the choices are shown.
    const { endsAt } = (await until(async () => ((await read()).vote.endsAt ? read() : undefined), 'its end'))
      .vote;
    ends.push(endsAt!);
    const everyone = (act: (person: number) => Promise<unknown>) =>
      Promise.all(Array.from({ length: PEOPLE }, (_, person) => act(person)));
    repeat(true);
    await everyone((person) => {
      const wrong = (person + round) % CHOICES;
      return Promise.all([wrong, wrong].map((choice) => press(vote, ballots, person, choice)));
    });
    repeat(false);
    await everyone((person) => press(vote, ballots, person, (person * round) % CHOICES));
    const isTimed = round <= timed;
    const stopAt = isTimed ? endsAt! + AROUND_THE_END_MS : Date.now() + AROUND_THE_END_MS;
    if (isTimed) await sleep(Math.max(0, endsAt! - AROUND_THE_END_MS - Date.now()));
    else vote.control('Close this round');
    await Promise.all(
      Array.from({ length: HURRIED }, async (_, person) => {
        for (let turn = person; Date.now() < stopAt && vote.openRound() === round; turn++) {
          await press(vote, ballots, person, turn % CHOICES);
          await sleep(BETWEEN_PRESSES_MS);
        }
      }),
    );
  }
  await until(() => vote.isOver(), 'the end', TIMEOUT_MS);
  const { vote: ended } = await until(
    async () => ((await read()).isEndShown ? read() : undefined),
    'the record of the end',
    TIMEOUT_MS,
  );
  assert.equal(checkVote(ended, ballots), rounds);
  assert.equal(vote.messages(), 1);
  assert.equal(site.complaints(), 0);
  assert.equal(ballots.count('unheard'), 0);
  const closed = new Set(Array.from({ length: rounds - timed }, (_, index) => timed + index + 1));
  latenessOf(vote.states(), closed);
  return {
    rounds,
    counted: ballots.count('counted'),
    late: ballots.count('late'),
    lateMs: ends.slice(0, timed).map((endsAt, index) => endedAt(vote, index + 1) - endsAt),
  };
}

/** Presses, and notes it, unless the round is over by then. */
async function press(vote: SeenVote, ballots: Ballots, person: number, choice: number): Promise<void> {
  const cast = await vote.press(person, choice, TIMEOUT_MS);
  if (cast) ballots.note(String(person), cast);
}

/** When the message first showed that a round is over. */
function endedAt(vote: SeenVote, round: number): number {
  const states = vote.states();
  const opened = states.findIndex((state) => state.round === round && state.endsAt !== undefined);
  return states.slice(opened).find(({ endsAt }) => endsAt === undefined)!.at;
}
