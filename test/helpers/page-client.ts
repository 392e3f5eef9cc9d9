/**
 * A user of the page, without a browser: asks for stories, follows them, reconnects when the server goes
 * away, and reports an error when a reply shrinks or ends twice.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beginningOf, type Preset, type ReplyState } from '../../src/story/story.ts';

const RECONNECT_MS = 100;

export interface Asked {
  readonly prompt: string;
  readonly length?: number;
  readonly preset?: Preset;
  readonly temperature?: number;
  readonly seed?: number;
}

/** Asks for a story; repeats the identical request until the server answers. */
export async function ask(base: string, asked: Asked, id = randomUUID()): Promise<string> {
  for (;;) {
    try {
      const response = await fetch(`${base}/api/replies`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id, ...asked }),
      });
      assert.equal(response.status, 202, await response.text());
      return id;
    } catch (error) {
      // The error of `fetch` when the server is down, or goes down.
      if (!(error instanceof TypeError)) throw error;
      await sleep(RECONNECT_MS);
    }
  }
}

/**
 * Follows a reply to its end, across lost connections.
 *
 * @param onState called with every state, and the time in ms (performance.now) at which it came
 * @returns the final state
 */
export async function followReply(
  base: string,
  id: string,
  timeoutMs: number,
  onState: (state: ReplyState, at: number) => void = () => {},
): Promise<ReplyState> {
  const deadline = performance.now() + timeoutMs;
  let shown = '';
  let beginning = 0;
  /** The last state or answer, for the error. */
  let last = 'no answer';
  const isRefused = (status: number) => {
    last = `status ${status}`;
  };
  for (;;) {
    try {
      for await (const state of events(
        `${base}/api/replies/${id}/events`,
        deadline - performance.now(),
        isRefused,
      )) {
        onState(state, performance.now());
        last = JSON.stringify(state).slice(0, 200);
        if (state.status === 'waiting') {
          assert.equal(shown, '', 'a reply that has text does not go back to waiting');
          continue;
        }
        const { text } = state;
        const now = state.status === 'failed' ? beginning : beginningOf(state);
        assert.ok(now >= beginning, `an earlier beginning does not come back: ${beginning} -> ${now}`);
        if (now > beginning) shown = '';
        beginning = now;
        assert.ok(text.startsWith(shown), `what was on the page goes on: ${shown.length} -> ${text.length}`);
        shown = text;
        if (state.status !== 'writing') return state;
      }
    } catch (error) {
      // `fetch` rejects so when the server is down or goes down, and at the deadline.
      const isExpected = error instanceof TypeError || (error as Error).name === 'TimeoutError';
      if (!isExpected) throw error;
    }
    if (performance.now() > deadline)
      throw new Error(`Reply ${id} did not end within ${timeoutMs} ms: ${last}.`);
    await sleep(RECONNECT_MS);
  }
}

/** The states of one event stream, until it ends. */
async function* events(
  url: string,
  timeoutMs: number,
  isRefused: (status: number) => void,
): AsyncGenerator<ReplyState> {
  const response = await fetch(url, { signal: AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs))) });
  assert.notEqual(response.status, 404, 'a reply that was accepted is known');
  if (!response.ok || !response.body) return isRefused(response.status);
  let buffer = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    buffer += chunk;
    const messages = buffer.split('\n\n');
    buffer = messages.pop()!;
    for (const message of messages) {
      // Only states have no event name; keep-alives are named `alive`.
      if (message.startsWith('event:')) continue;
      const data = message.split('\n').find((line) => line.startsWith('data:'));
      if (data) yield JSON.parse(data.slice('data:'.length)) as ReplyState;
    }
  }
}
