/** The store of feedback, on Redis and embedded. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { DOUBLE_CLICK_MS, type FeedbackStore, type StoredRating } from '../../src/queue/feedback-store.ts';
import { VERDICTS, type Verdict } from '../../src/story/feedback.ts';
import { BACKENDS, type Backend } from '../helpers/backends.ts';
import { sized } from '../helpers/sized.ts';

const DAY = 20_000;

/** The ratings of one story, in memory. */
class Model {
  readonly ratings = new Map<string, { verdict: Verdict | undefined; at: number }>();

  rate(rater: string, verdict: Verdict | undefined, at: number, isPress: boolean): Verdict | undefined {
    const last = this.ratings.get(rater) ?? { verdict: undefined, at: 0 };
    const isSame = last.verdict !== undefined && last.verdict === verdict;
    if (isPress && (at <= last.at || (isSame && at - last.at < DOUBLE_CLICK_MS))) return last.verdict;
    const after = isPress && isSame ? undefined : verdict;
    this.ratings.set(rater, { verdict: after, at: Math.max(at, last.at) });
    return after;
  }

  count(verdict: Verdict): number {
    return [...this.ratings.values()].filter((rating) => rating.verdict === verdict).length;
  }
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      rater: fc.constantFrom('a', 'b', 'c'),
      verdict: fc.constantFrom<Verdict>(...VERDICTS),
      at: fc.integer({ min: 1, max: 8 }).map((n) => n * 600),
      isPress: fc.constant(true),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      rater: fc.constantFrom('a', 'b', 'c'),
      verdict: fc.constantFrom<Verdict | undefined>(...VERDICTS, undefined),
      at: fc.integer({ min: 1, max: 8 }).map((n) => n * 600),
      isPress: fc.constant(false),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ rater: fc.constantFrom('a', 'b', 'c'), isForgotten: fc.constant(true) }),
  },
);

for (const { name, skip, start } of BACKENDS) {
  describe(`the store of feedback on ${name}`, { skip, timeout: 240_000 }, () => {
    let backend: Backend;
    let store: FeedbackStore;
    let other: FeedbackStore;

    before(async () => {
      backend = await start();
      store = await (await backend.connect()).feedback();
      other = await (await backend.connect()).feedback();
    });
    after(() => backend.stop());

    const newStory = async () => {
      const [story, group] = [randomUUID(), JSON.stringify([DAY, randomUUID()])];
      const expiresAt = Date.now() + 60_000;
      const salt = await store.salt(story, 'salt', expiresAt);
      const ratingOf = (more: Pick<StoredRating, 'rater' | 'verdict' | 'at' | 'isPress'>): StoredRating => {
        return { story, salt, group, day: DAY, expiresAt, ...more };
      };
      const count = async (verdict: Verdict) => {
        const totals = await other.totals(DAY);
        return totals.find((total) => total.group === group && total.verdict === verdict)?.votes ?? 0;
      };
      return { story, salt, group, ratingOf, count };
    };

    it('agrees with a list about ratings and totals', async () => {
      const property = fc.asyncProperty(fc.array(step, { maxLength: 16 }), async (steps) => {
        const model = new Model();
        const { story, ratingOf, count } = await newStory();
        for (const one of steps) {
          if ('isForgotten' in one) {
            model.ratings.delete(one.rater);
            await store.forget(story, one.rater);
          } else {
            const { rater, verdict, at, isPress } = one;
            assert.equal(await store.rate(ratingOf(one)), model.rate(rater, verdict, at, isPress));
          }
        }
        for (const verdict of VERDICTS) assert.equal(await count(verdict), model.count(verdict));
      });
      await fc.assert(property, { numRuns: sized(40, 200) });
    });

    it('counts one rating per user whatever several connections do at the same time', async () => {
      const { ratingOf, count } = await newStory();
      const at = 1_000_000;
      // Every press is delivered to both processes, and each user double-clicks.
      const presses = Array.from({ length: 20 }, (_, rater) =>
        [0, 80].flatMap((later) =>
          [store, other].map((one) =>
            one.rate(ratingOf({ rater: `${rater}`, verdict: 'liked', at: at + later, isPress: true })),
          ),
        ),
      ).flat();
      assert.deepEqual(new Set(await Promise.all(presses)), new Set(['liked']));
      assert.deepEqual([await count('liked'), await count('disliked')], [20, 0]);
      // Half of them change their minds, and a quarter takes that back, at once.
      await Promise.all(
        Array.from({ length: 10 }, (_, rater) =>
          other.rate(ratingOf({ rater: `${rater}`, verdict: 'disliked', at: at + 5_000, isPress: true })),
        ),
      );
      await Promise.all(
        Array.from({ length: 5 }, (_, rater) =>
          store.rate(ratingOf({ rater: `${rater}`, verdict: 'disliked', at: at + 10_000, isPress: true })),
        ),
      );
      assert.deepEqual([await count('liked'), await count('disliked')], [10, 5]);
    });

    it('gives a story one salt, and takes no rating without it', async () => {
      const story = randomUUID();
      const expiresAt = Date.now() + 60_000;
      const salts = await Promise.all(
        Array.from({ length: 8 }, (_, i) => [store, other][i % 2]!.salt(story, `salt ${i}`, expiresAt)),
      );
      assert.equal(new Set(salts).size, 1);
      assert.ok((await other.stories()).some((one) => one.story === story && one.salt === salts[0]));
      await store.remove(story);
      await store.remove(story);
      assert.ok(!(await other.stories()).some((one) => one.story === story));
      const late = { story, salt: salts[0]!, group: `[${DAY},"late"]`, day: DAY, expiresAt };
      assert.equal(await store.rate({ ...late, rater: 'a', verdict: 'liked', at: 1, isPress: true }), 'gone');
      assert.ok(!(await store.totals(0)).some(({ group }) => group === late.group));
    });

    it('keeps totals when ratings are removed or expire, and drops those of old days', async () => {
      const { story, ratingOf, count } = await newStory();
      await store.rate(ratingOf({ rater: 'a', verdict: 'liked', at: 1, isPress: true }));
      await store.remove(story);
      assert.equal(await count('liked'), 1);
      await store.removeOld(Date.now() + 120_000, DAY);
      assert.deepEqual(await store.stories(), []);
      assert.equal(await count('liked'), 1);
      assert.deepEqual(await store.totals(DAY + 1), []);
      await store.removeOld(Date.now(), DAY + 1);
      assert.deepEqual(await store.totals(0), []);
    });
  });
}
