/** The contract of every engine, independent of its backend: one suite for all of them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { drawProbabilities, LIKELIEST } from '../../../src/generator/draw-probabilities.ts';
import { CHECKPOINTS, type Engine, type Row } from '../../../src/generator/engines/engine.ts';
import { decodeOnHost, insideWord } from '../../../src/generator/engines/rows.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import { uniformAt } from '../../../src/generator/sampler.ts';
import { randomModel as anyRandomModel, type RandomModelOptions } from '../model/random-model.ts';
import {
  assertParity,
  assertSameBits,
  chiSquared,
  chiSquaredBound,
  noiseIds,
  type ReferenceSequence,
} from './assertions.ts';
import { logSoftmax, Reference } from './reference.ts';

export interface ContractOptions {
  readonly name: string;
  readonly skip: string | false;
  /** Rows of one call in the test of the distribution. */
  readonly draws: number;
  /** Runs of each property. */
  readonly runs: number;
  /**
   * Whether steps, and compiling for other model shapes, take so long that only one model can be read.
   */
  readonly isSlow?: boolean;
  /** Units of the layers are rounded up to a multiple of this, 1 by default. */
  readonly unitMultiple?: number;
  /** The engine's arithmetic; by default the formulas in float64. */
  readonly referenceOf?: (model: Model) => ReferenceSequence;
  /** Steps of each text; 200 if it is not given. */
  readonly textSteps?: number;
  create(model: Model, capacity: number): Promise<Engine>;
}

/** A set of allowed ids in the form that rows have. */
function maskOf(ids: readonly number[], size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, id) => (ids.includes(id) ? 1 : 0));
}

/** The distribution of a draw, by the formulas in float64. At temperature 0 the likeliest id has it all. */
function distributionOf(
  logits: ArrayLike<number>,
  temperature: number,
  allowed: Uint8Array | undefined,
  minP: number,
): number[] {
  const kept = Array.from(logits, (logit, id) => (allowed?.[id] === 0 ? -Infinity : logit));
  const max = Math.max(...kept);
  if (temperature === 0) return kept.map((_, id) => (id === kept.indexOf(max) ? 1 : 0));
  const weights = kept.map((logit) =>
    logit - max < Math.log(minP) ? 0 : Math.exp((logit - max) / temperature),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

export function describeContract(options: ContractOptions): void {
  const { name, skip, draws, runs, isSlow, create, unitMultiple = 1, textSteps = 200 } = options;
  const referenceOf = options.referenceOf ?? ((model: Model) => new Reference(model));
  const randomModel = ({ units = [8, 6], ...rest }: RandomModelOptions = {}) => {
    const rounded = units.map((size) => Math.ceil(size / unitMultiple) * unitMultiple);
    return anyRandomModel({ ...rest, units: rounded });
  };
  describe(`the ${name} engine fulfils the contract of engines`, { skip }, () => {
    test('agrees with the formulas for several numbers of layers, units and columns', async () => {
      const models = [[3], [16, 16], [1, 2, 3], [33, 7, 20, 5]];
      for (const [seed, units] of models.entries()) {
        // Every other shape needs other programs compiled; even numbers are in other tests.
        if (isSlow && seed !== 2) continue;
        const model = randomModel({ units, seed, columns: seed + 1 });
        const engine = await create(model, 3);
        const texts = [1, 2, 3].map((text) => noiseIds(model, textSteps, text));
        await assertParity(model, engine, texts, referenceOf);
        await engine.close();
      }
    });

    test('lets slots start, pause, resume and restart without an effect on the others', async () => {
      const model = randomModel({ units: [9, 5] });
      const size = model.vocabulary.size;
      const capacity = 5;
      const crowd = await create(model, capacity);
      const alone = await create(model, capacity);
      const decodes = fc.array(
        fc.record({
          slots: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 1 }),
          cleared: fc.subarray([0, 1, 2, 3, 4]),
          seed: fc.nat(1_000),
        }),
        { maxLength: 20 },
      );
      await fc.assert(
        fc.asyncProperty(decodes, async (calls) => {
          for (let slot = 0; slot < capacity; slot++) {
            crowd.clear(slot);
            alone.clear(slot);
          }
          for (const { slots, cleared, seed } of calls) {
            for (const slot of cleared) {
              crowd.clear(slot);
              alone.clear(slot);
            }
            const ids = noiseIds(model, slots.length, seed);
            const logits = await crowd.logits(slots, ids);
            for (const [row, slot] of slots.entries()) {
              const expected = await alone.logits([slot], [ids[row]!]);
              assertSameBits(logits.subarray(row * size, (row + 1) * size), expected, `slot ${slot}`);
            }
          }
        }),
        { numRuns: runs },
      );
      await crowd.close();
      await alone.close();
    });

    test('gives the same ids in a multi-step decode as in single steps and on the host', async () => {
      const model = randomModel({ units: [7, 9], scale: 1.5 });
      const engine = await create(model, 6);
      const stepping = await create(model, 6);
      const steps = engine.stepsPerDecode;
      const rowArbitrary = fc.record({
        feed: fc.array(fc.nat(11), { minLength: 1, maxLength: steps }),
        temperature: fc.constantFrom(0, 0.2, 0.7, 1, 2),
        wordTemperature: fc.constantFrom(undefined, 0.3, 1.2),
        minP: fc.constantFrom(undefined, 0.05, 0.3, 1),
        seed: fc.nat(1_000_000),
        allowed: fc.option(
          fc.array(fc.option(fc.subarray([...Array(12).keys()], { minLength: 1 }), { nil: undefined }), {
            minLength: steps,
            maxLength: steps,
          }),
          { nil: undefined },
        ),
      });
      const decodes = fc.array(fc.array(rowArbitrary, { minLength: 1, maxLength: 6 }), { maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(decodes, async (calls) => {
          for (let slot = 0; slot < 6; slot++) {
            engine.clear(slot);
            stepping.clear(slot);
          }
          for (const call of calls) {
            const batch = call.map(
              ({ feed, temperature, wordTemperature, minP, seed, allowed }, slot): Row => {
                const uniforms = Array.from({ length: steps }, (_, step) => uniformAt(seed, step, 0));
                const masks = allowed?.map((ids) => ids && maskOf(ids, 12));
                return {
                  slot,
                  feed,
                  temperature,
                  uniforms,
                  ...(wordTemperature === undefined ? {} : { wordTemperature }),
                  ...(minP === undefined ? {} : { minP }),
                  ...(masks ? { allowed: masks } : {}),
                };
              },
            );
            const drawn = await engine.decode(batch, steps);
            const expected = await decodeOnHost(
              (slots, ids) => stepping.logits(slots, ids),
              insideWord(model),
              batch,
              steps,
            );
            batch.forEach(({ feed }, i) => {
              const from = i * steps + feed.length - 1;
              const meant = [...drawn.subarray(from, (i + 1) * steps)];
              assert.deepEqual(meant, [...expected.subarray(from, (i + 1) * steps)]);
            });
          }
        }),
        // A float32 sum may fall on the other side of a uniform once in a million draws: always the same
        // ones.
        { numRuns: runs, seed: 1 },
      );
      await engine.close();
      await stepping.close();
    });

    test('restores checkpoints after any sequence of reads, clears, saves and moves', async () => {
      const model = randomModel({ units: [9, 5] });
      const size = model.vocabulary.size;
      const capacity = 4;
      const engine = await create(model, capacity);
      const alone = await create(model, 1);
      const slots = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 1 });
      const action = fc.oneof(
        fc.record({ act: fc.constant('read' as const), slots, seed: fc.nat(1_000) }),
        fc.record({ act: fc.constant('checkpoint' as const), slots, number: fc.nat(CHECKPOINTS - 1) }),
        fc.record({ act: fc.constant('restore' as const), slots, number: fc.nat(CHECKPOINTS - 1) }),
        fc.record({ act: fc.constant('clear' as const), slots }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
          const histories: number[][] = [[], [], [], []];
          const saved = new Map<string, number[]>();
          for (let slot = 0; slot < capacity; slot++) engine.clear(slot);
          for (const one of actions) {
            if (one.act === 'read') {
              const ids = noiseIds(model, one.slots.length, one.seed);
              one.slots.forEach((slot, row) => {
                histories[slot]!.push(ids[row]!);
              });
              await engine.logits(one.slots, ids);
              continue;
            }
            if (one.act === 'checkpoint') engine.checkpoint(one.slots, one.number);
            for (const slot of one.slots) {
              const key = one.act === 'clear' ? '' : `${slot} ${one.number}`;
              if (one.act === 'checkpoint') saved.set(key, [...histories[slot]!]);
              else if (one.act === 'clear') {
                engine.clear(slot);
                histories[slot] = [];
              } else if (saved.has(key)) {
                engine.restore(slot, one.number);
                histories[slot] = [...saved.get(key)!];
              }
            }
          }
          const logits = await engine.logits([0, 1, 2, 3], [1, 2, 3, 4]);
          for (const [slot, history] of histories.entries()) {
            alone.clear(0);
            for (const id of history) await alone.logits([0], [id]);
            const expected = await alone.logits([0], [slot + 1]);
            assertSameBits(logits.subarray(slot * size, (slot + 1) * size), expected, `slot ${slot}`);
          }
        }),
        { numRuns: runs },
      );
      await engine.close();
      await alone.close();
    });

    test('draws from the distribution of the formula', async () => {
      const model = randomModel({ characters: 24, scale: 1.5 });
      const engine = await create(model, draws);
      const [letter, sign] = [insideWord(model).indexOf(1), insideWord(model).indexOf(0)];
      const cases: readonly (Pick<Row, 'temperature' | 'wordTemperature' | 'minP'> & { after: number })[] = [
        { after: 3, temperature: 0.4 },
        { after: 3, temperature: 1 },
        { after: letter, temperature: 0.5, wordTemperature: 1.2 },
        { after: sign, temperature: 0.5, wordTemperature: 1.2 },
        { after: letter, temperature: 0.8, wordTemperature: 0.1, minP: 0.15 },
      ];
      for (const [round, { after, ...settings }] of cases.entries()) {
        const logits = referenceOf(model).step(after);
        const { wordTemperature = settings.temperature, minP = 0 } = settings;
        const temperature = after === sign ? wordTemperature : settings.temperature;
        const counts = new Array<number>(24).fill(0);
        const batch = Array.from({ length: draws }, (_, slot): Row => {
          engine.clear(slot);
          return { slot, feed: [after], ...settings, uniforms: [uniformAt(slot, round, 0)] };
        });
        for (const id of await engine.decode(batch, 1)) counts[id]! += 1;
        const plain = [...logSoftmax(logits)].map(Math.exp);
        const kept = logits.map((logit, id) =>
          plain[id]! < minP * Math.max(...plain) ? -Infinity : logit / temperature,
        );
        const probabilities = [...logSoftmax(kept)].map(Math.exp);
        assert.ok(counts.every((count, id) => count === 0 || probabilities[id]! > 0));
        // Cells of fewer than five draws are left out of this test.
        const cells = probabilities.flatMap((p, id) => (p * draws >= 5 ? [id] : []));
        const rest = probabilities.reduce((sum, p, id) => (cells.includes(id) ? sum : sum + p), 0);
        const expected = [...cells.map((id) => probabilities[id]!), ...(rest * draws >= 5 ? [rest] : [])];
        const seen = cells.map((id) => counts[id]!);
        const statistic = chiSquared([...seen, draws - seen.reduce((a, b) => a + b, 0)], expected, draws);
        assert.ok(statistic < chiSquaredBound(expected.length - 1), `case ${round}: ${statistic}`);
        assert.ok(cells.length > 4, 'a distribution that is none');
      }
      await engine.close();
    });

    test('gives the probabilities of the distribution that was drawn from to the rows that ask', async () => {
      const model = randomModel({ characters: 24, scale: 1.5 });
      const engine = await create(model, 6);
      const inside = insideWord(model);
      const steps = engine.stepsPerDecode;
      const settings: readonly Partial<Row>[] = [
        { temperature: 0.4 },
        { temperature: 1, wordTemperature: 1.3, minP: 0.1 },
        { temperature: 0.6, allowed: new Array(steps).fill(maskOf([2, 5, 11], 24)) },
        { temperature: 0 },
        { temperature: 2, wordTemperature: 0.2 },
        { temperature: 0.8 },
      ];
      const asking = (asks: boolean) =>
        settings.map((setting, slot): Row => {
          engine.clear(slot);
          const uniforms = Array.from({ length: steps }, (_, step) => uniformAt(slot, step, 0));
          const feed = steps > 1 ? [slot, slot + 7] : [slot];
          // The last row never asks.
          const probabilities = asks && slot < 5 ? { probabilities: drawProbabilities(steps) } : {};
          return { slot, feed, temperature: 1, uniforms, ...setting, ...probabilities };
        });
      const plain = await engine.decode(asking(false), steps);
      const batch = asking(true);
      const drawn = await engine.decode(batch, steps);
      batch.forEach(({ feed, ...row }, slot) => {
        const first = feed.length - 1;
        const own = [...drawn.subarray(slot * steps + first, (slot + 1) * steps)];
        assert.deepEqual(own, [...plain.subarray(slot * steps + first, (slot + 1) * steps)], `row ${slot}`);
        const { probabilities } = row;
        if (!probabilities) return;
        if (!engine.givesProbabilities) {
          assert.ok(probabilities.values.every((value) => value === 0));
          return;
        }
        const reference = referenceOf(model);
        let previous = 0;
        for (let step = 0; step < steps; step++) {
          previous = step < feed.length ? feed[step]! : drawn[slot * steps + step - 1]!;
          const logits = reference.step(previous);
          if (step < first) continue;
          const id = drawn[slot * steps + step]!;
          const temperature =
            inside[previous] === 1 ? row.temperature : (row.wordTemperature ?? row.temperature);
          const expected = distributionOf(logits, temperature, row.allowed?.[step], row.minP ?? 0);
          const values = probabilities.values.subarray(step * (1 + LIKELIEST), (step + 1) * (1 + LIKELIEST));
          const ids: Int32Array = probabilities.ids.subarray(step * LIKELIEST, (step + 1) * LIKELIEST);
          const where = `row ${slot}, step ${step}`;
          assert.ok(Math.abs(values[0]! - (temperature === 0 ? 1 : expected[id]!)) < 1e-3, where);
          const ranked = [...expected.keys()].sort((a, b) => expected[b]! - expected[a]!);
          for (let rank = 0; rank < LIKELIEST; rank++) {
            const listed: number = ids[rank]!;
            const least = expected[ranked[rank]!]!;
            if (least === 0) assert.deepEqual([listed, values[1 + rank]], [-1, 0], where);
            else {
              // Two ids that are almost alike may change places in another arithmetic.
              assert.ok(Math.abs(expected[listed]! - least) < 1e-3, where);
              assert.ok(Math.abs(values[1 + rank]! - least) < 1e-3, where);
            }
          }
        }
      });
      await engine.close();
    });

    test('never draws a disallowed id, and leaves the draws of other rows unchanged', async () => {
      const model = randomModel({ scale: 1.5 });
      const engine = await create(model, 12);
      const steps = engine.stepsPerDecode;
      const draw = async (
        allowedOf: (slot: number) => number[] | undefined,
        temperature: number,
        uniform: number,
      ) => {
        const batch = Array.from({ length: 12 }, (_, slot): Row => {
          engine.clear(slot);
          const ids = allowedOf(slot);
          const allowed = new Array(steps).fill(ids && maskOf(ids, 12));
          const uniforms = new Array<number>(steps).fill(uniform);
          return { slot, feed: [slot], temperature, uniforms, ...(ids ? { allowed } : {}) };
        });
        const drawn = await engine.decode(batch, steps);
        return batch.map((_, i) => [...drawn.subarray(i * steps, (i + 1) * steps)]);
      };
      for (const temperature of [0, 0.05, 0.4, 2]) {
        for (const uniform of [0, 0.5, 1 - 2 ** -53]) {
          const free = await draw(() => undefined, temperature, uniform);
          const mixed = await draw((slot) => (slot % 2 === 0 ? [slot] : undefined), temperature, uniform);
          mixed.forEach((ids, slot) => {
            assert.deepEqual(ids, slot % 2 === 0 ? new Array(steps).fill(slot) : free[slot]);
          });
          const pairs = await draw((slot) => [slot, (slot + 5) % 12], temperature, uniform);
          pairs.forEach((ids, slot) => {
            assert.ok(
              ids.every((id) => id === slot || id === (slot + 5) % 12),
              `slot ${slot}: ${ids}`,
            );
          });
        }
      }
      await engine.close();
    });

    test('takes the likeliest id at temperature 0, and stays in range for any uniform', async () => {
      const model = randomModel({ scale: 1.5 });
      const engine = await create(model, 12);
      const likeliest = Array.from({ length: 12 }, (_, id) => {
        const logits = referenceOf(model).step(id);
        return logits.indexOf(Math.max(...logits));
      });
      for (const uniform of [0, 0.5, 1 - 2 ** -53]) {
        const batch = Array.from({ length: 12 }, (_, slot): Row => {
          engine.clear(slot);
          return { slot, feed: [slot], temperature: 0, uniforms: [uniform] };
        });
        assert.deepEqual([...(await engine.decode(batch, 1))], likeliest);
        for (const temperature of [0.05, 0.4, 2]) {
          const drawn = await engine.decode(
            batch.map((entry) => ({ ...entry, temperature })),
            1,
          );
          assert.ok(drawn.every((id) => id >= 0 && id < 12));
        }
      }
      await engine.close();
    });
  });

  describe(`the ${name} engine refuses`, { skip }, () => {
    let engine: Engine;
    before(async () => {
      engine = await create(randomModel(), 4);
    });
    after(() => engine.close());
    const rowWith = (change: Partial<Row> = {}): Row => ({
      slot: 0,
      feed: [1],
      temperature: 1,
      uniforms: [0.5],
      ...change,
    });

    const mistakes: [string, () => Promise<unknown>, RegExp][] = [
      ['no rows', () => engine.decode([], 1), /at least one slot, got none/],
      [
        'too many steps',
        () => engine.decode([rowWith()], engine.stepsPerDecode + 1),
        /`steps` to be an integer from 1 to/,
      ],
      [
        'a slot that it has not',
        () => engine.decode([rowWith({ slot: 4 })], 1),
        /`slot` .* from 0 to 3, got 4/,
      ],
      ['a slot twice', () => engine.decode([rowWith(), rowWith()], 1), /no slot twice, got 0, 0/],
      ['nothing to feed', () => engine.decode([rowWith({ feed: [] })], 1), /`feed` of slot 0 .* got 0/],
      ['too much to feed', () => engine.decode([rowWith({ feed: [1, 2] })], 1), /`feed` of slot 0 .* got 2/],
      ['an id outside', () => engine.decode([rowWith({ feed: [12] })], 1), /`id` .* from 0 to 11, got 12/],
      ['no uniform', () => engine.decode([rowWith({ uniforms: [] })], 1), /`uniforms` of slot 0/],
      [
        'no sets of allowed ids for some steps',
        () => engine.decode([rowWith({ allowed: [] })], 1),
        /`allowed` of slot 0 to hold 1, got 0/,
      ],
      [
        'a set of another vocabulary',
        () => engine.decode([rowWith({ allowed: [maskOf([1], 13)] })], 1),
        /`allowed` of slot 0 to allow some of 12 ids, got some of 13/,
      ],
      [
        'an empty set',
        () => engine.decode([rowWith({ allowed: [maskOf([], 12)] })], 1),
        /`allowed` of slot 0 to allow some of 12 ids, got none of 12/,
      ],
      [
        'a word temperature below 0',
        () => engine.decode([rowWith({ wordTemperature: -1 })], 1),
        /`wordTemperature`/,
      ],
      [
        'a share that is none',
        () => engine.decode([rowWith({ minP: 1.5 })], 1),
        /`minP` of slot 0 to be from 0/,
      ],
      [
        'a cold temperature',
        () => engine.decode([rowWith({ temperature: -1 })], 1),
        /`temperature` of slot 0/,
      ],
      ['logits of no slot', () => engine.logits([], []), /at least one slot/],
      ['logits of a slot twice', () => engine.logits([1, 1], [1, 1]), /no slot twice/],
      ['half a slot', () => engine.logits([0.5], [1]), /`slot` .* got 0\.5/],
      ['an id that is none', () => engine.logits([0], [Number.NaN]), /`id` .* got NaN/],
      ['more slots than ids', () => engine.logits([0, 1], [1]), /`ids` to hold 2, .* got 1/],
    ];
    for (const [what, call, message] of mistakes) {
      test(what, () => assert.rejects(call, message));
    }

    test('an unknown checkpoint number', () => {
      assert.throws(() => engine.checkpoint([0], CHECKPOINTS), /`number` .* from 0 to 1, got 2/);
      assert.throws(() => engine.restore(0, -1), /`number` .* from 0 to 1, got -1/);
      assert.throws(() => engine.checkpoint([4], 0), /`slot` .* from 0 to 3, got 4/);
    });

    test('to clear a slot outside its capacity', () => {
      assert.throws(() => engine.clear(-1), /`slot` .* from 0 to 3, got -1/);
    });

    test('a capacity out of range', async () => {
      for (const capacity of [0, -1, 1.5, Number.NaN, 1e9]) {
        await assert.rejects(create(randomModel(), capacity), /Expected `capacity` to be/);
      }
    });

    test('a second call while the first is active, without an effect on the first', async () => {
      engine.clear(0);
      const expected = await engine.logits([0], [5]);
      engine.clear(0);
      const first = engine.logits([0], [5]);
      await assert.rejects(engine.logits([1], [5]), /one call at a time/);
      await assert.rejects(engine.decode([rowWith({ slot: 2 })], 1), /one call at a time/);
      assertSameBits(await first, expected, 'the first call');
    });

    test('nothing when a slot is cleared during a step: it is clear afterwards', async () => {
      engine.clear(0);
      const expected = await engine.logits([0], [5]);
      const under = engine.logits([0], [6]);
      engine.clear(0);
      await under;
      assertSameBits(await engine.logits([0], [5]), expected, 'after the clearing');
    });

    test('calls after closing, and closing waits for the active call', async () => {
      const closing = await create(randomModel(), 1);
      const last = closing.logits([0], [1]);
      const closed = closing.close();
      await assert.rejects(closing.logits([0], [1]), /after `close`/);
      assert.equal((await last).length, 12);
      await closed;
      await closing.close();
    });
  });
}
