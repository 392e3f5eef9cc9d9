import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { survive, type Victim } from './survival.ts';

const KILLS = 20;

describe(`kill -9, ${KILLS} times`, () => {
  const cases: [Victim, string][] = [
    ['worker', 'of the worker, on Redis'],
    ['bots', 'of the bots, on Redis'],
    ['start', 'of the one process, embedded'],
  ];
  for (const [victim, name] of cases) {
    const skip = victim === 'start' ? false : skipWithout(REDIS_SERVER);
    it(name, { skip }, async (t) => {
      const { stories, longestPauseMs } = await survive(victim, KILLS);
      t.diagnostic(`${stories} stories ended once each; longest pause ${longestPauseMs} ms`);
    });
  }
});
