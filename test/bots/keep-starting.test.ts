import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { keepStarting } from '../../src/bots/keep-starting.ts';
import { StoryError } from '../../src/errors.ts';
import { until } from '../helpers/programs.ts';

const logger = pino({ level: 'silent' });
const chat = { problem: () => undefined, close: async () => {} };

/** Starts a platform whose first attempts fail. */
function start(errors: readonly Error[]): ReturnType<typeof keepStarting> {
  const left = [...errors];
  const attempt = async () => {
    const error = left.shift();
    if (error) throw error;
    return chat;
  };
  return keepStarting('Telegraph', attempt, () => {}, logger);
}

describe('a chat platform', { timeout: 240_000 }, () => {
  it('retries when it cannot be reached or started', async () => {
    const unreachable = new StoryError('chat_unavailable', 'Telegraph cannot be reached.');
    const cases = [
      [unreachable, 'Telegraph cannot be reached.'],
      [new TypeError('a defect'), 'Telegraph could not be started.'],
    ] as const;
    for (const [error, problem] of cases) {
      const started = await start([error]);
      assert.equal(started.problem(), problem);
      await until(() => started.problem() === undefined, 'a start');
      await started.close();
    }
  });

  it('does not retry when the platform rejects the settings', async () => {
    const refused = new StoryError('configuration', 'Telegraph refuses the token.');
    await assert.rejects(start([refused]), refused);
  });
});
