/** Processes that end: killed, told to, and crashed by a story. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Crowd, Deployment } from '../../harness/deployment.ts';
import { alive, descendants } from '../../helpers/children.ts';
import type { Role } from '../../helpers/processes.ts';
import { until } from '../../helpers/programs.ts';
import { type Counts, count, type Fate, sum } from '../counts.ts';
import { type Fault, FEW_SLOTS, randomFrom } from '../fault.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CROWD: Crowd = { page: 2, discord: 1, slack: 1 };
const LOAD: Crowd = { page: 8, discord: 4, slack: 3 };
/** The kill occurs at any moment between the requests and shortly after the end of the shorter stories. */
const KILL_WINDOW_MS = 2_500;
/** After this number of kills the run waits for every request. */
const KILLS_AT_A_STRETCH = 4;
const STOP_LIMIT_MS = 20_000;

const WORDS: Readonly<Record<Role, string>> = {
  worker: 'the worker is',
  bots: 'the bots are',
  start: 'the one process with its embedded queue is',
};

function rolesOf(victim: Role): readonly Role[] {
  return victim === 'start' ? ['start'] : ['worker', 'bots'];
}

/** `kill -9` at random moments, repeatedly. */
export function killed(victim: Role, kills: number, seed: number): Fault {
  const what = WORDS[victim];
  return {
    name: `${what} killed at ${kills} random moments`,
    how: `\`kill -9\`, with new stories before each; moments by seed ${seed}`,
    async run() {
      const random = randomFrom(seed);
      const deployment = await Deployment.open({ isEmbedded: victim === 'start' });
      const rounds: Counts[] = [];
      try {
        for (const role of rolesOf(victim)) await deployment.start(role, role);
        for (let done = 0; done < kills; ) {
          const asked = [];
          for (let i = 0; i < KILLS_AT_A_STRETCH && done < kills; i++, done++) {
            asked.push(deployment.ask(CROWD));
            await sleep(random() * KILL_WINDOW_MS);
            await deployment.process(victim).kill();
            await deployment.start(victim, victim);
          }
          const fates: Fate[][] = [];
          for (const round of asked) fates.push(await round.fates());
          rounds.push(...fates.map(count));
        }
        return sum(rounds);
      } finally {
        await deployment.close();
      }
    },
  };
}

/** SIGTERM with active stories. */
export function told(victim: Role): Fault {
  return {
    name: `${WORDS[victim]} stopped under load`,
    how: 'SIGTERM with stories in progress; started again at once; exit code, time and child processes are checked',
    async run() {
      const deployment = await Deployment.open({ isEmbedded: victim === 'start' });
      try {
        for (const role of rolesOf(victim)) await deployment.start(role, role, FEW_SLOTS);
        const round = deployment.ask(LOAD);
        await round.underWay;
        const process = deployment.process(victim);
        const children = await descendants(process.pid);
        const begun = performance.now();
        const code = await process.stop();
        const ms = Math.round(performance.now() - begun);
        assert.equal(code, 0, process.output().slice(-500));
        assert.ok(ms < STOP_LIMIT_MS, `${ms} ms`);
        await until(async () => (await alive(children)).length === 0, 'its children to end');
        await deployment.start(victim, victim, FEW_SLOTS);
        return { ...count(await round.fates()), remark: `ended after ${(ms / 1_000).toFixed(1)} s` };
      } finally {
        await deployment.close();
      }
    },
  };
}

/** A story that crashes every worker that writes it. */
export function poison(): Fault {
  return {
    name: 'a story crashes every worker that takes it',
    how: 'a storyteller that kills its own process; a supervisor starts another worker each time',
    async run() {
      const deployment = await Deployment.open();
      let over = false;
      let lost = 0;
      const supervise = async () => {
        while (!over) {
          const child = spawn(process.execPath, ['--import', 'tsx', 'test/helpers/poisoned-worker.ts'], {
            cwd: ROOT,
            env: { ...process.env, ...deployment.env },
            stdio: 'ignore',
          });
          const ended = new Promise<NodeJS.Signals | null>((resolve) =>
            child.once('exit', (_, signal) => resolve(signal)),
          );
          const waiting = setInterval(() => over && child.kill('SIGTERM'), 50);
          if ((await ended) === 'SIGKILL') lost++;
          clearInterval(waiting);
        }
      };
      const supervising = supervise();
      try {
        await deployment.start('bots', 'bots');
        const [fate] = await deployment.ask({ page: 1 }).fates();
        assert.match(fate!.sentence ?? '', /given up\. Try another opening/);
        assert.equal(lost, 3);
        return { ...count([fate!]), remark: `${lost} workers were lost` };
      } finally {
        over = true;
        await supervising;
        await deployment.close();
      }
    },
  };
}
