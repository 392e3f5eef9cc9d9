import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApiError } from '../../../src/page/backend/backend.ts';
import { type Order, type Report, WorkerBackend } from '../../../src/page/backend/worker.ts';
import type { ReplyState } from '../../../src/story/story.ts';

const ASK = { prompt: '/scifi A ship', context: '', temperature: 0.4, length: 200, seed: 3 };
const MODELS = [
  { name: 'scifi', title: 'Science fiction', description: '' },
  { name: 'melville', title: 'Melville', description: '' },
];

function setUp() {
  const orders: Order[] = [];
  let report = (_report: Report) => {};
  let fail = () => {};
  const thread = {
    send: (order: Order) => void orders.push(order),
    listen: (onReport: (report: Report) => void, onBroken: () => void) => {
      report = onReport;
      fail = onBroken;
    },
  };
  const backend = new WorkerBackend({ thread, models: MODELS, drawSeed: () => 11 });
  return { backend, orders, report: (message: Report) => report(message), fail: () => fail() };
}

test('a reply is generated once, by the default model, and can be followed and read', async () => {
  const { backend, orders, report } = setUp();
  const request = await backend.api.submit('a', ASK);
  assert.deepEqual(request, { ...ASK, prompt: 'A ship', preset: 'classic', model: 'scifi' });
  assert.deepEqual(await backend.api.submit('a', ASK), request);
  assert.deepEqual(orders, [
    { type: 'prepare', model: 'scifi' },
    { type: 'write', id: 'a', request },
  ]);

  const seen: ReplyState[] = [];
  const leave = backend.openEvents('a', {
    onState: (state) => seen.push(state),
    onAlive: assert.fail,
    onLoss: assert.fail,
  });
  await nextTurn();
  const writing = (text: string): ReplyState => ({ status: 'writing', text });
  report({ type: 'state', id: 'a', state: writing('A ship came') });
  leave();
  report({ type: 'state', id: 'a', state: writing('A ship came down') });
  assert.deepEqual(seen, [{ status: 'waiting', position: null }, writing('A ship came')]);
  assert.deepEqual((await backend.api.read('a'))?.state, writing('A ship came down'));
  await backend.api.stop('a');
  assert.deepEqual(orders.at(-1), { type: 'stop', id: 'a' });
});

test('a preset reaches the worker, and the temperature of another one does not refuse it', async () => {
  const { backend, orders } = setUp();
  const lively = { ...ASK, prompt: 'A ship', preset: 'lively' } as const;
  const request = await backend.api.submit('a', lively);
  assert.deepEqual(request, { ...lively, temperature: 0.4, model: 'scifi' });
  assert.deepEqual(orders.at(-1), { type: 'write', id: 'a', request });
  assert.deepEqual(await backend.api.submit('b', request), request, 'and so it does when it is sent again');
});

test('of several replies each has a seed of its own', async () => {
  const { backend, orders } = setUp();
  const requests = await backend.api.offer(['a', 'b', 'c'], { ...ASK, prompt: 'A ship', brief: true });
  assert.deepEqual(
    requests.map(({ seed, brief }) => [seed, brief]),
    [3, 4, 5].map((seed) => [seed, true]),
  );
  assert.deepEqual(
    orders.slice(1),
    ['a', 'b', 'c'].map((id, index) => ({ type: 'write', id, request: requests[index] })),
  );
});

test('a request that the server would refuse is refused', async () => {
  const { backend, orders } = setUp();
  await assert.rejects(backend.api.submit('a', { ...ASK, length: 7 }), {
    code: 'bad_request',
    message: /length/,
  });
  await assert.rejects(backend.api.submit('a', { ...ASK, model: 'none' }), { code: 'bad_request' });
  await assert.rejects(backend.api.submit('a', { ...ASK, prompt: 'All the w0ps' }), {
    code: 'declined',
    message: /^I do not write on/,
  });
  assert.equal(orders.length, 1);
  assert.equal(await backend.api.read('a'), undefined);
  await new Promise<void>((resolve) =>
    backend.openEvents('a', { onState: () => assert.fail(), onAlive: assert.fail, onLoss: resolve }),
  );
});

test('the status is the worker’s; an unavailable model is requested again', async () => {
  const { backend, orders, report } = setUp();
  let changes = 0;
  backend.onStatus(() => changes++);
  assert.deepEqual(await backend.api.status(), { phase: 'loading', loaded: 0 });
  report({ type: 'status', status: undefined });
  await assert.rejects(backend.api.status(), ApiError);
  assert.deepEqual(orders, [
    { type: 'prepare', model: 'scifi' },
    { type: 'prepare', model: 'scifi' },
  ]);
  report({ type: 'status', status: { phase: 'ready', loaded: 1 } });
  assert.deepEqual(await backend.api.status(), { phase: 'ready', loaded: 1 });
  assert.equal(changes, 2);
});

test('a worker that crashes fails its current replies with a sentence, and accepts no more', async () => {
  const { backend, report, fail } = setUp();
  await backend.api.submit('a', ASK);
  report({ type: 'state', id: 'a', state: { status: 'writing', text: 'A ship' } });
  fail();
  const state = (await backend.api.read('a'))?.state;
  assert.ok(state?.status === 'failed' && state.text === 'A ship' && /Reload/.test(state.error.message));
  await assert.rejects(backend.api.submit('b', ASK), /Reload/);
  await assert.rejects(backend.api.status(), ApiError);
});
