import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, type StoryApi } from '../../src/page/backend/backend.ts';
import { httpApi } from '../../src/page/backend/http.ts';
import {
  backOffMs,
  FIRST_EVENT_MS,
  type FollowSource,
  followReply,
  SILENCE_MS,
  submitReply,
  type Timers,
} from '../../src/page/following.ts';
import type { ReplyState } from '../../src/story/story.ts';
import { ASK, finished } from './replies.ts';

type Known = Awaited<ReturnType<StoryApi['read']>>;
const writing = (text: string): ReplyState => ({ status: 'writing', text });
const known = (state: ReplyState): Known => ({ request: { ...ASK, model: 'scifi' }, state });

/** Follows with scripted events (states, then a loss) and scripted reads. */
async function follow(script: {
  streams: (ReplyState | 'alive' | 'silence')[][];
  reads?: (Known | 'offline')[];
  gateOpen?: boolean;
}) {
  const seen: string[] = [];
  const waits: number[] = [];
  const alarms: number[] = [];
  let open = 0;
  let ring = () => {};
  const backend: FollowSource = {
    api: {
      read: async () => {
        const answer = script.reads?.shift();
        if (answer === 'offline') throw new ApiError('offline', 'Away.');
        return answer;
      },
    },
    openEvents: (_id, { onState, onAlive, onLoss }) => {
      open++;
      let closed = false;
      const states = script.streams.shift() ?? [];
      queueMicrotask(() => {
        for (const state of states) {
          if (closed) return;
          if (state === 'silence') return ring();
          if (state === 'alive') onAlive();
          else onState(state);
        }
        closed || onLoss();
      });
      return () => {
        if (!closed) open--;
        closed = true;
      };
    },
    gate: { enter: () => (script.gateOpen === false ? undefined : () => {}) },
  };
  const timers: Timers = {
    wait: async (ms) => void waits.push(ms),
    later: (ms, run) => {
      ring = () => {
        alarms.push(ms);
        run();
      };
      return () => {
        ring = () => {};
      };
    },
  };
  const listener = {
    onState: (state: ReplyState) => void seen.push('text' in state ? state.text : state.status),
    onConnection: (isLost: boolean) => void (isLost && seen.push('lost')),
  };
  const end = await followReply('id', backend, timers, listener, new AbortController().signal);
  assert.equal(open, 0, 'every stream is closed');
  ring();
  return { end, seen, waits, alarms };
}

test('a stream is followed to its end', async () => {
  const { end, seen, waits } = await follow({ streams: [[writing('a'), finished('ab.')]] });
  assert.deepEqual([end, seen, waits], ['final', ['a', 'ab.'], []]);
});

test('a lost stream is followed by one read, then followed again', async () => {
  const { seen, waits } = await follow({
    streams: [[writing('a')], [writing('abc'), finished('abc.')]],
    reads: [known(writing('ab'))],
  });
  assert.deepEqual(seen, ['a', 'ab', 'abc', 'abc.']);
  assert.deepEqual(waits, [backOffMs(0)]);
});

test('while the server is unavailable, the pauses grow and the user is notified', async () => {
  const { end, seen, waits } = await follow({
    streams: [[], [], [], [finished('a.')]],
    reads: ['offline', 'offline', known(writing('a'))],
  });
  assert.deepEqual([end, seen], ['final', ['lost', 'lost', 'a', 'a.']]);
  assert.deepEqual(waits, [backOffMs(0), backOffMs(1), backOffMs(2)]);
});

test('a story that the server no longer has is unknown', async () => {
  const { end } = await follow({ streams: [[]], reads: [undefined] });
  assert.equal(end, 'unknown');
});

test('without a stream, the reply is polled', async () => {
  const { end, seen } = await follow({
    streams: [],
    reads: [known(writing('a')), known(writing('ab')), known(finished('ab.'))],
    gateOpen: false,
  });
  assert.deepEqual([end, seen], ['final', ['a', 'ab', 'ab.']]);
});

test('a stream that becomes silent is read once, and replaced within thirty seconds', async () => {
  const { end, seen, waits, alarms } = await follow({
    streams: [[writing('a'), 'alive', 'silence'], [finished('abc.')]],
    reads: [known(writing('ab'))],
  });
  assert.deepEqual([end, seen], ['final', ['a', 'ab', 'abc.']]);
  assert.deepEqual(alarms, [SILENCE_MS], 'every event restarts the alarm');
  assert.ok(SILENCE_MS + waits[0]! < 30_000);
});

test('where events are buffered the reply is polled, and events are tried again', async () => {
  const reads = [...'abcdefghijklmnopqrstuvwxyz'].map((text) => known(writing(text)));
  const { seen, waits, alarms } = await follow({ streams: [['silence'], [finished('End.')]], reads });
  assert.deepEqual(seen, [...'abcdefghijklmnopqrstuvwxy', 'End.']);
  assert.deepEqual(alarms, [FIRST_EVENT_MS]);
  assert.equal(Math.max(...waits), 2_500);
  assert.ok(waits.reduce((sum, ms) => sum + ms) >= 60_000);
});

test('a request is sent again while the server is unavailable, and not when it refuses', async () => {
  const answers = ['offline', 'offline', 'ok'];
  const waits: number[] = [];
  const wait = async (ms: number) => void waits.push(ms);
  const send = async () => {
    if (answers.shift() !== 'ok') throw new ApiError('offline', 'Away.');
  };
  await submitReply(send, { wait }, () => {});
  assert.deepEqual(waits, [backOffMs(0), backOffMs(1)]);
  const refuse = () => Promise.reject(new ApiError('busy', 'Too many.'));
  await assert.rejects(
    submitReply(refuse, { wait }, () => {}),
    /Too many/,
  );
  const away = () => Promise.reject(new ApiError('offline', 'Away.'));
  await assert.rejects(
    submitReply(away, { wait }, () => {}),
    /Away/,
  );
});

test('every answer of the server becomes a sentence', async () => {
  const answering = (response: () => Promise<Response>) => httpApi(response).status();
  const json = (status: number, body: unknown) => async () => new Response(JSON.stringify(body), { status });
  await assert.rejects(answering(json(503, { error: { code: 'busy', message: 'Full.' } })), {
    code: 'busy',
    message: 'Full.',
  });
  await assert.rejects(answering(json(500, { error: 'Oops' })), { code: 'offline' });
  await assert.rejects(
    answering(async () => new Response('<html>')),
    { code: 'offline' },
  );
  await assert.rejects(
    answering(() => Promise.reject(new TypeError('fetch failed'))),
    { code: 'offline' },
  );
  const missing = httpApi(json(404, { error: { code: 'not_found', message: 'None.' } }));
  assert.equal(await missing.read('id'), undefined);
});
