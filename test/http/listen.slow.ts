/** Slow clients on each of the repository's ports. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { App } from '@slack/bolt';
import { pino } from 'pino';
import { boltLogger } from '../../src/bots/slack/receive/bolt.ts';
import { SlackHttpReceiver } from '../../src/bots/slack/receive/receiver.ts';
import { createWebServer } from '../../src/bots/web/server.ts';
import { HTTP_TIMEOUTS, serverTimeouts } from '../../src/http/listen.ts';
import { startOperatorServer } from '../../src/operator/server.ts';
import { MODELS, parseRequest } from '../bots/web/helpers.ts';
import { FakeWebReplies } from '../fakes/web-replies.ts';
import { SHORT_TIMEOUTS as timeouts, trickle, unfinishedPost } from '../helpers/slow-client.ts';

const logger = pino({ level: 'silent' });
const CROWD = 800;
const SIGNED = [`X-Slack-Signature: v0=${'0'.repeat(64)}`, 'X-Slack-Request-Timestamp: '];

describe('a slow client is disconnected', { timeout: 240_000 }, () => {
  const ports: Record<string, { url: string; path: string; headers: string[]; close(): Promise<unknown> }> =
    {};

  before(async () => {
    const page = createWebServer({
      replies: new FakeWebReplies(),
      models: MODELS,
      parseRequest,
      logger,
      port: 0,
      timeouts,
      limits: { stories: CROWD / 2, requests: 1e6 },
    });
    ports.page = { url: await page.listen(), path: '/api/replies', headers: [], close: () => page.close() };

    const checks = { alive: {}, ready: {}, trouble: {} };
    const options = { host: '127.0.0.1', port: 0, boardPassword: 'a password of the test', logger };
    const operator = await startOperatorServer({ ...options, ...checks, timeouts });
    ports.operator = { url: operator.url, path: '/board', headers: [], close: () => operator.close() };

    const bolt = { logger: boltLogger(logger) };
    const receiver = new SlackHttpReceiver({
      signingSecret: 'a-secret-of-the-test',
      host: '127.0.0.1',
      port: 0,
      timeouts,
      bolt,
    });
    const authorize = async () => ({ botToken: 'xoxb-1', botId: 'B1', botUserId: 'U0' });
    const app = new App({ receiver, logger: bolt.logger, authorize });
    const server = (await app.start()) as unknown as { address(): { port: number } };
    ports.slack = {
      url: `http://127.0.0.1:${server.address().port}`,
      path: '/slack/events',
      headers: [SIGNED[0]!, SIGNED[1]! + Math.floor(Date.now() / 1_000)],
      close: () => receiver.stop(),
    };
  });
  after(() => Promise.all(Object.values(ports).map(({ close }) => close())));

  for (const name of ['page', 'operator', 'slack']) {
    describe(`by the port of the ${name}`, () => {
      it('that sends its headers a byte at a time', async () => {
        const { url } = ports[name]!;
        assert.match(await trickle(url, 'GET / HTTP/1.1\r\nX: ').answer, /^HTTP\/1\.1 408 /);
      });

      it('that sends no data', async () => {
        const { hostname, port } = new URL(ports[name]!.url);
        const socket = connect(Number(port), hostname).resume();
        socket.on('error', () => {});
        await new Promise((resolve) => socket.on('close', resolve));
      });

      it('that sends its body a byte at a time, where it is read and where it is refused', async () => {
        const { url, path, headers } = ports[name]!;
        const crowd = [path, '/nowhere'].map((one) => trickle(url, unfinishedPost(one, headers)));
        for (const { answer } of crowd) assert.match(await answer, /^HTTP\/1\.1 4\d\d /);
      });

      it('that leaves its connection open after an answer', async () => {
        const { hostname, port } = new URL(ports[name]!.url);
        const socket = connect(Number(port), hostname).resume();
        socket.on('error', () => {});
        socket.write('GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n');
        await new Promise((resolve) => socket.on('close', resolve));
      });
    });
  }

  it(`and ${CROWD} at once, half of which were refused as too many`, async () => {
    const { url, path } = ports.page!;
    const crowd = Array.from({ length: CROWD }, () => trickle(url, unfinishedPost(path)));
    const answers = await Promise.all(crowd.map(({ answer }) => answer));
    const statuses = new Set(answers.map((answer) => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]));
    // On a busy machine, a connection may be closed before its first byte was processed.
    statuses.delete(undefined);
    assert.deepEqual(statuses, new Set(['429', '408']));
    assert.equal((await fetch(`${url}/healthz`)).status, 200, 'others are answered');
  });
});

describe('the time-outs', () => {
  it('are all set, and shorter than a minute for incoming data', () => {
    const { headersTimeout, requestTimeout, keepAliveTimeout, connectionsCheckingInterval } =
      serverTimeouts();
    assert.ok(headersTimeout > 0 && headersTimeout <= requestTimeout && requestTimeout <= 60_000);
    assert.ok(keepAliveTimeout > 60_000, 'a proxy closes an idle connection before we do');
    assert.ok(connectionsCheckingInterval < headersTimeout);
    assert.equal(HTTP_TIMEOUTS.requestMs, requestTimeout);
  });
});
