import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { expectedWaitMs, SPEED_GUESS, Speedometer } from '../../src/queue/expected-wait.ts';

const STORY = 1_000;

/**
 * When a story starts that is behind `waiting` others, in ms: all running stories are written in parallel at
 * the same speed, and each one that ends frees a slot for the next.
 *
 * @param left characters that each running story still needs
 */
function simulateMs(left: readonly number[], waiting: number, charactersPerSecond: number): number {
  let running = [...left];
  let queue = waiting;
  let ms = 0;
  for (;;) {
    const next = Math.min(...running);
    ms += (next * running.length * 1_000) / charactersPerSecond;
    const ended = running.filter((rest) => rest === next).length;
    if (ended > queue) return ms;
    queue -= ended;
    running = running.flatMap((rest) => (rest === next ? [STORY] : [rest - next]));
  }
}

describe('the expected wait', () => {
  it('is short by at most half a story for each running one, and long by at most three', () => {
    const left = fc.array(fc.integer({ min: 1, max: STORY }), { minLength: 1, maxLength: 64 });
    const property = fc.property(left, fc.integer({ min: 1, max: 300 }), (running, waiting) => {
      const speed = { charactersPerSecond: 5_000, charactersPerStory: STORY };
      const expected = expectedWaitMs({ waiting, running: running.length }, [speed])!;
      const halfMs = (running.length / 2 / 5) * 1_000;
      const actual = simulateMs(running, waiting, 5_000);
      assert.ok(actual <= expected + halfMs + 1e-6, `${actual} after ${expected}`);
      assert.ok(actual >= expected - 3 * halfMs - 1e-6, `${actual} before ${expected}`);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('is undefined without workers, zero without a queue, and shared by all workers', () => {
    const speed = { charactersPerSecond: 2_000, charactersPerStory: 1_000 };
    assert.equal(expectedWaitMs({ waiting: 10, running: 4 }, []), undefined);
    assert.equal(expectedWaitMs({ waiting: 0, running: 64 }, [speed]), 0);
    assert.equal(expectedWaitMs({ waiting: 10, running: 4 }, [speed]), 6_000);
    assert.equal(
      expectedWaitMs({ waiting: 10, running: 4 }, [speed, { ...speed, charactersPerSecond: 4_000 }]),
      2_000,
    );
  });
});

describe('a speedometer', () => {
  function started() {
    let now = 0;
    const meter = new Speedometer(4, () => now);
    const write = (charactersPerSecond: number, seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        meter.wrote(charactersPerSecond);
        now += 1_000;
        void meter.speed;
      }
    };
    return {
      meter,
      write,
      pause: (ms: number) => {
        now += ms;
      },
    };
  }

  it('starts from a guess and learns its speed at full load', () => {
    const { meter, write } = started();
    assert.deepEqual(meter.speed, SPEED_GUESS);
    meter.running = 4;
    write(500, 40);
    assert.ok(Math.abs(meter.speed.charactersPerSecond - 500) < 5, `${meter.speed.charactersPerSecond}`);
    write(8_000, 40);
    assert.ok(Math.abs(meter.speed.charactersPerSecond - 8_000) < 50, `${meter.speed.charactersPerSecond}`);
  });

  it('learns only a lower bound from fewer stories, and nothing from pauses', () => {
    const { meter, write, pause } = started();
    meter.running = 1;
    write(500, 20);
    assert.equal(meter.speed.charactersPerSecond, SPEED_GUESS.charactersPerSecond);
    write(3_000, 20);
    assert.equal(meter.speed.charactersPerSecond, 3_000);
    meter.running = 0;
    pause(3_600_000);
    assert.equal(meter.speed.charactersPerSecond, 3_000);
  });

  it('knows the length of recent stories', () => {
    const { meter } = started();
    for (let story = 0; story < 100; story++) meter.ended(300);
    assert.ok(Math.abs(meter.speed.charactersPerStory - 300) < 10);
    for (let story = 0; story < 1_000; story++) meter.ended(0);
    assert.equal(meter.speed.charactersPerStory, 1, 'and never nothing');
  });
});
