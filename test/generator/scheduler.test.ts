import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import fc from 'fast-check';
import { passageOf } from '../../src/generator/reading.ts';
import { Scheduler } from '../../src/generator/scheduler.ts';
import type { Sequence } from '../../src/generator/sequence.ts';
import { FakeEngine } from '../fakes/fake-engine.ts';

/** A sequence that takes `length` ids and records them. */
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

async function alone(prompt: number[], length: number, seed: number, stepsPerDecode = 1): Promise<number[]> {
  const one = sequence(prompt, length, seed);
  await new Scheduler(new FakeEngine({ stepsPerDecode }), { maxWaiting: 0 }).run(one);
  return one.drawn;
}

describe('Scheduler', () => {
  it('feeds the prompt, then the drawn ids', async () => {
    const engine = new FakeEngine({ next: (history) => history.at(-1)! + 1 });
    const one = sequence([10, 20, 30], 4);
    await new Scheduler(engine, { maxWaiting: 0 }).run(one);
    assert.deepEqual(one.drawn, [31, 32, 33, 34]);
    assert.equal(engine.decodes.length, 3 + 3, 'a prompt of 3 and 3 more characters to feed');
  });

  it('gives a sequence the same ids alone and among others that come and go', async () => {
    const scheduler = new Scheduler(new FakeEngine({ capacity: 5 }), { maxWaiting: 100 });
    const crowd = Array.from({ length: 40 }, (_, seed) =>
      sequence(
        Array.from({ length: 1 + ((seed * 13) % 17) }, (_, i) => (seed * 31 + i) % 97),
        1 + ((seed * 29) % 50),
        seed,
      ),
    );
    await Promise.all(crowd.map((one) => scheduler.run(one)));
    for (const [seed, one] of crowd.entries()) {
      assert.deepEqual(one.drawn, await alone([...one.prompt], one.drawn.length, seed));
      assert.equal(one.drawn.length, 1 + ((seed * 29) % 50));
    }
    assert.deepEqual([scheduler.active, scheduler.waiting], [0, 0]);
  });

  it('gives the same ids for any number of steps per decode', async () => {
    for (const stepsPerDecode of [2, 3, 8, 64]) {
      for (const promptLength of [1, 2, 7, 8, 9, 30]) {
        const prompt = Array.from({ length: promptLength }, (_, i) => i);
        assert.deepEqual(await alone(prompt, 25, 5, stepsPerDecode), await alone(prompt, 25, 5));
      }
    }
  });

  it('gives the same ids with numbers of steps that change, in two batches at a time', async () => {
    let calls = 0;
    const engine = new FakeEngine({
      ...{ capacity: 12, stepsPerDecode: 16, rowsToSplit: 6 },
      stepsFor: (rows) => 1 + ((7 * calls++ + rows) % 20),
    });
    const scheduler = new Scheduler(engine, { maxWaiting: 100 });
    const lengthOf = (seed: number) => 1 + ((seed * 29) % 70);
    const crowd = Array.from({ length: 40 }, (_, seed) =>
      sequence(
        Array.from({ length: 1 + ((seed * 13) % 37) }, (_, i) => (seed * 31 + i) % 97),
        lengthOf(seed),
        seed,
      ),
    );
    await Promise.all(crowd.map((one) => scheduler.run(one)));
    for (const [seed, one] of crowd.entries()) {
      assert.deepEqual(one.drawn, await alone([...one.prompt], lengthOf(seed), seed));
    }
    assert.equal(engine.mostAtOnce, 2);
    // The first batch begins with the first sequence; a batch of many has at most half of them.
    assert.ok(Math.max(...engine.decodes.map((slots) => slots.length)) <= 6);
    assert.deepEqual([scheduler.active, scheduler.waiting], [0, 0]);
  });

  it('fails the sequences of a broken decode, and lets those of the other batch go on', async () => {
    const engine = new FakeEngine({ capacity: 8, stepsPerDecode: 4, rowsToSplit: 2 });
    const scheduler = new Scheduler(engine, { maxWaiting: 0 });
    const crowd = Array.from({ length: 8 }, (_, seed) => sequence([seed], 40, seed));
    const runs = crowd.map((one) => scheduler.run(one));
    await breathe();
    engine.failure = new Error('broken');
    const results = await Promise.allSettled(runs);
    const failed = results.filter(({ status }) => status === 'rejected').length;
    assert.ok(failed >= 1 && failed <= 4, `${failed} failed`);
    for (const [seed, { status }] of results.entries()) {
      if (status === 'fulfilled') assert.deepEqual(crowd[seed]!.drawn, await alone([seed], 40, seed));
    }
    const later = sequence([3], 20, 3);
    await scheduler.run(later);
    assert.deepEqual(later.drawn, await alone([3], 20, 3));
  });

  it('rewinds one sequence without another step for the others', async () => {
    for (const rewinds of [false, true]) {
      const engine = new FakeEngine({ capacity: 4, stepsPerDecode: 8 });
      const scheduler = new Scheduler(engine, { maxWaiting: 0 });
      const others = [1, 2, 3].map((seed) => sequence([seed], 64, seed));
      let left = rewinds ? 2 : 0;
      const drawn: number[] = [];
      const one: Sequence = {
        ...{ prompt: [9], temperature: 1, uniform: (index: number) => (index + left) / 100 },
        rewindPoint: () => Math.max(0, drawn.length - 2),
        take(id) {
          drawn.push(id);
          if (left > 0 && drawn.length % 8 === 4) {
            left -= 1;
            drawn.length -= 2;
            return { to: drawn.length };
          }
          return drawn.length < 64 ? id : undefined;
        },
      };
      await Promise.all([one, ...others].map((sequence) => scheduler.run(sequence)));
      // The first decode has the first sequence only. Each of two rewinds costs its own row a decode.
      const decodesOf = (slot: number) => engine.decodes.filter((slots) => slots.includes(slot)).length;
      for (const slot of [1, 2, 3]) assert.equal(decodesOf(slot), 8);
      assert.equal(decodesOf(0), rewinds ? 10 : 8);
    }
  });

  it('feeds the network the id that the sequence returns instead of the drawn one', async () => {
    for (const stepsPerDecode of [1, 4]) {
      const engine = new FakeEngine({ stepsPerDecode, next: (history) => history.at(-1)! + 1 });
      const drawn: number[] = [];
      await new Scheduler(engine, { maxWaiting: 0 }).run({
        prompt: [0],
        temperature: 1,
        uniform: () => 0,
        take: (id) => {
          drawn.push(id);
          if (drawn.length === 6) return undefined;
          return id === 2 ? 50 : id;
        },
      });
      assert.deepEqual(drawn, [1, 2, 51, 52, 53, 54], `${stepsPerDecode} steps per decode`);
    }
  });

  it('rewinds to an earlier draw, replaces it, and resamples with other noise', async () => {
    for (const stepsPerDecode of [1, 2, 4, 16]) {
      // The drawn id is the sum of the last id and of the noise.
      const engine = new FakeEngine({
        stepsPerDecode,
        next: (history, uniform) => history.at(-1)! + Math.round(uniform * 100),
      });
      const asked: number[] = [];
      let attempt = 0;
      let drawn: number[] = [];
      await new Scheduler(engine, { maxWaiting: 0 }).run({
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
      assert.deepEqual(drawn, [21, 22, 50, 51, 57, 62, 67], `${stepsPerDecode} steps per decode`);
      assert.ok(Math.max(...asked) < 7 + stepsPerDecode);
    }
  });

  it('rewinds with checkpoints to the same ids as by reading all again, in fewer decodes', async () => {
    /** Draws words of any length up to 9; an unlucky one is resampled from its first letter, some twice. */
    const words = (seed: number, hasRewindPoint: boolean): Sequence & { drawn: number[] } => {
      const drawn: number[] = [];
      const attempts = new Map<number, number>();
      let wordStart = 0;
      return {
        prompt: [1 + (seed % 5), 2, 3],
        temperature: 1,
        drawn,
        uniform: (index) =>
          ((seed * 7919 + index * 104_729 + (attempts.get(index) ?? 0) * 31_337) % 997) / 997,
        ...(hasRewindPoint ? { rewindPoint: () => wordStart } : {}),
        take(id) {
          drawn.push(id);
          const isWord = id % 5 === 0 || drawn.length - wordStart === 9;
          const tried = attempts.get(wordStart) ?? 0;
          if (isWord && id % 2 === 0 && tried < 2) {
            for (let index = wordStart; index < drawn.length; index++) {
              attempts.set(index, (attempts.get(index) ?? 0) + 1);
            }
            drawn.length = wordStart;
            const instead = tried === 1 && seed % 3 === 0 ? [7, 8] : [];
            drawn.push(...instead);
            return { to: wordStart, instead };
          }
          if (isWord) wordStart = drawn.length;
          return drawn.length >= 80 ? undefined : id;
        },
      };
    };
    for (const stepsPerDecode of [1, 2, 5, 16]) {
      for (const serving of [undefined, { kind: 'refreshed', characters: 24 } as const]) {
        const run = async (hasRewindPoint: boolean) => {
          const engine = new FakeEngine({ stepsPerDecode, capacity: 3 });
          const scheduler = new Scheduler(engine, { maxWaiting: 20, ...(serving ? { serving } : {}) });
          const crowd = Array.from({ length: 7 }, (_, seed) => words(seed, hasRewindPoint));
          await Promise.all(crowd.map((one) => scheduler.run(one)));
          return { texts: crowd.map(({ drawn }) => drawn), decodes: engine.decodes.length };
        };
        const [kept, read] = [await run(true), await run(false)];
        assert.deepEqual(kept.texts, read.texts, `${stepsPerDecode} steps per decode`);
        assert.ok(kept.decodes < read.decodes, `${kept.decodes} decodes instead of ${read.decodes}`);
      }
    }
  });

  it('rewinds to the exact draw that was accepted', async () => {
    for (const stepsPerDecode of [1, 4]) {
      const engine = new FakeEngine({
        stepsPerDecode,
        next: (history, uniform) => history.length + uniform * 100,
      });
      const drawn: number[] = [];
      let attempts = 0;
      await new Scheduler(engine, { maxWaiting: 0 }).run({
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
      assert.deepEqual(drawn, [1, 2, 6, 4, 5], `${stepsPerDecode} steps per decode`);
    }
  });

  it('resamples ids that a decode drew from an outdated set of allowed ids', async () => {
    const only = new Map(
      Array.from({ length: 10 }, (_, id) => [
        id,
        Uint8Array.from({ length: 97 }, (_, i) => (i === id ? 1 : 0)),
      ]),
    );
    for (const stepsPerDecode of [1, 2, 3, 16]) {
      const engine = new FakeEngine({ stepsPerDecode, next: (history) => (history.at(-1)! + 11) % 97 });
      const drawn: number[] = [];
      await new Scheduler(engine, { maxWaiting: 0 }).run({
        prompt: [10, 20],
        temperature: 1,
        uniform: () => 0,
        // After 31 comes 5, after 5 comes 6, and the sixth draw is known to be 7 long before.
        allowed: (index) =>
          only.get(index === 5 ? 7 : { 31: 5, 5: 6 }[index === drawn.length ? drawn.at(-1)! : -1]!),
        take: (id) => {
          drawn.push(id);
          return drawn.length < 8 ? id : undefined;
        },
      });
      assert.deepEqual(drawn, [31, 5, 6, 17, 28, 7, 18, 29], `${stepsPerDecode} steps per decode`);
    }
  });

  it('rewinds to an earlier draw, which the network then has not read', async () => {
    for (const stepsPerDecode of [1, 3, 8]) {
      const histories = new Set<string>();
      const next = (history: readonly number[]) => {
        histories.add(history.join());
        return history.at(-1)! + 1;
      };
      const engine = new FakeEngine({ stepsPerDecode, next });
      const drawn: number[] = [];
      await new Scheduler(engine, { maxWaiting: 0 }).run({
        prompt: [10],
        temperature: 1,
        uniform: () => 0,
        take: (id) => {
          drawn.push(id);
          if (drawn.length === 4) return { to: 1, instead: [70, 80] };
          if (drawn.length === 6) return { to: 3 };
          return drawn.length < 8 ? id : undefined;
        },
      });
      // 12, 13 and 14 are dropped; then 81 and 82, which come again.
      assert.deepEqual(drawn, [11, 12, 13, 14, 81, 82, 81, 82], `${stepsPerDecode} steps per decode`);
      assert.ok(histories.has('10,11,70,80,81'), [...histories].join(' '));
    }
  });

  it('shows the network the ids of its serving mode at each step, and resumes to the same ids', async () => {
    const servings = fc.record({
      kind: fc.constant('refreshed' as const),
      characters: fc.integer({ min: 1, max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(
        servings,
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(1, 3, 16),
        fc.nat(39),
        async (serving, promptLength, stepsPerDecode, resumedAt) => {
          // Draws an id that encodes how many ids the network has read, and which.
          const next = (history: readonly number[], uniform: number) =>
            history.reduce((sum, id) => (sum * 31 + id + 1) % 9_973, Math.floor(uniform * 1_000));
          const write = async (prompt: number[], skipped: number) => {
            const engine = new FakeEngine({ next, stepsPerDecode });
            const one = sequence(prompt, 40 - skipped);
            const { uniform } = one;
            one.uniform = (index) => uniform(index + skipped);
            await new Scheduler(engine, { maxWaiting: 0, serving }).run(one);
            return { drawn: one.drawn, decodes: engine.decodes.length };
          };
          const prompt = Array.from({ length: promptLength }, (_, i) => i % 7);
          const { drawn } = await write(prompt, 0);
          const ids = [...prompt, ...drawn];
          drawn.forEach((id, i) => {
            const index = promptLength + i - 1;
            const seen = ids.slice(passageOf(index, serving).from, index + 1);
            assert.equal(id, next(seen, sequence([], 0).uniform(i)));
          });
          const resumed = await write(ids.slice(0, promptLength + resumedAt), resumedAt);
          assert.deepEqual(resumed.drawn, drawn.slice(resumedAt));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('shows no more ids than that after a rewind', async () => {
    const serving = { kind: 'refreshed', characters: 7 } as const;
    const next = (history: readonly number[]) => history.reduce((sum, id) => (sum * 31 + id + 1) % 9_973, 0);
    for (const stepsPerDecode of [1, 16]) {
      const ids = [1, 2, 3, 4, 5];
      let draws = 0;
      await new Scheduler(new FakeEngine({ next, stepsPerDecode }), { maxWaiting: 0, serving }).run({
        prompt: [...ids],
        temperature: 1,
        uniform: () => 0,
        take(id) {
          const index = ids.length - 1;
          assert.equal(id, next(ids.slice(passageOf(index, serving).from)));
          draws += 1;
          if (draws === 9) {
            ids.splice(5 + 2, ids.length, 50, 51);
            return { to: 2, instead: [50, 51] };
          }
          ids.push(id);
          return draws < 30 ? id : undefined;
        },
      });
      assert.equal(draws, 30);
    }
  });

  it('reads of a long context no more than the network can see', async () => {
    for (const kind of ['refreshed', 'windows'] as const) {
      const engine = new FakeEngine();
      const scheduler = new Scheduler(engine, { maxWaiting: 0, serving: { kind, characters: 50 } });
      await scheduler.run(sequence(new Array(5_000).fill(1), 1));
      assert.ok(engine.decodes.length <= 50, `${engine.decodes.length} decodes`);
    }
  });

  it('assigns slots in the order in which sequences arrived', async () => {
    const scheduler = new Scheduler(new FakeEngine({ capacity: 2 }), { maxWaiting: 10 });
    const ended: number[] = [];
    const runs = [0, 1, 2, 3, 4, 5].map((name) =>
      scheduler.run(sequence([1], 10, name)).then(() => ended.push(name)),
    );
    await Promise.all(runs);
    assert.deepEqual(ended, [0, 1, 2, 3, 4, 5]);
  });

  it('is not delayed by a long prompt', async () => {
    const engine = new FakeEngine({ capacity: 2 });
    const scheduler = new Scheduler(engine, { maxWaiting: 0 });
    let longIsDone = false;
    const long = scheduler.run(sequence(new Array(5_000).fill(1), 1)).then(() => {
      longIsDone = true;
    });
    await scheduler.run(sequence([1], 20));
    assert.equal(longIsDone, false);
    assert.ok(engine.decodes.length <= 22, `20 characters took ${engine.decodes.length} decodes`);
    await long;
  });

  it('refuses when too many wait, and accepts again afterwards', async () => {
    const scheduler = new Scheduler(new FakeEngine({ capacity: 1 }), { maxWaiting: 1 });
    const first = scheduler.run(sequence([1], 5));
    const second = scheduler.run(sequence([1], 5));
    await assert.rejects(scheduler.run(sequence([1], 5)), { code: 'busy' });
    await Promise.all([first, second]);
    await scheduler.run(sequence([1], 5));
  });

  it('frees the slot of a cancelled sequence within one step', async () => {
    const engine = new FakeEngine({ capacity: 1 });
    const scheduler = new Scheduler(engine, { maxWaiting: 1 });
    const abort = new AbortController();
    let decodes = 0;
    const endless = sequence([1], Number.POSITIVE_INFINITY);
    const cancelled = scheduler.run(
      {
        ...endless,
        take: (id) => {
          if (endless.drawn.length === 9) {
            abort.abort();
            decodes = engine.decodes.length;
          }
          return endless.take(id);
        },
      },
      abort.signal,
    );
    const next = sequence([1], 3);
    await Promise.all([cancelled, scheduler.run(next)]);
    assert.equal(next.drawn.length, 3);
    assert.ok(engine.decodes.length <= decodes + 1 + 3, 'at most one step went by');
  });

  it('drops a cancelled sequence that still waits', async () => {
    const scheduler = new Scheduler(new FakeEngine({ capacity: 1 }), { maxWaiting: 5 });
    const running = scheduler.run(sequence([1], 30));
    const abort = new AbortController();
    const waiting = sequence([1], 3);
    const waited = scheduler.run(waiting, abort.signal);
    assert.equal(scheduler.waiting, 1);
    abort.abort();
    await waited;
    assert.equal(scheduler.waiting, 0);
    await running;
    assert.deepEqual(waiting.drawn, []);
    await scheduler.run(sequence([1], 3), AbortSignal.abort());
  });

  it('rejects the active sequences when the engine fails, and continues with others', async () => {
    const engine = new FakeEngine({ capacity: 2 });
    const scheduler = new Scheduler(engine, { maxWaiting: 5 });
    const runs = [1, 2, 3].map((seed) => scheduler.run(sequence([1], 50, seed)));
    while (engine.decodes.length < 10) await breathe();
    engine.failure = new Error('device lost');
    const results = await Promise.allSettled(runs);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected', 'fulfilled'],
    );
    assert.deepEqual([scheduler.active, scheduler.waiting], [0, 0]);
  });

  it('rejects only the sequence whose own code throws', async () => {
    const scheduler = new Scheduler(new FakeEngine(), { maxWaiting: 0 });
    const broken = { ...sequence([1], 5), take: () => assert.fail('broken') };
    const [first, second] = await Promise.allSettled([
      scheduler.run(broken),
      scheduler.run(sequence([1], 5)),
    ]);
    assert.equal(first?.status, 'rejected');
    assert.equal(second?.status, 'fulfilled');
  });

  it('reports invalid options', async () => {
    assert.throws(() => new Scheduler(new FakeEngine(), { maxWaiting: -1 }), /Expected `maxWaiting`/);
    const scheduler = new Scheduler(new FakeEngine(), { maxWaiting: 0 });
    await assert.rejects(scheduler.run(sequence([], 1)), /Expected `prompt`/);
  });
});
