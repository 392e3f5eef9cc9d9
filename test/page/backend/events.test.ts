import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  EventHub,
  type Port,
  type StreamListener,
  serveWindow,
  sharedEvents,
} from '../../../src/page/backend/events.ts';
import type { ReplyState } from '../../../src/story/story.ts';

const writing = (text: string): ReplyState => ({ status: 'writing', text });

/** A hub on streams that the test controls. */
function setUp() {
  const streams: { ids: readonly string[]; listener: StreamListener; open: boolean }[] = [];
  let gathered: (() => void) | undefined;
  const hub = new EventHub(
    (ids, listener) => {
      const stream = { ids, listener, open: true };
      streams.push(stream);
      return () => {
        stream.open = false;
      };
    },
    (_ms, run) => {
      gathered = run;
      return () => {
        gathered = undefined;
      };
    },
  );
  return { hub, streams, gather: () => gathered?.() };
}

/** A listener that records its events. */
function listener() {
  const heard: string[] = [];
  return {
    heard,
    onState: (state: ReplyState) => void heard.push('text' in state ? state.text : state.status),
    onAlive: () => void heard.push('alive'),
    onLoss: () => void heard.push('loss'),
  };
}

test('followers share one stream, and each receives its own reply', () => {
  const { hub, streams, gather } = setUp();
  const [a, b, again] = [listener(), listener(), listener()];
  hub.follow('a', a);
  const leave = hub.follow('b', b);
  hub.follow('a', again);
  gather();
  assert.deepEqual(
    streams.map(({ ids }) => ids),
    [['a', 'b']],
  );
  const stream = streams[0]!.listener;
  stream.onState('a', writing('One'));
  stream.onAlive();
  leave();
  stream.onState('b', writing('Two'));
  stream.onState('a', null);
  assert.deepEqual(
    [a.heard, b.heard, again.heard],
    [['One', 'alive', 'loss'], ['alive'], ['One', 'alive', 'loss']],
  );
});

test('a later follower replaces the stream; the last one to leave closes it', () => {
  const { hub, streams, gather } = setUp();
  const leaves = [hub.follow('a', listener())];
  gather();
  leaves.push(hub.follow('b', listener()));
  gather();
  assert.deepEqual(
    streams.map(({ ids, open }) => [ids.join(), open]),
    [
      ['a', false],
      ['a,b', true],
    ],
  );
  for (const leave of leaves) leave();
  assert.equal(streams[1]!.open, false);
});

test('a lost stream is lost for all, and followers above the limit of one stream are notified', () => {
  const { hub, streams, gather } = setUp();
  const all = Array.from({ length: 17 }, () => listener());
  for (const [index, one] of all.entries()) hub.follow(`${index}`, one);
  gather();
  assert.equal(streams[0]!.ids.length, 16);
  assert.deepEqual(all[16]!.heard, ['loss']);
  streams[0]!.listener.onLoss();
  assert.ok(all.every(({ heard }) => heard.join() === 'loss'));
});

test('windows follow through the worker, and by themselves when it fails', async () => {
  const { hub, streams, gather } = setUp();
  const own = setUp();
  // A Node channel keeps the process alive, so the test closes it; it clones messages as a browser's does.
  const { port1, port2 } = new MessageChannel();
  serveWindow(port2 as unknown as Port, hub);
  let breakDown = () => {};
  const openEvents = sharedEvents((onBroken) => {
    breakDown = onBroken;
    return port1 as unknown as Port;
  }, own.hub);
  const [a, b, c] = [listener(), listener(), listener()];
  /** Messages arrive in order, after a delay. */
  const arrives = async (check: () => boolean) => {
    while (!check()) await new Promise(setImmediate);
  };
  const carries = (ids: string) => {
    gather();
    return streams.at(-1)?.ids.join() === ids;
  };
  openEvents('a', a);
  const leave = openEvents('b', b);
  await arrives(() => carries('a,b'));
  streams.at(-1)!.listener.onState('a', writing('One'));
  streams.at(-1)!.listener.onAlive();
  await arrives(() => a.heard.length === 2);
  leave();
  openEvents('c', c);
  await arrives(() => carries('a,c'));
  assert.deepEqual([a.heard, b.heard], [['One', 'alive'], ['alive']]);
  breakDown();
  assert.deepEqual([a.heard.at(-1), b.heard.at(-1), c.heard], ['loss', 'alive', ['loss']]);
  openEvents('a', a);
  own.gather();
  assert.deepEqual(own.streams[0]?.ids, ['a']);
  port1.close();
});
