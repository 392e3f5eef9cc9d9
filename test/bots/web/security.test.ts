import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { isSameOrigin } from '../../../src/http/address.ts';
import { statusOf } from '../../helpers/status-of.ts';
import { errorOf, post, startServer } from './helpers.ts';

test('a loopback server answers to its own names only', async (t) => {
  const server = await startServer(t, { allowedHosts: ['Stories.Example'] });
  const status = (host: string) => statusOf(`${server.url}/`, 'GET', { host });
  for (const host of [
    'localhost',
    'localhost:1',
    '127.0.0.1:80',
    '[::1]',
    '[::1]:9',
    'stories.example:443',
  ]) {
    assert.equal(await status(host), 200, host);
  }
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    'localhost:80@evil',
    '::1',
    'a b',
  ]) {
    assert.equal(await status(host), 403, host);
  }
});

test('a server on the network answers to addresses and names the setting for host names', async (t) => {
  const server = await startServer(t, { host: '0.0.0.0' });
  const status = (host: string, path = '/') => statusOf(server.url + path, 'GET', { host });
  assert.equal(await status('192.168.1.5:3000'), 200);
  assert.equal(await status('localhost:3000'), 200);
  assert.equal(await status('evil.example'), 403);
  assert.equal(await status('evil.example', '/api/options'), 403);
  const warnings = server.log.map((line) => JSON.parse(line)).filter(({ level }) => level === 40);
  assert.match(warnings[0].msg, /SCIFI_ALLOWED_HOSTS/);
  const named = await startServer(t, { host: '0.0.0.0', allowedHosts: ['scifi.example'] });
  assert.equal(await statusOf(named.url, 'GET', { host: 'scifi.example' }), 200);
  assert.doesNotMatch(named.log.join(''), /SCIFI_ALLOWED_HOSTS/);
});

test('a probe is answered for any Host header', async (t) => {
  for (const allowedHosts of [[], ['stories.example']]) {
    const server = await startServer(t, { allowedHosts });
    for (const host of ['10.1.2.3:3000', '[fd00::1]:3000', 'bots.scifi.svc', 'anything.example']) {
      assert.equal(await statusOf(`${server.url}/healthz`, 'GET', { host }), 200, host);
      assert.equal(await statusOf(`${server.url}/api/options`, 'GET', { host }), 403, host);
    }
  }
});

test('only the page itself may start or read a story', async (t) => {
  const server = await startServer(t);
  const ask = async (headers: Record<string, string>) => {
    const response = await post(`${server.url}/api/replies`, { id: randomUUID(), prompt: 'Hi' }, headers);
    if (response.status === 403) assert.equal((await errorOf(response)).code, 'forbidden');
    return response.status;
  };
  assert.equal(await ask({ origin: server.url, 'sec-fetch-site': 'same-origin' }), 202);
  assert.equal(await ask({}), 202);
  assert.equal(await ask({ origin: 'https://evil.example' }), 403);
  assert.equal(await ask({ origin: 'null' }), 403);
  assert.equal(await ask({ origin: server.url, 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await ask({ 'sec-fetch-site': 'same-site' }), 403);
  assert.equal(await statusOf(`${server.url}/api/status`, 'GET', { 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(
    await statusOf(`${server.url}/`, 'GET', { 'sec-fetch-site': 'cross-site' }),
    200,
    'a link to the page',
  );
  const response = await fetch(`${server.url}/api/status`);
  assert.equal(response.headers.get('access-control-allow-origin'), null);
});

test('origins behind a reverse proxy', () => {
  const headers = { host: '127.0.0.1:8080', origin: 'https://stories.example' };
  assert.ok(!isSameOrigin(headers));
  assert.ok(isSameOrigin(headers, ['stories.example']));
  assert.ok(
    !isSameOrigin({ ...headers, origin: 'https://stories.example.evil.example' }, ['stories.example']),
  );
});

test('a browser is told to run and show our own files only', async (t) => {
  const server = await startServer(t);
  for (const path of ['/', '/page.js', '/events.js', '/page.css', '/icon.svg', '/api/status', '/nothing']) {
    const response = await fetch(server.url + path);
    const policy = response.headers.get('content-security-policy') ?? '';
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
    ]) {
      assert.ok(policy.includes(rule), `${path}: ${policy}`);
    }
    assert.doesNotMatch(policy, /unsafe|upgrade-insecure-requests|\*/);
    assert.equal(response.headers.get('strict-transport-security'), null);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  }
});

test('the page holds no inline script or style and loads nothing from other origins', async (t) => {
  const server = await startServer(t);
  const html = await (await fetch(server.url)).text();
  assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|javascript:|https?:\/\//i);
  for (const [tag] of html.matchAll(/<script[^>]*>/g)) assert.match(tag, /\ssrc="page\.js"/);
  const sizes = await Promise.all(
    ['/', '/page.js', '/events.js', '/page.css', '/icon.svg'].map(
      async (path) => (await (await fetch(server.url + path)).blob()).size,
    ),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(total < 68_000, `Expected less than 68 kB, got ${total} (${sizes.join(', ')})`);
});

test('an unchanged file costs one small answer', async (t) => {
  const server = await startServer(t);
  const first = await fetch(`${server.url}/page.js`);
  const etag = first.headers.get('etag') ?? '';
  assert.equal(first.headers.get('cache-control'), 'no-cache');
  const again = await fetch(`${server.url}/page.js`, { headers: { 'if-none-match': `"other", W/${etag}` } });
  assert.deepEqual([again.status, (await again.arrayBuffer()).byteLength], [304, 0]);
  const changed = await fetch(`${server.url}/page.js`, { headers: { 'if-none-match': '"other"' } });
  assert.equal(changed.status, 200);
});
