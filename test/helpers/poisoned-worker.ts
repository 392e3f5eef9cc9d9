/** A worker whose storyteller crashes the whole process at every story, as a defect in native code would. */
import { pino } from 'pino';
import type { Storyteller } from '../../src/generator/storyteller.ts';
import { openConnection } from '../../src/queue/open.ts';
import { Stories } from '../../src/queue/stories.ts';
import { StoryWorker } from '../../src/queue/story-worker.ts';

const logger = pino();
const settings = { redisUrl: process.env.REDIS_URL, dataFolder: '', prefix: 'scifi' };
const connection = await openConnection(settings, logger);
const stories = new Stories(connection);
await stories.ready();
const storyteller = {
  credits: { modelVersion: 'poison', engine: 'poison' },
  continues: () => true,
  unreadable: () => 0,
  tell: () => process.kill(process.pid, 'SIGKILL'),
} as unknown as Storyteller;
const worker = new StoryWorker({
  connection,
  stories,
  logger,
  storyteller: () => storyteller,
  concurrency: 1,
});
await worker.ready();
