import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { REDIS_SERVER, skipWithout, startRedis } from '../helpers/programs.ts';

const CONTENDER = fileURLToPath(new URL('../helpers/limits-contender.ts', import.meta.url));
const ROUNDS = 20;
const ASKED = 5;

async function answerOf(child: ChildProcess, question: object): Promise<string[]> {
  const answer = once(child, 'message');
  child.send(question);
  return (await answer)[0] as string[];
}

it('two processes give a user exactly three slots', {
  skip: skipWithout(REDIS_SERVER),
  timeout: 240_000,
}, async () => {
  const redis = await startRedis();
  const children: ChildProcess[] = [];
  try {
    for (let process = 0; process < 2; process++) {
      const env = { ...globalThis.process.env, REDIS_URL: redis.url };
      children.push(fork(CONTENDER, { execArgv: ['--import', 'tsx'], env }));
    }
    await Promise.all(children.map((child) => once(child, 'message')));
    for (let round = 0; round < ROUNDS; round++) {
      const question = { who: `test:${round}`, count: ASKED };
      const refused = (await Promise.all(children.map((child) => answerOf(child, question)))).flat();
      assert.equal(refused.length, 2 * ASKED - 3, `round ${round}`);
      for (const sentence of refused) assert.match(sentence, /^You have 3 stories under way\./);
    }
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await redis.stop();
  }
});
