/**
 * Traces through the queues: one trace from the requested reply to the written story, without any text that
 * the user wrote or read.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-node';
import { pino } from 'pino';
import type { Storyteller } from '../src/generator/storyteller.ts';
import { openConnection } from '../src/queue/open.ts';
import type { StoryRequest } from '../src/story/story.ts';
import { startTracing } from '../src/tracing.ts';
import { fakeStoryteller } from './fakes/fake-storyteller.ts';
import { openReplies, request } from './harness/replies.ts';
import { REDIS_SERVER, skipWithout, startRedis, until } from './helpers/programs.ts';

const CANARY = 'A canary that nobody may read ';

describe('tracing', { skip: skipWithout(REDIS_SERVER), timeout: 240_000 }, () => {
  it('follows a story through both queues, and holds none of its text', async () => {
    const redis = await startRedis();
    const logger = pino({ level: 'silent' });
    const exporter = new InMemorySpanExporter();
    const tracing = startTracing(logger, exporter);
    const { storyteller } = fakeStoryteller();
    // One story that fails with the very text of its prompt.
    const frail = {
      credits: storyteller.credits,
      unreadable: (wanted: StoryRequest) => storyteller.unreadable(wanted),
      tell(wanted: StoryRequest, options: Parameters<Storyteller['tell']>[1]) {
        if (wanted.seed === 13) throw new Error(`cannot continue ${wanted.prompt}`);
        return storyteller.tell(wanted, options);
      },
    } as unknown as Storyteller;
    let close = async () => {};
    try {
      const settings = {
        redisUrl: redis.url,
        dataFolder: '',
        prefix: 'traced',
        telemetry: tracing.telemetry,
      };
      const harness = await openReplies(() => openConnection(settings, logger), frail);
      close = harness.close;
      const [told, failed] = await Promise.all([harness.ask(1, CANARY), harness.ask(13, CANARY)]);
      assert.deepEqual([told.status, failed.status], ['finished', 'failed']);
      const spans = () => exporter.getFinishedSpans();
      const traceOf = (name: string) => new Set(named(name).map((span) => span.spanContext().traceId));
      const named = (name: string) => spans().filter((span) => span.name === name);
      await until(() => named('process replies-test').length === 2, 'both replies to be done');

      // The failing story is tried three times.
      assert.deepEqual(
        ['add replies-test.reply', 'process replies-test', 'add stories.story', 'process stories'].map(
          (name) => named(name).length,
        ),
        [2, 2, 2, 4],
      );
      const traces = traceOf('add replies-test.reply');
      assert.equal(traces.size, 2);
      for (const span of spans())
        assert.ok(traces.has(span.spanContext().traceId), `${span.name} stands alone`);
      for (const story of named('process stories')) {
        const path = [story.name];
        for (let at = story; ; ) {
          const parent = spans().find((span) => span.spanContext().spanId === at.parentSpanContext?.spanId);
          if (!parent) break;
          path.push(parent.name);
          at = parent;
        }
        assert.deepEqual(path, [
          'process stories',
          'add stories.story',
          'process replies-test',
          'add replies-test.reply',
        ]);
      }

      const seen = JSON.stringify(
        spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
      );
      const words = await storyteller.tell(request(1, CANARY));
      assert.doesNotMatch(seen, /canary|cannot continue|Something broke/);
      assert.ok(!seen.includes(words.text.slice(CANARY.length, CANARY.length + 12)));
      assert.match(seen, /"bullmq.job.id":"test-[0-9a-f-]{36}"/);
      assert.match(seen, /job failed/);
    } finally {
      await close();
      await tracing.close();
      await redis.stop();
    }
  });
});
