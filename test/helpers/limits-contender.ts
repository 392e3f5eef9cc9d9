/**
 * A process that asks for stories on its parent's command, so that several can contend for the last slots.
 */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { submit } from '../../src/bots/submit.ts';
import { openLimits } from '../../src/queue/admission/open-limits.ts';
import { openConnection } from '../../src/queue/open.ts';
import { Replies } from '../../src/queue/replies.ts';
import { Stories } from '../../src/queue/stories.ts';
import { NO_LIMITS } from './limits.ts';

const logger = pino({ level: 'silent' });
const settings = { redisUrl: process.env.REDIS_URL, dataFolder: '', prefix: 'race' };
const connection = await openConnection(settings, logger);
const stories = new Stories(connection);
const person = { running: 1, waiting: 2, hourly: 10 };
const { limits } = await openLimits(connection, stories, { ...NO_LIMITS, person });
const replies = new Replies<null>(connection, 'race', logger, limits);
await Promise.all([stories.ready(), replies.ready()]);
const request = { prompt: 'It', context: '', temperature: 0.4, length: 400, seed: 1, model: 'scifi' };

/** Asks for a number of stories at once; answers with the sentence of each refused one. */
process.on('message', async ({ who, count }: { who: string; count: number }) => {
  const asked = await Promise.allSettled(
    Array.from({ length: count }, () =>
      submit({ replies, limits }, randomUUID(), request, () => null, { person: who }),
    ),
  );
  process.send!(asked.flatMap((one) => (one.status === 'rejected' ? [String(one.reason.message)] : [])));
});
process.send!('up');
