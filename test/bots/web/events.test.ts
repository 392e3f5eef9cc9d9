import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { SnapshotStream } from '../../../src/bots/web/snapshot-stream.ts';
import type { ReplyState } from '../../../src/story/story.ts';
import { until } from '../../helpers/programs.ts';
import { ask, errorOf, startServer } from './helpers.ts';

/** Reads an event stream to its end, and passes every state to `onState`. */
async function readStates(
  url: string,
  onState: (state: ReplyState) => void = () => {},
): Promise<ReplyState[]> {
  const response = await fetch(url);
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  assert.equal(response.headers.get('cache-control'), 'no-store, no-transform');
  assert.equal(response.headers.get('x-accel-buffering'), 'no');
  const states: ReplyState[] = [];
  let buffer = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    buffer += chunk;
    const events = buffer.split('\n\n');
    buffer = events.pop()!;
    for (const event of events.filter((text) => text.startsWith('data: '))) {
      states.push(JSON.parse(event.slice(6)));
      onState(states.at(-1)!);
    }
  }
  return states;
}

const writing = (text: string): ReplyState => ({ status: 'writing', text });

test('a stream sends the current state, then every change, and ends with the final state', async (t) => {
  const server = await startServer(t);
  const id = await ask(server);
  const steps = [
    () => server.replies.set(id, writing('a\u2028\n😀')),
    () => server.replies.finish(id, 'ab.'),
  ];
  const states = await readStates(`${server.url}/api/replies/${id}/events`, () =>
    setImmediate(() => steps.shift()?.()),
  );
  assert.deepEqual(states.slice(0, 2), [{ status: 'waiting', position: 1 }, writing('a\u2028\n😀')]);
  assert.equal(states.length, 3);
  assert.equal(states[2]?.status, 'finished');
});

test('a reader who reconnects, or connects late, gets the current state at once', async (t) => {
  const server = await startServer(t);
  const id = await ask(server);
  const url = `${server.url}/api/replies/${id}/events`;
  server.replies.set(id, writing('abc'));
  const abort = new AbortController();
  const first = await fetch(url, { signal: abort.signal });
  await first.body!.getReader().read();
  abort.abort();
  const again: ReplyState[] = [];
  const reading = readStates(url, (state) => again.push(state));
  await until(() => again.length === 1, 'the current state');
  server.replies.finish(id, 'abcd.');
  assert.deepEqual(
    (await reading).map((state) => 'text' in state && state.text),
    ['abc', 'abcd.'],
  );
  const late = await readStates(url);
  assert.deepEqual(
    late.map(({ status }) => status),
    ['finished'],
  );
});

test('a reader who disconnects is no longer followed', async (t) => {
  const server = await startServer(t);
  const id = await ask(server);
  const abort = new AbortController();
  const response = await fetch(`${server.url}/api/replies/${id}/events`, { signal: abort.signal });
  assert.equal(response.status, 200);
  await until(() => server.replies.listeners(id) === 1, 'the reader to be followed');
  abort.abort();
  await until(() => server.replies.listeners(id) === 0, 'the reader to be forgotten');
});

test('a slow reader gets the newest state and no queue of stale ones', async (t) => {
  const server = await startServer(t);
  const id = await ask(server);
  const response = await new Promise<IncomingMessage>((resolve) => {
    get(`${server.url}/api/replies/${id}/events`, resolve);
  });
  // Far more than the sockets of both sides can buffer, while the reader does not read.
  const filling = 'x'.repeat(200_000);
  const total = 400;
  for (let n = 1; n <= total; n++) {
    server.replies.set(id, writing(`${n} ${filling}`));
    await new Promise(setImmediate);
  }
  server.replies.finish(id, 'The end.');
  let text = '';
  for await (const chunk of response) text += chunk;
  const seen = [...text.matchAll(/"text":"(\d+) /g)].map(([, n]) => Number(n));
  assert.ok(seen.length < total / 2, `Expected most of ${total} states to be dropped, got ${seen.length}`);
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
  assert.match(text, /"finished","text":"The end\."[^\n]*\n\n$/);
});

test('an idle stream sends heartbeats that a page sees, and a retry interval for the browser', async (t) => {
  const server = await startServer(t, { keepAliveMs: 20 });
  const id = await ask(server);
  const abort = new AbortController();
  const response = await fetch(`${server.url}/api/replies/${id}/events`, { signal: abort.signal });
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if ((text.match(/^event: alive\ndata: 1\n\n/gm)?.length ?? 0) >= 2) break;
  }
  assert.match(
    text,
    /^: {2048}\nretry: 1000\n\ndata: \{"status":"waiting"/,
    'padding fills small buffers first',
  );
  abort.abort();
});

test('one stream reports several replies, an unknown one too, and ends with the last', async (t) => {
  const server = await startServer(t);
  const [first, second] = [await ask(server), await ask(server)];
  const unknown = randomUUID();
  const told: { id: string; state: ReplyState | null }[] = [];
  const reading = readStates(`${server.url}/api/events?ids=${first},${second},${unknown}`, (message) =>
    told.push(message as never),
  );
  await until(() => told.length === 3, 'the present states');
  server.replies.finish(first, 'One.');
  server.replies.set(second, writing('Tw'));
  await until(() => told.length === 5, 'both changes');
  server.replies.finish(second, 'Two.');
  await reading;
  const texts = (id: string) =>
    told
      .filter((one) => one.id === id)
      .map(({ state }) => (state && 'text' in state ? state.text : state?.status));
  assert.deepEqual(texts(first), ['waiting', 'One.']);
  assert.deepEqual(texts(second), ['waiting', 'Tw', 'Two.']);
  assert.deepEqual(told.find((one) => one.id === unknown)?.state, null);
  assert.equal(server.replies.listeners(first) + server.replies.listeners(second), 0);
});

test('a stream of no reply, of too many or of an invalid id is refused', async (t) => {
  const server = await startServer(t);
  const many = Array.from({ length: 17 }, () => randomUUID()).join();
  for (const [ids, status] of [
    ['', 404],
    [many, 400],
    ['x', 404],
  ] as const) {
    const response = await fetch(`${server.url}/api/events?ids=${ids}`);
    assert.equal(response.status, status);
    await errorOf(response);
  }
  assert.equal((await fetch(`${server.url}/api/events`)).status, 400);
});

test('closing the server ends open streams promptly', async (t) => {
  const server = await startServer(t);
  const id = await ask(server);
  const reading = readStates(`${server.url}/api/replies/${id}/events`);
  const stuck = await new Promise<IncomingMessage>((resolve) => {
    get(`${server.url}/api/replies/${id}/events`, resolve);
  });
  stuck.on('error', () => {});
  await until(() => server.replies.listeners(id) === 2, 'both readers to be followed');
  for (let n = 0; n < 50; n++) {
    server.replies.set(id, writing(`${n}${'x'.repeat(200_000)}`));
    await new Promise(setImmediate);
  }
  const startMs = performance.now();
  await server.close();
  assert.ok(performance.now() - startMs < 30_000);
  await reading.catch(() => {});
  assert.equal(server.replies.listeners(id), 0);
});

test('followers are counted, and one above the limit is refused with a sentence', async (t) => {
  const server = await startServer(t, { maxFollowers: 1 });
  const id = await ask(server);
  const abort = new AbortController();
  const url = `${server.url}/api/replies/${id}/events`;
  await fetch(url, { signal: abort.signal });
  assert.equal((await fetch(url)).status, 503);
  abort.abort();
  await until(
    async () => (await fetch(url, { signal: AbortSignal.timeout(200) })).status === 200,
    'room for a reader',
  );
});

test('one address cannot take all streams', async (t) => {
  const server = await startServer(t, { maxFollowers: 10, maxFollowersPerClient: 3, trustProxy: 'loopback' });
  const id = await ask(server);
  const abort = new AbortController();
  t.after(() => abort.abort());
  const follow = (address: string) =>
    fetch(`${server.url}/api/replies/${id}/events`, {
      signal: abort.signal,
      headers: { 'x-forwarded-for': address },
    });
  for (const port of [1, 2, 3]) assert.equal((await follow(`203.0.113.7:${port}`)).status, 200);
  for (const port of [4, 5]) {
    const refused = await follow(`203.0.113.7:${port}`);
    assert.equal(refused.status, 429);
    assert.equal((await errorOf(refused)).code, 'rate_limited');
  }
  assert.equal((await follow('203.0.113.8')).status, 200, 'the next visitor');
  assert.equal((await fetch(`${server.url}/api/replies/${id}`)).status, 200, 'and it can still be read');
});

test('a stream released before it was followed is unfollowed at once', () => {
  const stream = new SnapshotStream({ ids: ['a'], message: (_id, state) => state });
  stream.destroy();
  let released = 0;
  stream.onEnd(() => released++);
  assert.equal(released, 1);
});
