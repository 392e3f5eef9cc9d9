/** The store of the limits, on Redis and embedded. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { RateLimiterRes } from 'rate-limiter-flexible';
import type { Group, LimitStore, Taken, UnderWay } from '../../src/queue/admission/store.ts';
import { DailySalts } from '../../src/queue/admission/store.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { BACKENDS, type Backend } from '../helpers/backends.ts';

const DAY_MS = 24 * 3_600_000;
const KEYS = ['a', 'b', 'c', 'd'];
const IDS = ['1', '2', '3', '4', '5', '6'];

/** The active stories, as a list in memory. */
class Model {
  readonly entries: { key: string; id: string }[] = [];

  take(id: string, groups: readonly Group[]): Taken {
    const held = (keys: readonly string[]) => this.entries.filter(({ key }) => keys.includes(key));
    if (held(groups[0]!.keys).some((entry) => entry.id === id)) return 'there';
    const full = groups.findIndex(({ keys, most }) => most > 0 && held(keys).length >= most);
    if (full >= 0) return { full };
    const ahead = held(groups[0]!.keys).length;
    for (const { keys } of groups) {
      const entry = { key: keys[0]!, id };
      if (!this.list([entry.key]).includes(id)) this.entries.push(entry);
    }
    return { ahead };
  }

  leave(id: string, keys: readonly string[]): void {
    for (const key of keys) {
      const index = this.entries.findIndex((entry) => entry.key === key && entry.id === id);
      if (index >= 0) this.entries.splice(index, 1);
    }
  }

  list(keys: readonly string[]): string[] {
    return this.entries.filter(({ key }) => keys.includes(key)).map(({ id }) => id);
  }
}

interface Real {
  readonly store: UnderWay;
  /** The keys are unique to this run. */
  readonly run: string;
}

type Command = fc.AsyncCommand<Model, Real>;

class Take implements Command {
  readonly id: string;
  readonly groups: readonly Group[];

  constructor(id: string, groups: readonly Group[]) {
    this.id = id;
    this.groups = groups;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, { store, run }: Real): Promise<void> {
    const groups = this.groups.map(({ keys, most }) => ({ keys: keys.map((key) => run + key), most }));
    assert.deepEqual(await store.take(this.id, groups), model.take(this.id, this.groups));
  }

  toString(): string {
    return `take(${this.id}, ${JSON.stringify(this.groups)})`;
  }
}

class Leave implements Command {
  readonly id: string;
  readonly keys: readonly string[];

  constructor(id: string, keys: readonly string[]) {
    this.id = id;
    this.keys = keys;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, { store, run }: Real): Promise<void> {
    model.leave(this.id, this.keys);
    await store.leave(
      this.id,
      this.keys.map((key) => run + key),
    );
    for (const keys of [...KEYS.map((key) => [key]), KEYS]) {
      const listed = await store.list(keys.map((key) => run + key));
      assert.deepEqual(
        listed.map(({ id }) => id),
        model.list(keys),
      );
      for (const { ageMs } of listed) assert.ok(ageMs >= 0 && ageMs < 60_000, `${ageMs} ms`);
    }
  }

  toString(): string {
    return `leave(${this.id}, ${this.keys})`;
  }
}

/**
 * One group of `a` and `b`, and for some stories a second one of `c` and `d`: no group shares a member with
 * another.
 */
const groups = fc
  .tuple(
    fc.constantFrom(['a'], ['a', 'b'], ['b'], ['b', 'a']),
    fc.nat(3),
    fc.constantFrom(undefined, ['c'], ['c', 'd'], ['d']),
    fc.nat(4),
  )
  .map(([person, most, community, share]): Group[] => [
    { keys: person, most },
    ...(community ? [{ keys: community, most: share }] : []),
  ]);
const commands = fc.commands(
  [
    fc.tuple(fc.constantFrom(...IDS), groups).map(([id, wanted]) => new Take(id, wanted)),
    fc.tuple(fc.constantFrom(...IDS), fc.subarray(KEYS, { minLength: 1 })).map(([id, k]) => new Leave(id, k)),
  ],
  { maxCommands: 24 },
);

for (const { name, skip, start } of BACKENDS) {
  describe(`the limit store on ${name}`, { skip }, () => {
    let backend: Backend;
    let connection: QueueConnection;
    let store: LimitStore;

    before(async () => {
      backend = await start();
      connection = await backend.connect();
      store = await connection.limits();
    });
    after(() => backend.stop());

    it('agrees with a list about the active stories', async () => {
      const property = fc.asyncProperty(commands, async (sequence) => {
        const setup = () => ({ model: new Model(), real: { store: store.underWay, run: randomUUID() } });
        await fc.asyncModelRun(setup, sequence);
      });
      await fc.assert(property, { numRuns: 40 });
    });

    it('gives the last free slot to one of several concurrent callers, over two connections', async () => {
      const other = await (await backend.connect()).limits();
      const keys = [randomUUID()];
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          [store, other][index % 2]!.underWay.take(`${index}`, [{ keys, most: 7 }]),
        ),
      );
      assert.equal(outcomes.filter((outcome) => typeof outcome === 'object' && 'ahead' in outcome).length, 7);
      assert.equal((await store.underWay.list(keys)).length, 7);
    });

    it('counts an hour for every user, independent of the bound that is asked about', async () => {
      const other = await (await backend.connect()).limits();
      const key = randomUUID();
      const uses = await Promise.allSettled(
        Array.from({ length: 9 }, (_, index) => [store, other][index % 2]!.hourly(5).consume(key)),
      );
      assert.equal(uses.filter(({ status }) => status === 'fulfilled').length, 5);
      const refused = uses.find((use) => use.status === 'rejected')!;
      assert.ok(refused.reason instanceof RateLimiterRes);
      assert.ok(refused.reason.msBeforeNext > 3_590_000 && refused.reason.msBeforeNext <= 3_600_000);
      assert.equal((await store.hourly(5).get(key))?.consumedPoints, 9);
      assert.equal((await store.hourly(20).consume(key)).consumedPoints, 10);
      assert.equal((await other.hourly(5).reward(key, 4)).consumedPoints, 6);
      assert.equal(await store.hourly(5).get(randomUUID()), null);
    });

    it('gives a user the same pseudonym everywhere on one day and the next, and no longer', async () => {
      let now = 20_000 * DAY_MS - 1;
      const clock = () => now;
      const salts = [connection, await backend.connect()].map((one) => new DailySalts(one, clock));
      try {
        await Promise.all(salts.map((one) => one.ready()));
        const [names, others] = await Promise.all(salts.map((one) => one.namesOf('discord:1234')));
        assert.equal(names!.length, 1);
        assert.deepEqual(names, others);
        assert.match(names![0]!, /^[\w-]{43}$/);
        assert.notDeepEqual(names, await salts[0]!.namesOf('discord:1235'));
        now += 1;
        const [after, before] = await salts[1]!.namesOf('discord:1234');
        assert.equal(before, names![0]);
        assert.notEqual(after, before);
        assert.deepEqual(await salts[0]!.namesOf('discord:1234'), [after, before]);
        now += DAY_MS;
        const later = await salts[0]!.namesOf('discord:1234');
        assert.equal(later[1], after);
        // Setting the clock back does not bring a salt back.
        now -= DAY_MS;
        const fresh = new DailySalts(connection, clock);
        assert.deepEqual(await fresh.namesOf('discord:1234'), [after]);
        await fresh.close();
      } finally {
        await Promise.all(salts.map((one) => one.close()));
      }
    });
  });
}
