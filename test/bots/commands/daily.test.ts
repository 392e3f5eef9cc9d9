import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pino } from 'pino';
import { BlockLists } from '../../../src/bots/blocks.ts';
import { dailyQueueOf, PromptChannels } from '../../../src/bots/channel-settings.ts';
import { DailyLines } from '../../../src/bots/commands/daily.ts';
import { StoryError } from '../../../src/errors.ts';
import { request } from '../../harness/replies.ts';
import { BACKENDS } from '../../helpers/backends.ts';
import { until } from '../../helpers/programs.ts';

const { start } = BACKENDS.find(({ skip }) => !skip)!;

it('keeps a daily line when the queue is unavailable at its hour', { timeout: 240_000 }, async () => {
  const backend = await start();
  const connection = await backend.connect();
  const channels = new PromptChannels(connection, 'test');
  await channels.ready();
  await channels.write({ channelId: 'here', daily: { hour: 0, timeZone: 'UTC', preset: 'calm' } });
  const submitted: string[] = [];
  const presets = new Set<unknown>();
  // More than the number of attempts of the job.
  let refusals = 4;
  const chat = {
    logger: pino({ level: 'silent' }),
    blocks: new BlockLists(connection, []),
    parse(input: Readonly<Record<string, unknown>>) {
      presets.add(input.preset);
      return request(1);
    },
    async submit(id: string) {
      if (refusals-- > 0) throw new StoryError('queue_unavailable', 'The queue cannot be reached.');
      submitted.push(id);
    },
  };
  const adapter = {
    dailyHandle: async () => null,
    presenceIn: () => ({ platform: 'discord', channels: [] }) as const,
  };
  const daily = new DailyLines(channels, adapter, chat, () => Date.UTC(2026, 10, 26));
  const close = daily.work(connection);
  const queue = connection.queue<{ channelId: string }, void>(dailyQueueOf('test'));
  try {
    const job = await queue.add('daily' as never, { channelId: 'here' } as never, { attempts: 3 });
    await until(async () => (await queue.getJobState(job.id!)) === 'completed', 'the line');
    assert.deepEqual(submitted, ['dhere-20261126']);
    assert.deepEqual([...presets], ['calm']);
  } finally {
    await close();
    await Promise.all([queue.close(), channels.close(), chat.blocks.close()]);
    await backend.stop();
  }
});
