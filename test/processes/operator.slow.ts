/** The operator's view of real processes: probes, metrics and the board, on a separate port. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { embeddedFolder } from '../helpers/embedded-folder.ts';
import { ask, followReply } from '../helpers/page-client.ts';
import { startRole } from '../helpers/processes.ts';
import { freePort, REDIS_SERVER, skipWithout, startRedis, until } from '../helpers/programs.ts';

const PASSWORD = 'a password of the test';
const CANARY = 'It all began with a canary that nobody may read';
const EMPTY = ['HEADERS', 'TIMEOUT', 'COMPRESSION']
  .map((name) => `OTEL_EXPORTER_OTLP_${name}`)
  .concat(
    ['SERVICE_NAME', 'RESOURCE_ATTRIBUTES', 'TRACES_SAMPLER', 'TRACES_SAMPLER_ARG'].map(
      (name) => `OTEL_${name}`,
    ),
    ['SCHEDULE_DELAY', 'EXPORT_TIMEOUT', 'MAX_QUEUE_SIZE', 'MAX_EXPORT_BATCH_SIZE'].map(
      (name) => `OTEL_BSP_${name}`,
    ),
  );
const STORY_TIMEOUT_MS = 180_000;

async function get(url: string, password?: string): Promise<{ status: number; text: string }> {
  const authorization = password && `Basic ${Buffer.from(`operator:${password}`).toString('base64')}`;
  const response = await fetch(url, { headers: authorization ? { authorization } : {} });
  return { status: response.status, text: await response.text() };
}

/** The trace collector: accepts every post. */
async function startCollector(): Promise<{ url: string; received: string[]; close(): void }> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    request.on('data', (chunk) => received.push(String(chunk)));
    request.on('end', () => response.writeHead(request.url === '/v1/traces' ? 200 : 404).end('{}'));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, received, close: () => server.close() };
}

/** The value of a metric's line; 0 when there is none. */
function figure(metrics: string, line: string): number {
  const found = metrics.split('\n').find((one) => one.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1) ?? 0);
}

describe('the operator’s port', () => {
  it('serves metrics and queues, without any text that users wrote', async () => {
    const [port, operatorPort] = [await freePort(), await freePort()];
    const { folder, remove } = await embeddedFolder();
    const collector = await startCollector();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      // As docker-compose.yml passes on an unset variable.
      ...Object.fromEntries(EMPTY.map((name) => [name, ''])),
      SCIFI_PORT: String(port),
      SCIFI_OPERATOR_PORT: String(operatorPort),
      SCIFI_BOARD_PASSWORD: PASSWORD,
      SCIFI_DATA: folder,
      SCIFI_PACE: '0',
    };
    const base = `http://127.0.0.1:${operatorPort}`;
    const process = await startRole('start', env);
    try {
      assert.equal((await get(`${base}/readyz`)).text, '{"ok":true}');
      assert.equal((await get(`${base}/healthz`)).status, 200);
      const id = await ask(`http://127.0.0.1:${port}`, { prompt: CANARY, length: 300, seed: 7 });
      const end = await followReply(`http://127.0.0.1:${port}`, id, STORY_TIMEOUT_MS);
      assert.ok(end.status === 'finished');
      const written = end.text.length - CANARY.length;
      // Counted when it is delivered; its job is completed a moment later.
      const done = 'scifi_queue_jobs{queue="replies-web",state="completed"}';
      await until(
        async () => figure((await get(`${base}/metrics`)).text, done) === 1,
        'the reply’s job to be done',
      );
      const { text: metrics } = await get(`${base}/metrics`);
      assert.equal(figure(metrics, 'scifi_characters_total'), written);
      assert.equal(figure(metrics, 'scifi_stories_total{ending="complete"}'), 1);
      assert.equal(figure(metrics, 'scifi_replies_total{platform="web",ending="complete"}'), 1);
      assert.equal(figure(metrics, 'scifi_first_text_seconds_count{platform="web"}'), 1);
      assert.ok(figure(metrics, 'scifi_first_text_seconds_sum{platform="web"}') < 10);
      assert.equal(figure(metrics, 'scifi_story_wait_seconds_count'), 1);
      assert.equal(figure(metrics, 'scifi_slots{kind="capacity"}'), 64);
      assert.ok(figure(metrics, 'process_resident_memory_bytes') > 50e6);

      assert.equal((await get(`${base}/board`)).status, 401);
      assert.equal((await get(`${base}/board/api/queues`)).status, 401);
      assert.equal((await get(`${base}/board`, 'another password')).status, 401);
      assert.equal((await get(`${base}/board`, PASSWORD)).status, 200);
      const query = 'activeQueue=replies-web&status=completed&page=1&jobsPerPage=10';
      const { text: board } = await get(`${base}/board/api/queues?${query}`, PASSWORD);
      assert.match(board, new RegExp(id));
      assert.equal(await process.stop(), 0);
      const traces = collector.received.join('');
      for (const name of [
        'add replies-web.reply',
        'process replies-web',
        'add stories.story',
        'process stories',
      ]) {
        assert.ok(traces.includes(`"name":"${name}"`), name);
      }
      assert.match(traces, /"service.name","value":\{"stringValue":"write-me-a-sci-fi"/);
      assert.doesNotMatch(board + metrics + traces, /canary/);
    } finally {
      await process.kill();
      collector.close();
      await remove();
    }
  });

  it('is not ready without its queue, and still alive', {
    skip: skipWithout(REDIS_SERVER),
  }, async () => {
    const redis = await startRedis();
    const operatorPort = await freePort();
    const base = `http://127.0.0.1:${operatorPort}`;
    const env = { REDIS_URL: redis.url, SCIFI_OPERATOR_PORT: String(operatorPort) };
    const process = await startRole('worker', env);
    try {
      assert.equal((await get(`${base}/readyz`)).status, 200);
      await redis.stop();
      await until(async () => (await get(`${base}/readyz`)).status === 503, 'not ready');
      assert.match((await get(`${base}/readyz`)).text, /"queue":/);
      assert.equal((await get(`${base}/healthz`)).status, 200);
      assert.equal((await get(`${base}/board`)).status, 404, 'there is no board without a password');
    } finally {
      await process.kill();
    }
  });
});
