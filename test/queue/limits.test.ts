/** Which requesters may have one more story, on Redis and embedded; the test sets the length of the queue. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type Admission, Limits, type LookUp } from '../../src/queue/admission/limits.ts';
import type { CommunityLimits, LimitSettings } from '../../src/queue/admission/settings.ts';
import type { Lease } from '../../src/queue/admission/store.ts';
import { DailySalts, type LimitStore, type Requester } from '../../src/queue/admission/store.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { BACKENDS, type Backend } from '../helpers/backends.ts';
import { NO_LIMITS } from '../helpers/limits.ts';
import { until } from '../helpers/programs.ts';

const DAY_MS = 24 * 3_600_000;
const PERSON = { running: 1, waiting: 2, hourly: 10 };
const EMPTY = { first: 0, waiting: 0, running: 0 };

/** A requester without earlier stories. */
function newRequester(community?: string): Requester {
  return { person: `test:${randomUUID()}`, ...(community ? { community } : {}) };
}

for (const { name, skip, start } of BACKENDS) {
  describe(`limits on ${name}`, { skip, timeout: 240_000 }, () => {
    let backend: Backend;
    const stores: LimitStore[] = [];
    let connections: QueueConnection[];
    let now = Date.now();
    let load = EMPTY;
    let waitMs: number | undefined = 0;
    /** The fields of a reply that its admission does not set. */
    const states = new Map<string, Awaited<ReturnType<LookUp>>>();
    const lookUp: LookUp = async (id) => states.get(id) ?? 'unknown';
    const closers: (() => Promise<unknown>)[] = [];

    before(async () => {
      backend = await start();
      connections = [await backend.connect(), await backend.connect()];
      for (const connection of connections) stores.push(await connection.limits());
      // The first operation of the embedded database may take longer than the limit on waiting.
      const ready = () => open({ person: PERSON }).admit(randomUUID(), newRequester('test'), lookUp);
      await until(() => ready().catch(() => false), 'the first story');
    });
    after(async () => {
      for (const close of closers) await close();
      await backend.stop();
    });

    /** One of two processes. */
    function open(
      settings: Partial<LimitSettings>,
      process = 0,
      own?: (community: string) => CommunityLimits | undefined,
      store = stores[process]!,
      wait?: (ms: number) => Promise<void>,
    ): Limits {
      const salts = new DailySalts(connections[process]!, () => now);
      closers.push(() => salts.close());
      const stories = { load: async () => load, expectedWaitMs: () => waitMs };
      return new Limits({
        store,
        salts,
        stories,
        settings: { ...NO_LIMITS, ...settings },
        ...(wait && { wait }),
        ...(own ? { communityLimits: own } : {}),
      });
    }

    /** Asks for a story and adds it to the queue. */
    async function ask(limits: Limits, requester: Requester, id: string = randomUUID()) {
      const admission = await limits.admit(id, requester, lookUp);
      if (admission) states.set(id, 'under way');
      return { id, lease: admission?.lease };
    }

    async function end(limits: Limits, { id, lease }: { id: string; lease: Lease | undefined }) {
      states.set(id, 'ended');
      return limits.leave(id, lease!);
    }

    it('allows a requester three active stories, and the next one when one ends', async () => {
      const limits = open({ person: PERSON });
      const ann = newRequester();
      const first = await ask(limits, ann);
      const second = await ask(limits, ann);
      const third = await ask(limits, ann);
      await assert.rejects(ask(limits, ann), {
        code: 'rate_limited',
        message: 'You have 3 stories under way. The next can start when one of them is done.',
      });
      await ask(limits, newRequester());
      const checks = await Promise.all(
        [first, second, third].map((one) => limits.admissibility(one.id, one.lease!, lookUp)),
      );
      assert.deepEqual(checks, [
        { mayBegin: true, ahead: 0 },
        { mayBegin: false, ahead: 1 },
        { mayBegin: false, ahead: 2 },
      ]);
      assert.equal(await end(limits, first), second.id, 'the second may begin');
      assert.deepEqual(await limits.admissibility(second.id, second.lease!, lookUp), {
        mayBegin: true,
        ahead: 0,
      });
      const fourth = await ask(limits, ann);
      // A story that leaves the queue before it starts wakes only stories that may run.
      assert.equal(await end(limits, third), second.id);
      assert.equal(await end(limits, second), fourth.id);
      assert.equal(await end(limits, fourth), undefined);
    });

    it('allows a requester ten stories an hour, without refusals and repeated requests', async () => {
      const [limits, elsewhere] = [open({ person: PERSON }), open({ person: PERSON }, 1)];
      const ann = newRequester();
      for (let story = 0; story < 9; story++) await end(limits, await ask(limits, ann));
      const again = await ask(limits, ann);
      assert.deepEqual(await ask(elsewhere, ann, again.id), { id: again.id, lease: undefined });
      await end(limits, again);
      for (const one of [limits, elsewhere, limits]) {
        await assert.rejects(ask(one, ann), {
          code: 'rate_limited',
          message: 'You have had your 10 stories for this hour. The next can start in 60 minutes.',
        });
      }
      const roomier = open({ person: { ...PERSON, hourly: 11 } });
      await end(roomier, await ask(roomier, ann));
      await assert.rejects(ask(roomier, ann), { code: 'rate_limited' });
    });

    it('gives the last slot to one of two processes, and to one of two copies of a command', async () => {
      const both = [open({ person: PERSON }), open({ person: PERSON }, 1)];
      const ann = newRequester();
      const asked = await Promise.allSettled(
        Array.from({ length: 12 }, (_, index) => ask(both[index % 2]!, ann)),
      );
      const admitted = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      assert.equal(admitted.length, 3);
      for (const one of admitted) await end(both[0]!, one);

      const bob = newRequester();
      const hourly = [0, 1].map((process) => open({ person: { ...PERSON, waiting: 0 } }, process));
      const copies = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => letter + randomUUID());
      const twice = await Promise.allSettled(
        copies.flatMap((id) => hourly.map((limits) => limits.admit(id, bob, lookUp))),
      );
      assert.ok(twice.every(({ status }) => status === 'fulfilled'));
      const more = await Promise.allSettled(
        Array.from({ length: 10 }, (_, index) => hourly[index % 2]!.admit(randomUUID(), bob, lookUp)),
      );
      assert.equal(more.filter(({ status }) => status === 'fulfilled').length, 10 - copies.length);
    });

    it('keeps hourly counts and waiting stories past midnight', async () => {
      const limits = open({ person: { ...PERSON, hourly: 4 } });
      const ann = newRequester();
      const midnight = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
      const real = now;
      try {
        now = midnight - 1;
        const early = await ask(limits, ann);
        await ask(limits, ann);
        now = midnight;
        const late = await ask(limits, ann);
        assert.notDeepEqual(late.lease!.person[0], early.lease!.person[0], 'under another name');
        assert.equal((await limits.admissibility(late.id, late.lease!, lookUp)).ahead, 2);
        await assert.rejects(ask(limits, ann), { message: /^You have 3 stories under way/ });
        await end(limits, early);
        await end(limits, await ask(limits, ann));
        await assert.rejects(ask(limits, ann), { message: /^You have had your 4 stories for this hour/ });
        now = midnight + DAY_MS;
        await assert.doesNotReject(ask(limits, ann), 'no process knows any more');
      } finally {
        now = real;
      }
    });

    it('does not count a story that was lost with its process', async () => {
      const limits = open({ person: PERSON });
      const ann = newRequester();
      const lost = await ask(limits, ann);
      const waiting = await ask(limits, ann);
      await ask(limits, ann);
      assert.equal((await limits.admissibility(waiting.id, waiting.lease!, lookUp)).mayBegin, false);
      // The story ended, but its process could not report that.
      states.set(lost.id, 'ended');
      assert.equal((await limits.admissibility(waiting.id, waiting.lease!, lookUp)).mayBegin, true);
      await ask(limits, ann);
      // The story was never queued: that is certain only after a while.
      states.delete(waiting.id);
      await assert.rejects(ask(limits, ann));
      const { underWay } = stores[0]!;
      const older: LimitStore = {
        ...stores[0]!,
        underWay: {
          ...underWay,
          list: async (keys) =>
            (await underWay.list(keys)).map(({ id, ageMs }) => ({ id, ageMs: ageMs + 10_000 })),
        },
      };
      await ask(open({ person: PERSON }, 0, undefined, older), ann);
    });

    it('does not count a lost story against its community, where it filled both limits', async () => {
      const limits = open({
        person: { running: 1, waiting: 1, hourly: 10 },
        community: { atOnce: 2, hourly: 10 },
      });
      const ann = newRequester(`test:${randomUUID()}`);
      const lost = await ask(limits, ann);
      await ask(limits, ann);
      await assert.rejects(ask(limits, ann), { code: 'rate_limited' });
      states.set(lost.id, 'ended');
      await ask(limits, ann);
    });

    it('gives a community the lower one of its own limit and the operator’s', async () => {
      const community = `test:${randomUUID()}`;
      let own: CommunityLimits | undefined;
      const settings = { person: { ...PERSON, hourly: 3 }, community: { atOnce: 4, hourly: 8 } };
      const limits = open(settings, 0, (asked) => (asked === community ? own : undefined));
      const under = [];
      for (let person = 0; person < 4; person++) under.push(await ask(limits, newRequester(community)));
      await assert.rejects(ask(limits, newRequester(community)), {
        code: 'rate_limited',
        message: '4 stories are under way here, which is the limit of this community. Try again in a minute.',
      });
      await ask(limits, newRequester(`test:${randomUUID()}`));
      await end(limits, under.pop()!);
      own = { communityAtOnce: 3, personHourly: 1, personAtOnce: 500, communityHourly: 500 };
      await assert.rejects(ask(limits, newRequester(community)), {
        message: /^3 stories are under way here/,
      });
      for (const one of under.splice(1)) await end(limits, one);
      const ann = newRequester(community);
      await end(limits, await ask(limits, ann));
      await assert.rejects(ask(limits, ann), { message: /^You have had your story for this hour/ });
      own = { personAtOnce: 1, communityHourly: 500 };
      under.push(await ask(limits, ann));
      await assert.rejects(ask(limits, ann), {
        message: 'You have a story under way. The next can start when it is done.',
      });
      for (const one of under.splice(0)) await end(limits, one);
      own = undefined;
      for (let person = 0; person < 2; person++)
        await end(limits, await ask(limits, newRequester(community)));
      await assert.rejects(ask(limits, newRequester(community)), {
        message: 'This community has had its 8 stories for this hour. The next can start in 60 minutes.',
      });
      // A refused requester keeps their own allowance.
      const bob = newRequester();
      await assert.rejects(ask(limits, { ...bob, community }), { code: 'rate_limited' });
      for (let story = 0; story < 3; story++) await end(limits, await ask(limits, bob));
    });

    it('refuses a story that cannot start within a minute, but none for lack of a worker', async () => {
      const limits = open({ person: PERSON, maxWaiting: 6, longestWaitMs: 60_000 });
      const ann = newRequester();
      try {
        load = { first: 5, waiting: 5, running: 1 };
        waitMs = 60_001;
        for (const requester of [ann, undefined]) {
          await assert.rejects(limits.admit(randomUUID(), requester, lookUp), {
            code: 'busy',
            message:
              'So many stories are waiting that yours would begin in 2 minutes only. Try again in a minute.',
          });
        }
        waitMs = undefined;
        const waits = await ask(limits, ann);
        load = { first: 6, waiting: 6, running: 0 };
        await assert.rejects(ask(limits, ann), { code: 'busy', message: /^6 stories are waiting already/ });
        load = EMPTY;
        await ask(limits, ann);
        await ask(limits, ann);
        await assert.rejects(ask(limits, ann), { code: 'rate_limited' }, 'the refused ones hold no entry');
        await end(limits, waits);
      } finally {
        load = EMPTY;
        waitMs = 0;
      }
    });

    /** A store that holds one answer back until `answer` is called. */
    function delayedStore(isRunning?: () => boolean) {
      let answer = () => {};
      const late = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const { underWay } = stores[0]!;
      const { isRunning: _, ...rest } = stores[0]!;
      const store: LimitStore = {
        ...rest,
        ...(isRunning && { isRunning }),
        underWay: {
          ...underWay,
          take: async (id, groups) => {
            if (id.startsWith('late')) await late;
            return underWay.take(id, groups);
          },
        },
      };
      return { store, answer };
    }

    it('waits for a slow store that runs, and refuses when it has stopped meanwhile', async () => {
      let isRunning = true;
      const { store, answer } = delayedStore(() => isRunning);
      let waits = 0;
      const wait = async () => {
        // More calls than a store without signs of life is waited for.
        if (++waits === 10) answer();
        await sleep(waits < 10 ? 0 : 10_000, undefined, { ref: false });
      };
      const limits = open({ person: PERSON }, 0, undefined, store, wait);
      assert.ok(await limits.admit('late 1', newRequester(), lookUp));
      assert.equal(waits, 10);
      const ended = delayedStore(() => isRunning);
      const asking = open({ person: PERSON }, 0, undefined, ended.store, async () => {
        isRunning = false;
      });
      await assert.rejects(asking.admit('late 2', newRequester(), lookUp), { code: 'queue_unavailable' });
      ended.answer();
    });

    it('takes answers to other requests as signs of life', async () => {
      const { store, answer } = delayedStore();
      let waits = 0;
      let isAsking = false;
      const limits = open({ person: PERSON }, 0, undefined, store, async () => {
        // The waits of the other requests: they are answered before.
        if (isAsking) return sleep(10_000, undefined, { ref: false });
        isAsking = true;
        if (waits < 10) await limits.admit(randomUUID(), newRequester(), lookUp);
        else answer();
        isAsking = waits++ === 10;
      });
      assert.ok(await limits.admit('late 3', newRequester(), lookUp));
      assert.equal(waits, 11);
    });

    it('ends the wait for a store that runs and never answers, as busy', async () => {
      const { store, answer } = delayedStore(() => true);
      const limits = open({ person: PERSON }, 0, undefined, store, async () => {});
      await assert.rejects(limits.admit('late 4', newRequester(), lookUp), {
        code: 'busy',
        message: /too busy/,
      });
      answer();
    });

    it('refuses within a second when the store does not answer, and takes back a late answer', async () => {
      let answer = () => {};
      const late = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const { underWay } = stores[0]!;
      const { isRunning: _, ...elsewhere } = stores[0]!;
      const slow: LimitStore = {
        ...elsewhere,
        underWay: {
          ...underWay,
          take: async (id, groups) => {
            await late;
            return underWay.take(id, groups);
          },
        },
      };
      const ann = newRequester();
      let waitedMs = 0;
      const impatient = open({ person: PERSON }, 0, undefined, slow, async (ms) => {
        waitedMs += ms;
        await sleep(ms);
      });
      await assert.rejects(impatient.admit('late', ann, lookUp), { code: 'queue_unavailable' });
      assert.ok(waitedMs < 1_000, `${waitedMs} ms`);
      answer();
      await sleep(100);
      const limits = open({ person: { running: 1, waiting: 1, hourly: 2 } });
      const first = await ask(limits, ann);
      await ask(limits, ann);
      await end(limits, first);
      await assert.rejects(ask(limits, ann), { message: /^You have had your 2 stories/ });
      // An error of the store is reported as a sentence, too.
      const broken = {
        ...slow,
        underWay: { ...underWay, take: () => Promise.reject(new Error('READONLY')) },
      };
      const asks = open({ person: PERSON }, 0, undefined, broken).admit('x', ann, lookUp);
      await assert.rejects(asks, { code: 'queue_unavailable' });
    });

    describe('in any order', () => {
      interface Held {
        readonly id: string;
        readonly person: number;
        readonly admission: Admission;
      }
      /** The active stories of every requester, as counts in memory. */
      class Model {
        held: Held[] = [];
        readonly personUses = new Map<number, number>();
        communityUses = 0;

        admits(person: number, inCommunity: boolean): boolean {
          const uses = this.personUses.get(person) ?? 0;
          const ofPerson = this.held.filter((one) => one.person === person).length;
          if (ofPerson >= BOUNDS.person.running + BOUNDS.person.waiting || uses >= BOUNDS.person.hourly)
            return false;
          const ofCommunity = this.held.filter(
            ({ admission }) => admission.lease!.community.length > 0,
          ).length;
          if (
            inCommunity &&
            (ofCommunity >= BOUNDS.community.atOnce || this.communityUses >= BOUNDS.community.hourly)
          )
            return false;
          this.personUses.set(person, uses + 1);
          if (inCommunity) this.communityUses += 1;
          return true;
        }
      }
      interface Real {
        readonly both: readonly Limits[];
        readonly run: string;
      }
      const BOUNDS = {
        person: { running: 1, waiting: 1, hourly: 5 },
        community: { atOnce: 3, hourly: 9 },
      };
      const check = () => true;

      const asks = fc.record({ person: fc.nat(2), inCommunity: fc.boolean(), process: fc.nat(1) }).map(
        ({ person, inCommunity, process }): fc.AsyncCommand<Model, Real> => ({
          check,
          toString: () => `ask(${person}${inCommunity ? ', in the community' : ''})`,
          async run(model, { both, run }) {
            const id = randomUUID();
            const requester = { person: `${run}/${person}`, ...(inCommunity ? { community: run } : {}) };
            const admission = await both[process]!.admit(id, requester, lookUp).catch(() => undefined);
            assert.equal(admission !== undefined, model.admits(person, inCommunity));
            if (!admission) return;
            states.set(id, 'under way');
            model.held.push({ id, person, admission });
          },
        }),
      );
      /** A story ends, and its process reports that, or was lost before it could. */
      const ends = fc.record({ which: fc.nat(5), isLost: fc.boolean(), process: fc.nat(1) }).map(
        ({ which, isLost, process }): fc.AsyncCommand<Model, Real> => ({
          check: (model) => which < model.held.length,
          toString: () => `end(${which}${isLost ? ', unheard' : ''})`,
          async run(model, { both }) {
            const [{ id, person, admission }] = model.held.splice(which, 1) as [Held];
            states.set(id, 'ended');
            if (isLost) return;
            const next = await both[process]!.leave(id, admission.lease!);
            const unheard = next !== undefined && states.get(next) === 'ended';
            if (!unheard) assert.equal(next, model.held.find((one) => one.person === person)?.id);
          },
        }),
      );
      const checks = fc.record({ which: fc.nat(5), process: fc.nat(1) }).map(
        ({ which, process }): fc.AsyncCommand<Model, Real> => ({
          check: (model) => which < model.held.length,
          toString: () => `check(${which})`,
          async run(model, { both }) {
            const { id, person, admission } = model.held[which]!;
            const { mayBegin } = await both[process]!.admissibility(id, admission.lease!, lookUp);
            assert.equal(mayBegin, model.held.find((one) => one.person === person)!.id === id);
          },
        }),
      );
      const undoes = fc.record({ which: fc.nat(5) }).map(
        ({ which }): fc.AsyncCommand<Model, Real> => ({
          check: (model) => which < model.held.length,
          toString: () => `undo(${which})`,
          async run(model) {
            const [{ id, person, admission }] = model.held.splice(which, 1) as [Held];
            states.delete(id);
            await admission.undo();
            model.personUses.set(person, model.personUses.get(person)! - 1);
            if (admission.lease!.community.length > 0) model.communityUses -= 1;
          },
        }),
      );

      it('admits as a model of counts does, with any order of ends, losses and releases', async () => {
        const both = [open(BOUNDS), open(BOUNDS, 1)];
        const property = fc.asyncProperty(
          fc.commands([asks, asks, asks, ends, checks, undoes], { maxCommands: 30 }),
          (commands) =>
            fc.asyncModelRun(() => ({ model: new Model(), real: { both, run: randomUUID() } }), commands),
        );
        await fc.assert(property, { numRuns: name === 'Redis' ? 40 : 12 });
      });
    });
  });
}
