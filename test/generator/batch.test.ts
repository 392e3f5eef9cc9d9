import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import { Batch, type Sequence } from '../../src/generator/batch.ts';
import { FakeEngine } from '../fakes/fake-engine.ts';

/** A sequence that takes `length` ids and remembers them. */
function sequence(prompt: number[], length: number, seed = 1): Sequence & { drawn: number[] } {
  const drawn: number[] = [];
  return {
    prompt,
    temperature: 1,
    drawn,
    uniform: (index) => ((seed * 7919 + index * 104_729) % 1_000) / 1_000,
    take: (id) => {
      drawn.push(id);
      return drawn.length < length ? id : undefined;
    },
  };
}

async function alone(prompt: number[], length: number, seed: number, stepsPerTrip = 1): Promise<number[]> {
  const one = sequence(prompt, length, seed);
  await new Batch(new FakeEngine({ stepsPerTrip }), { maxWaiting: 0 }).run(one);
  return one.drawn;
}

describe('Batch', () => {
  it('feeds the prompt, then what was drawn', async () => {
    const engine = new FakeEngine({ next: (history) => history.at(-1)! + 1 });
    const one = sequence([10, 20, 30], 4);
    await new Batch(engine, { maxWaiting: 0 }).run(one);
    assert.deepEqual(one.drawn, [31, 32, 33, 34]);
    assert.equal(engine.trips.length, 3 + 3, 'a prompt of 3 and 3 more characters to feed');
  });

  it('gives a sequence the same ids alone and in a crowd that comes and goes', async () => {
    const batch = new Batch(new FakeEngine({ capacity: 5 }), { maxWaiting: 100 });
    const crowd = Array.from({ length: 40 }, (_, seed) =>
      sequence(
        Array.from({ length: 1 + ((seed * 13) % 17) }, (_, i) => (seed * 31 + i) % 97),
        1 + ((seed * 29) % 50),
        seed,
      ),
    );
    await Promise.all(crowd.map((one) => batch.run(one)));
    for (const [seed, one] of crowd.entries()) {
      assert.deepEqual(one.drawn, await alone([...one.prompt], one.drawn.length, seed));
      assert.equal(one.drawn.length, 1 + ((seed * 29) % 50));
    }
    assert.deepEqual([batch.active, batch.waiting], [0, 0]);
  });

  it('gives the same ids whatever the number of steps in a trip', async () => {
    for (const stepsPerTrip of [2, 3, 8, 64]) {
      for (const promptLength of [1, 2, 7, 8, 9, 30]) {
        const prompt = Array.from({ length: promptLength }, (_, i) => i);
        assert.deepEqual(await alone(prompt, 25, 5, stepsPerTrip), await alone(prompt, 25, 5));
      }
    }
  });

  it('has the network read what the sequence says instead of what was drawn', async () => {
    for (const stepsPerTrip of [1, 4]) {
      const engine = new FakeEngine({ stepsPerTrip, next: (history) => history.at(-1)! + 1 });
      const drawn: number[] = [];
      await new Batch(engine, { maxWaiting: 0 }).run({
        prompt: [0],
        temperature: 1,
        uniform: () => 0,
        take: (id) => {
          drawn.push(id);
          if (drawn.length === 6) return undefined;
          return id === 2 ? 50 : id;
        },
      });
      assert.deepEqual(drawn, [1, 2, 51, 52, 53, 54], `${stepsPerTrip} steps in a trip`);
    }
  });

  it('goes back to an earlier draw, with what is to stand there instead, and draws on with other noise', async () => {
    for (const stepsPerTrip of [1, 2, 4, 16]) {
      // What is drawn is the sum of the last id and of the noise.
      const engine = new FakeEngine({
        stepsPerTrip,
        next: (history, uniform) => history.at(-1)! + Math.round(uniform * 100),
      });
      const asked: number[] = [];
      let attempt = 0;
      let drawn: number[] = [];
      await new Batch(engine, { maxWaiting: 0 }).run({
        prompt: [10, 20],
        temperature: 1,
        uniform: (index) => {
          asked.push(index);
          return (attempt + (index === 4 ? 2 : 1)) / 100;
        },
        take: (id) => {
          drawn.push(id);
          if (drawn.length === 7) return undefined;
          if (drawn.length < 5 || attempt > 0) return id;
          attempt = 4;
          drawn = [...drawn.slice(0, 2), 50, 51];
          return { to: 2, instead: [50, 51] };
        },
      });
      assert.deepEqual(drawn, [21, 22, 50, 51, 57, 62, 67], `${stepsPerTrip} steps in a trip`);
      assert.ok(Math.max(...asked) < 7 + stepsPerTrip);
    }
  });

  it('goes back to the very draw that was taken', async () => {
    for (const stepsPerTrip of [1, 4]) {
      const engine = new FakeEngine({
        stepsPerTrip,
        next: (history, uniform) => history.length + uniform * 100,
      });
      const drawn: number[] = [];
      let attempts = 0;
      await new Batch(engine, { maxWaiting: 0 }).run({
        prompt: [0],
        temperature: 1,
        uniform: (index) => (index === 2 ? attempts / 100 : 0),
        take: (id) => {
          if (drawn.length === 2 && attempts < 3) {
            attempts++;
            return { to: 2 };
          }
          drawn.push(id);
          return drawn.length === 5 ? undefined : id;
        },
      });
      assert.deepEqual(drawn, [1, 2, 6, 4, 5], `${stepsPerTrip} steps in a trip`);
    }
  });

  it('gives slots in the order in which sequences came', async () => {
    const batch = new Batch(new FakeEngine({ capacity: 2 }), { maxWaiting: 10 });
    const ended: number[] = [];
    const runs = [0, 1, 2, 3, 4, 5].map((name) =>
      batch.run(sequence([1], 10, name)).then(() => ended.push(name)),
    );
    await Promise.all(runs);
    assert.deepEqual(ended, [0, 1, 2, 3, 4, 5]);
  });

  it('is not held up by a long prompt', async () => {
    const engine = new FakeEngine({ capacity: 2 });
    const batch = new Batch(engine, { maxWaiting: 0 });
    let longIsDone = false;
    const long = batch.run(sequence(new Array(5_000).fill(1), 1)).then(() => {
      longIsDone = true;
    });
    await batch.run(sequence([1], 20));
    assert.equal(longIsDone, false);
    assert.ok(engine.trips.length <= 22, `20 characters took ${engine.trips.length} trips`);
    await long;
  });

  it('refuses when too many wait, and lets in again afterwards', async () => {
    const batch = new Batch(new FakeEngine({ capacity: 1 }), { maxWaiting: 1 });
    const first = batch.run(sequence([1], 5));
    const second = batch.run(sequence([1], 5));
    await assert.rejects(batch.run(sequence([1], 5)), { code: 'busy' });
    await Promise.all([first, second]);
    await batch.run(sequence([1], 5));
  });

  it('frees the slot of a cancelled sequence within one step', async () => {
    const engine = new FakeEngine({ capacity: 1 });
    const batch = new Batch(engine, { maxWaiting: 1 });
    const abort = new AbortController();
    let trips = 0;
    const endless = sequence([1], Number.POSITIVE_INFINITY);
    const cancelled = batch.run(
      {
        ...endless,
        take: (id) => {
          if (endless.drawn.length === 9) {
            abort.abort();
            trips = engine.trips.length;
          }
          return endless.take(id);
        },
      },
      abort.signal,
    );
    const next = sequence([1], 3);
    await Promise.all([cancelled, batch.run(next)]);
    assert.equal(next.drawn.length, 3);
    assert.ok(engine.trips.length <= trips + 1 + 3, 'at most one step went by');
  });

  it('forgets a cancelled sequence that still waits', async () => {
    const batch = new Batch(new FakeEngine({ capacity: 1 }), { maxWaiting: 5 });
    const running = batch.run(sequence([1], 30));
    const abort = new AbortController();
    const waiting = sequence([1], 3);
    const waited = batch.run(waiting, abort.signal);
    assert.equal(batch.waiting, 1);
    abort.abort();
    await waited;
    assert.equal(batch.waiting, 0);
    await running;
    assert.deepEqual(waiting.drawn, []);
    await batch.run(sequence([1], 3), AbortSignal.abort());
  });

  it('fails the active when the engine fails, and goes on with others', async () => {
    const engine = new FakeEngine({ capacity: 2 });
    const batch = new Batch(engine, { maxWaiting: 5 });
    const runs = [1, 2, 3].map((seed) => batch.run(sequence([1], 50, seed)));
    while (engine.trips.length < 10) await breathe();
    engine.failure = new Error('device lost');
    const results = await Promise.allSettled(runs);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected', 'fulfilled'],
    );
    assert.deepEqual([batch.active, batch.waiting], [0, 0]);
  });

  it('fails only the sequence whose own code throws', async () => {
    const batch = new Batch(new FakeEngine(), { maxWaiting: 0 });
    const broken = { ...sequence([1], 5), take: () => assert.fail('broken') };
    const [first, second] = await Promise.allSettled([batch.run(broken), batch.run(sequence([1], 5))]);
    assert.equal(first?.status, 'rejected');
    assert.equal(second?.status, 'fulfilled');
  });

  it('says what is wrong with its options', async () => {
    assert.throws(() => new Batch(new FakeEngine(), { maxWaiting: -1 }), /Expected `maxWaiting`/);
    const batch = new Batch(new FakeEngine(), { maxWaiting: 0 });
    await assert.rejects(batch.run(sequence([], 1)), /Expected `prompt`/);
  });
});
