/** Clients that disconnect early or send invalid data: neither is counted or logged as a defect. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { test } from 'node:test';
import { refusals } from '../../../src/metrics.ts';
import { until } from '../../helpers/programs.ts';
import { SHORT_TIMEOUTS, trickle, unfinishedPost } from '../../helpers/slow-client.ts';
import { ask, startServer } from './helpers.ts';

/** The number of requests refused for this reason. */
async function counted(code: string): Promise<number> {
  const { values } = await refusals.get();
  return values.find(({ labels }) => labels.code === code)?.value ?? 0;
}

const isError = (line: string) => JSON.parse(line).level >= 50;

test('an aborted upload counts as aborted', async (t) => {
  const server = await startServer(t);
  const [aborted, internal] = [await counted('aborted'), await counted('internal')];
  for (const leave of ['destroy', 'resetAndDestroy', 'end'] as const) {
    const before = await counted('aborted');
    const start = unfinishedPost('/api/replies');
    const { socket } = trickle(server.url, start);
    await until(() => socket.bytesWritten > start.length, 'a part of the body');
    socket[leave]();
    await until(async () => (await counted('aborted')) === before + 1, `the count of ${leave}`);
  }
  assert.equal(await counted('aborted'), aborted + 3, 'each once');
  assert.equal(await counted('internal'), internal);
  assert.deepEqual(server.log.filter(isError), []);
});

test('an upload that takes too long counts as timed out, and only as that', async (t) => {
  const server = await startServer(t, { timeouts: SHORT_TIMEOUTS });
  const [timeouts, aborted] = [await counted('timeout'), await counted('aborted')];
  const answer = await trickle(server.url, unfinishedPost('/api/replies')).answer;
  assert.match(answer, /^HTTP\/1\.1 408 .*\{"error":\{"code":"timeout","message":"[A-Z]/s);
  // The request handler sees its closed connection a moment later.
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual([await counted('timeout'), await counted('aborted')], [timeouts + 1, aborted]);
  assert.deepEqual(server.log.filter(isError), []);
});

test('a connection that is opened and not used does not count as refused', async (t) => {
  const server = await startServer(t, { timeouts: SHORT_TIMEOUTS });
  const timeouts = await counted('timeout');
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1').resume();
  await new Promise((resolve) => socket.on('close', resolve));
  assert.equal(await counted('timeout'), timeouts);
});

test('readers who disconnect before their stream has begun leave no state', async (t) => {
  const server = await startServer(t, { maxFollowers: 20 });
  const id = await ask(server);
  const internal = await counted('internal');
  const port = Number(new URL(server.url).port);
  for (let n = 0; n < 60; n++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    const request = `GET /api/replies/${id}/events HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    await new Promise<void>((resolve) => socket.write(request, () => resolve()));
    if (n % 3 === 0) socket.resetAndDestroy();
    else if (n % 3 === 1) socket.destroy();
    else setImmediate(() => socket.resetAndDestroy());
  }
  await until(() => server.replies.listeners(id) === 0, 'the end of all following');
  const abort = new AbortController();
  await until(async () => {
    const response = await fetch(`${server.url}/api/replies/${id}/events`, { signal: abort.signal });
    return response.status === 200;
  }, 'room for a reader');
  abort.abort();
  assert.equal(await counted('internal'), internal);
  assert.deepEqual(server.log.filter(isError), []);
});

test('a client’s error never counts as a defect of ours', async (t) => {
  const server = await startServer(t);
  const internal = await counted('internal');
  const { port } = new URL(server.url);
  const json = 'Content-Type: application/json';
  const requests = [
    'HELLO COMPUTER\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n',
    'GET http://[::/ HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET // HTTP/1.1\r\nHost: localhost\r\n\r\n',
    `GET /${'x'.repeat(10_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    'PROPFIND / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'POST /api/replies HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\n\r\n',
    `POST /api/replies HTTP/1.1\r\nHost: localhost\r\n${json}\r\nContent-Length: -1\r\n\r\n`,
    `POST /api/replies HTTP/1.1\r\nHost: localhost\r\n${json}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}`,
    `POST /api/replies HTTP/1.1\r\nHost: localhost\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    `POST /api/replies HTTP/1.1\r\nHost: localhost\r\n${json}\r\nTransfer-Encoding: gzip\r\n\r\n{}`,
    `POST /api/replies HTTP/1.1\r\nHost: localhost\r\n${json}; charset=utf-99\r\nContent-Length: 2\r\n\r\n\xff\xfe`,
    `POST /api/replies HTTP/1.1\r\nHost: localhost\r\nContent-Type: \r\nContent-Length: 2\r\n\r\n{}`,
    `POST /api/replies HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data\r\nContent-Length: 2\r\n\r\n{}`,
    `GET /api/replies/${randomUUID()}/events HTTP/1.0\r\nHost: localhost\r\nAccept: \0\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ,,, ;;\r\nIf-None-Match: "\r\n\r\n`,
  ];
  for (const request of requests) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
        socket.end();
      });
      socket.on('close', () => resolve(text));
    });
    socket.write(request, 'latin1');
    assert.doesNotMatch(await answer, /^HTTP\/1\.1 5/, request.slice(0, 80));
  }
  assert.equal(await counted('internal'), internal);
  assert.deepEqual(server.log.filter(isError), []);
});
