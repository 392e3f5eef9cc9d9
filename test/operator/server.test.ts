/** The operator's port, from a browser that runs a hostile site's page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { type OperatorOptions, type OperatorServer, startOperatorServer } from '../../src/operator/server.ts';
import { CHROMIUM_ARGUMENTS, findChromium } from '../bots/web/chromium.ts';
import { statusOf } from '../helpers/status-of.ts';

const PASSWORD = 'a password of the test';

interface Started extends OperatorServer {
  readonly log: string[];
}

async function start(
  t: { after(clean: () => unknown): void },
  options: Partial<OperatorOptions> = {},
): Promise<Started> {
  const log: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(line) });
  const checks = { alive: {}, ready: {}, trouble: {} };
  const server = await startOperatorServer({
    host: '127.0.0.1',
    port: 0,
    boardPassword: PASSWORD,
    logger,
    ...checks,
    ...options,
  });
  t.after(() => server.close());
  return { ...server, log };
}

const PATHS = ['/metrics', '/healthz', '/readyz', '/board', '/nowhere'];

function authorization(password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`operator:${password}`).toString('base64')}` };
}

test('a name that a hostile site resolves to this port gets no data', async (t) => {
  const { url } = await start(t);
  for (const path of PATHS)
    assert.equal(await statusOf(url + path, 'GET', { host: 'evil.example:9464' }), 403, path);
  assert.equal(await statusOf(`${url}/metrics`, 'GET', { host: 'localhost:9464' }), 200);
});

test('probes and Prometheus are answered by address, and by the configured names', async (t) => {
  const { url, log } = await start(t, { host: '0.0.0.0' });
  const port = new URL(url).port;
  const local = `http://127.0.0.1:${port}`;
  for (const host of ['10.1.2.3:9464', '[fd00::1]:9464', 'localhost']) {
    assert.equal(await statusOf(`${local}/metrics`, 'GET', { host }), 200, host);
  }
  assert.equal(await statusOf(`${local}/metrics`, 'GET', { host: 'worker:9464' }), 403);
  assert.match(log.join(''), /operator server ready/);
  const named = await start(t, { host: '0.0.0.0', allowedHosts: ['worker'] });
  const other = `http://127.0.0.1:${new URL(named.url).port}`;
  assert.equal(await statusOf(`${other}/metrics`, 'GET', { host: 'worker:9464' }), 200);
  // A kubelet probes a pod's address, independently of the names that Prometheus uses.
  assert.equal(await statusOf(`${other}/readyz`, 'GET', { host: '10.1.2.3:9464' }), 200);
  assert.equal(await statusOf(`${other}/metrics`, 'GET', { host: 'evil.example' }), 403);
});

test('every answer forbids foreign scripts and frames', async (t) => {
  const { url } = await start(t);
  for (const path of PATHS) {
    for (const headers of [{}, authorization(PASSWORD)]) {
      const response = await fetch(url + path, { headers });
      const policy = response.headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'/, path);
      assert.match(policy, /script-src 'self'(;|$)/, path);
      assert.match(policy, /frame-ancestors 'none'/, path);
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff', path);
      assert.equal(response.headers.get('x-frame-options'), 'DENY', path);
      assert.equal(response.headers.get('referrer-policy'), 'no-referrer', path);
    }
  }
});

test('passwords cannot be guessed fast, in sequence or in parallel', async (t) => {
  for (const atOnce of [1, 100]) {
    const { url, log } = await start(t);
    const statuses: number[] = [];
    for (let tried = 0; tried < 100; tried += atOnce) {
      const some = Array.from({ length: atOnce }, async (_, n) => {
        const response = await fetch(`${url}/board`, { headers: authorization(`wrong ${tried + n}`) });
        if (response.status === 429) assert.ok(Number(response.headers.get('retry-after')) > 60);
        statuses.push(response.status);
      });
      await Promise.all(some);
    }
    assert.equal(statuses.filter((status) => status === 401).length, 10);
    assert.equal(statuses.filter((status) => status === 429).length, 90);
    const right = await fetch(`${url}/board`, { headers: authorization(PASSWORD) });
    assert.equal(right.status, 429, 'or the right one would be found among them');
    assert.equal((await fetch(`${url}/metrics`)).status, 200, 'figures go on');
    assert.equal(log.filter((line) => /wrong passwords/.test(line)).length, 1);
  }
});

test('a request without a password, or many with the right one, do not count as guesses', async (t) => {
  const { url } = await start(t);
  for (let n = 0; n < 30; n++) {
    assert.equal((await fetch(`${url}/board`)).status, 401);
    assert.equal((await fetch(`${url}/board`, { headers: authorization(PASSWORD) })).status, 200);
  }
});

test('the board works in a browser under these rules', {
  skip: findChromium()
    ? false
    : 'No Chromium found. Install the package chromium, or set CHROMIUM to its path.',
}, async (t) => {
  const { chromium } = await import('playwright-core');
  const { url } = await start(t);
  const browser = await chromium.launch({ executablePath: findChromium()!, args: CHROMIUM_ARGUMENTS });
  t.after(() => browser.close());
  const context = await browser.newContext({ httpCredentials: { username: 'operator', password: PASSWORD } });
  const page = await context.newPage();
  const broken: string[] = [];
  page.on('pageerror', (error) => broken.push(error.message));
  page.on('console', (message) => {
    // The board requests a font from another origin, and works without it.
    if (message.type() === 'error' && !/fonts\.googleapis\.com/.test(message.text()))
      broken.push(message.text());
  });
  await page.goto(`${url}/board`);
  await page.getByRole('navigation').first().waitFor();
  assert.match(await page.title(), /Bull/i);
  assert.deepEqual(broken, []);
});
