import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { test } from 'node:test';
import { pino } from 'pino';
import { createWebServer } from '../../../src/bots/web/server.ts';
import { StoryError } from '../../../src/errors.ts';
import { STORY_BOUNDS } from '../../../src/story/story.ts';
import { createRequestReader } from '../../../src/story/story-request.ts';
import { ask, errorOf, MODELS, parseRequest, post, startServer } from './helpers.ts';

test('a story is requested, read and stopped', async (t) => {
  const server = await startServer(t);
  const id = randomUUID();
  const started = await post(`${server.url}/api/replies`, { id, prompt: '/scifi It all', temperature: 0.7 });
  assert.equal(started.status, 202);
  const request = {
    ...{ prompt: 'It all', context: '', preset: 'classic', temperature: 0.7 },
    ...{ length: 1_200, seed: 7, model: 'scifi' },
  };
  assert.deepEqual(await started.json(), { id, request });

  server.replies.set(id, { status: 'writing', text: 'It all b' });
  const read = await fetch(`${server.url}/api/replies/${id}`);
  assert.equal(read.headers.get('cache-control'), 'no-store');
  assert.deepEqual(await read.json(), { id, request, state: { status: 'writing', text: 'It all b' } });

  const stopped = await fetch(`${server.url}/api/replies/${id}/stop`, { method: 'POST' });
  assert.equal(stopped.status, 202);
  const { state } = (await server.replies.read(id))!;
  assert.equal(state.status === 'finished' && state.ending, 'stopped');
});

test('an id submitted twice is one reply, and the second request gets the state of the first', async (t) => {
  const server = await startServer(t);
  const id = randomUUID();
  await post(`${server.url}/api/replies`, { id, prompt: 'One', seed: 1 });
  const second = await post(`${server.url}/api/replies`, { id: id.toUpperCase(), prompt: 'One', seed: 2 });
  assert.equal(second.status, 202);
  assert.equal(((await second.json()) as { request: { seed: number } }).request.seed, 1);
  assert.equal(server.replies.held.size, 1);
});

test('options, status and health', async (t) => {
  const server = await startServer(t);
  const get = async (path: string) => (await fetch(server.url + path)).json();
  assert.deepEqual(await get('/api/options'), {
    sharesStories: false,
    models: MODELS,
    presets: ['classic', 'calm', 'lively', 'wild'],
    bounds: JSON.parse(JSON.stringify(STORY_BOUNDS)),
    defaults: { preset: 'lively', temperature: 0.4, length: 1_200, model: 'scifi' },
  });
  server.replies.storytellers = { phase: 'loading', loaded: 0.4, waiting: 3 };
  assert.deepEqual(await get('/api/status'), { phase: 'loading', loaded: 0.4, waiting: 3 });
  assert.deepEqual(await get('/healthz'), { ok: true });
});

test('an opening with a slur is refused with a sentence', async (t) => {
  const parseRequest = createRequestReader({ models: MODELS, drawSeed: () => 7 });
  const server = await startServer(t, { parseRequest });
  const response = await post(`${server.url}/api/replies`, { id: randomUUID(), prompt: 'All the w0ps' });
  assert.equal(response.status, 422);
  const { error } = await response.json();
  assert.equal(error.code, 'declined');
  assert.match(error.message, /^I do not write on from one of the words in there/);
});

test('an invalid request is refused with a sentence', async (t) => {
  const server = await startServer(t);
  const api = `${server.url}/api/replies`;
  const id = randomUUID();
  const cases: [number, string, Promise<Response>][] = [
    [400, 'bad_request', post(api, { id })],
    [400, 'bad_request', post(api, { prompt: 'No id' })],
    [400, 'bad_request', post(api, { id: '../../etc', prompt: 'Bad id' })],
    [400, 'bad_request', post(api, '[1]')],
    [400, 'bad_request', post(api, 'null')],
    [400, 'bad_request', post(api, '{"prompt": secret')],
    [400, 'bad_request', post(api, '')],
    [400, 'bad_request', post(api, `{"__proto__": {"x": 1}, "id": "${id}", "prompt": ""}`)],
    [400, 'model_unavailable', post(api, { id, prompt: 'Hi', model: 'nonsense' })],
    [415, 'bad_request', post(api, 'prompt=hello', { 'content-type': 'application/x-www-form-urlencoded' })],
    [415, 'bad_request', post(api, '{}', { 'content-type': 'text/plain' })],
    [404, 'not_found', fetch(`${api}/${id}`)],
    [404, 'not_found', fetch(`${api}/${id}/events`)],
    [404, 'not_found', fetch(`${api}/not-a-uuid/events`)],
    [404, 'not_found', fetch(`${api}/${id}/stop`, { method: 'POST' })],
    [404, 'not_found', fetch(`${server.url}/api/nothing`)],
    [404, 'not_found', fetch(`${server.url}/../../package.json`)],
    [400, 'bad_request', fetch(`${server.url}/api/replies/%zz`)],
    [404, 'not_found', fetch(`${api}/${id}`, { method: 'DELETE' })],
  ];
  for (const [index, [status, code, pending]] of cases.entries()) {
    const response = await pending;
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/, `case ${index}`);
    const error = await errorOf(response);
    assert.deepEqual([response.status, error.code], [status, code], `case ${index}: ${error.message}`);
  }
});

test('a request that is too large is refused with a sentence, also without a declared length', async (t) => {
  const server = await startServer(t);
  const huge = JSON.stringify({ id: randomUUID(), prompt: 'x'.repeat(10_000_000) });
  const announced = await post(`${server.url}/api/replies`, huge);
  assert.equal(announced.status, 413);
  assert.match((await errorOf(announced)).message, /64 kB/);

  const parts = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let part = 0; part < 100; part++) controller.enqueue(new Uint8Array(10_000).fill(120));
      controller.close();
    },
  });
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: parts, duplex: 'half' } as RequestInit;
  const streamed = await fetch(`${server.url}/api/replies`, init);
  assert.equal(streamed.status, 413);
  assert.equal((await errorOf(streamed)).code, 'too_large');
});

test('too many requests are refused with a sentence, with the time to wait', async (t) => {
  const server = await startServer(t, { limits: { stories: 2, requests: 6 } });
  await ask(server);
  await ask(server);
  const third = await post(`${server.url}/api/replies`, { id: randomUUID(), prompt: 'Third' });
  assert.equal(third.status, 429);
  assert.ok(Number(third.headers.get('retry-after')) > 0);
  assert.match((await errorOf(third)).message, /try again in/);
  const statuses = [];
  for (let n = 0; n < 8; n++) statuses.push((await fetch(`${server.url}/api/status`)).status);
  assert.deepEqual([statuses[0], statuses.at(-1)], [200, 429]);
  assert.equal((await fetch(`${server.url}/nothing`)).status, 429);
});

test('a full queue is reported as full', async (t) => {
  const server = await startServer(t);
  server.replies.broken = new StoryError('busy', 'Too many stories are waiting. Try again in a minute.');
  const response = await post(`${server.url}/api/replies`, { id: randomUUID(), prompt: 'Hi' });
  assert.equal(response.status, 503);
  assert.ok(response.headers.get('retry-after'));
  assert.deepEqual(await errorOf(response), { code: 'busy', message: server.replies.broken.message });
});

test('a defect of ours shows the client no details, and logs no prompt', async (t) => {
  const server = await startServer(t);
  server.replies.broken = Object.assign(new Error('lost the secret prompt'), { command: 'secret prompt' });
  const id = randomUUID();
  const paths = [`/api/replies/${id}`, `/api/replies/${id}/events`];
  for (const path of paths) {
    const response = await fetch(server.url + path);
    assert.equal(response.status, 500);
    assert.doesNotMatch((await errorOf(response)).message, /secret/);
  }
  await post(`${server.url}/api/replies`, { id, prompt: 'secret prompt' });
  await post(`${server.url}/api/replies`, '{"secret prompt');
  await fetch(`${server.url}/secret?prompt=secret`);
  const log = server.log.join('');
  assert.doesNotMatch(log, /secret/);
  assert.match(log, /"route":"\/api\/replies\/:id","status":500/);
  assert.match(log, /"kind":"Error","at":\["at /);
});

test('a port in use is reported to the operator in a sentence', async (t) => {
  const first = await startServer(t);
  const logger = pino({ level: 'silent' });
  const port = Number(new URL(first.url).port);
  const second = createWebServer({ replies: first.replies, models: MODELS, parseRequest, logger, port });
  await assert.rejects(second.listen(), (error: StoryError) => {
    assert.equal(error.code, 'configuration');
    assert.match(error.message, /already uses port \d+/);
    return true;
  });
});

test('a request that is not HTTP gets an answer in the same shape', async (t) => {
  const server = await startServer(t);
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.end('HELLO COMPUTER\r\n\r\n');
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.match(answer, /\{"error":\{"code":"bad_request","message":"[^"]/);
});
