/** Access to the bot over HTTP: only requests with Slack's signature. Real Bolt behind the guard. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { App } from '@slack/bolt';
import { pino } from 'pino';
import { boltLogger } from '../../../src/bots/slack/receive/bolt.ts';
import {
  type Refusal,
  refuse,
  SlackHttpReceiver,
  TOLERANCE_SECONDS,
} from '../../../src/bots/slack/receive/receiver.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const logger = boltLogger(pino({ level: 'silent' }));

type Headers = Record<string, string | string[]>;

/** Signs as Slack does. */
function sign(body: string, timestamp: number | string, secret = SECRET, version = 'v0'): string {
  return `${version}=${createHmac('sha256', secret).update(`${version}:${timestamp}:${body}`).digest('hex')}`;
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}

describe('Slack over HTTP', () => {
  let receiver: SlackHttpReceiver;
  let port: number;
  const reached: string[] = [];

  before(async () => {
    receiver = new SlackHttpReceiver({ signingSecret: SECRET, host: '127.0.0.1', port: 0, bolt: { logger } });
    const app = new App({
      receiver,
      logger,
      authorize: async () => ({ botToken: 'xoxb-1', botId: 'B1', botUserId: 'U0' }),
    });
    app.use(async ({ body, next }) => {
      reached.push(JSON.stringify(body));
      await next();
    });
    app.command('/scifi', async ({ ack }) => ack('heard'));
    const server = (await app.start()) as unknown as { address(): AddressInfo };
    port = server.address().port;
  });
  after(() => receiver.stop());
  beforeEach(() => {
    reached.length = 0;
  });

  const COMMAND = new URLSearchParams({
    command: '/scifi',
    text: 'It all began with',
    team_id: 'T1',
    user_id: 'U1',
    channel_id: 'C1',
    trigger_id: '1.2.a',
    response_url: 'http://127.0.0.1:1/',
  }).toString();

  function post(
    body: string,
    headers: Headers,
    path = '/slack/events',
    method = 'POST',
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const form = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
      const call = request({ host: '127.0.0.1', port, path, method, headers: form }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode!, text }));
      });
      call.on('error', reject);
      call.end(method === 'GET' ? undefined : body);
    });
  }

  function signed(body: string, timestamp: number | string, signature = sign(body, timestamp)): Headers {
    return { 'x-slack-request-timestamp': String(timestamp), 'x-slack-signature': signature };
  }

  it('accepts Slack’s requests with a clock difference of almost five minutes', async () => {
    for (const seconds of [0, 10 - TOLERANCE_SECONDS, TOLERANCE_SECONDS - 10]) {
      const { status, text } = await post(COMMAND, signed(COMMAND, now() + seconds));
      assert.deepEqual([status, text], [200, 'heard'], `${seconds} s`);
    }
    assert.equal(reached.length, 3);
  });

  const flip = (signature: string, at: number) => {
    const digit = Number.parseInt(signature[at]!, 16) ^ 1;
    return signature.slice(0, at) + digit.toString(16) + signature.slice(at + 1);
  };
  /** Each with the check that refuses it: Bolt's own checks accept some of these, and repeat others. */
  const REFUSED: Readonly<Record<string, [Refusal | 'Bolt', () => Headers]>> = {
    'no headers': ['headers', () => ({})],
    'no signature': ['headers', () => ({ 'x-slack-request-timestamp': String(now()) })],
    'no timestamp': ['headers', () => ({ 'x-slack-signature': sign(COMMAND, now()) })],
    'an empty signature': ['signature version', () => signed(COMMAND, now(), '')],
    'the signature twice': [
      'headers',
      () => ({
        ...signed(COMMAND, now()),
        'x-slack-signature': [sign(COMMAND, now()), sign(COMMAND, now())],
      }),
    ],
    'a good signature and a bad one': [
      'headers',
      () => ({
        ...signed(COMMAND, now()),
        'x-slack-signature': [sign(COMMAND, now()), `v0=${'0'.repeat(64)}`],
      }),
    ],
    'the timestamp twice': [
      'headers',
      () => ({
        ...signed(COMMAND, now()),
        'x-slack-request-timestamp': [String(now()), String(now())],
      }),
    ],
    'two signed timestamps in one header': ['timestamp', () => signed(COMMAND, `${now()}, ${now()}`)],
    '301 s in the past': ['stale', () => signed(COMMAND, now() - 301)],
    '301 s in the future': ['future', () => signed(COMMAND, now() + 301)],
    'a day in the future': ['future', () => signed(COMMAND, now() + 86_400)],
    'one bit of the signature flipped': [
      'Bolt',
      () => signed(COMMAND, now(), flip(sign(COMMAND, now()), 40)),
    ],
    'one bit of the body flipped': [
      'Bolt',
      () => signed(COMMAND, now(), sign(COMMAND.replace('began', 'begao'), now())),
    ],
    'a timestamp other than the signed one': ['Bolt', () => signed(COMMAND, now() - 1, sign(COMMAND, now()))],
    'another version': [
      'signature version',
      () => signed(COMMAND, now(), sign(COMMAND, now(), SECRET, 'v1')),
    ],
    'no version': [
      'signature version',
      () => signed(COMMAND, now(), sign(COMMAND, now()).slice('v0='.length)),
    ],
    'half a signature': [
      'signature version',
      () => signed(COMMAND, now(), sign(COMMAND, now()).slice(0, 35)),
    ],
    'an empty secret': ['Bolt', () => signed(COMMAND, now(), sign(COMMAND, now(), ''))],
    'another secret': ['Bolt', () => signed(COMMAND, now(), sign(COMMAND, now(), `${SECRET}x`))],
    'a timestamp that is not a number': ['timestamp', () => signed(COMMAND, 'NaN')],
    'a timestamp in hexadecimal': ['timestamp', () => signed(COMMAND, `0x${now().toString(16)}`)],
    'a timestamp with a fraction': ['timestamp', () => signed(COMMAND, `${now()}.5`)],
    'an infinite timestamp': ['timestamp', () => signed(COMMAND, 'Infinity')],
    'a negative timestamp': ['timestamp', () => signed(COMMAND, -now())],
  };
  for (const [name, [check, headers]] of Object.entries(REFUSED)) {
    it(`refuses ${name}`, async () => {
      const sent = headers();
      const raw = Object.entries(sent).flatMap(([header, values]) =>
        [values].flat().flatMap((value) => [header, value]),
      );
      assert.equal(refuse(raw, Date.now()) ?? 'Bolt', check);
      const { status, text } = await post(COMMAND, sent);
      assert.deepEqual([status, text, reached], [401, '', []]);
    });
  }

  it('answers Slack’s certificate probe with a bare 200, for any body', async () => {
    const smuggled = `${COMMAND}&ssl_check=1`;
    const payload = `ssl_check=1&payload=${encodeURIComponent('{"type":"block_actions"}')}`;
    for (const body of ['ssl_check=1', smuggled, payload]) {
      for (const headers of [
        {},
        signed(body, now()),
        signed(body, now() + 301),
        signed(body, now(), `v0=${'0'.repeat(64)}`),
      ]) {
        assert.deepEqual(await post(body, headers), { status: 200, text: '' });
      }
    }
    assert.deepEqual(reached, []);
  });

  it('serves no other paths', async () => {
    for (const [path, method] of [
      ['/', 'GET'],
      ['/slack/events', 'GET'],
      ['/slack/event', 'POST'],
      ['//', 'POST'],
    ] as const) {
      assert.equal((await post(COMMAND, signed(COMMAND, now()), path, method)).status, 404, path);
    }
    assert.deepEqual(reached, []);
  });

  it('limits the body of an unsigned request', async () => {
    await assert.rejects(post('x'.repeat(4_000_000), {}), /hang up|ECONNRESET|EPIPE/);
  });

  it('refuses to open without a secret', () => {
    for (const signingSecret of ['', '  ']) {
      assert.throws(() => new SlackHttpReceiver({ signingSecret, host: '127.0.0.1', port: 0 }), RangeError);
    }
  });
});
