/** What is written together, as a story of its host: it takes no room from stories that are under way. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { Limits, type LookUp } from '../../../src/queue/admission/limits.ts';
import { DailySalts } from '../../../src/queue/admission/store.ts';
import type { QueueConnection } from '../../../src/queue/connection.ts';
import { Relays } from '../../../src/queue/relays/relays.ts';
import { Shelf } from '../../../src/queue/shelf/shelf.ts';
import { Stories } from '../../../src/queue/stories.ts';
import { Votes } from '../../../src/queue/votes/votes.ts';
import { ALL_BACKENDS, type Backend } from '../../helpers/backends.ts';
import { NO_LIMITS } from '../../helpers/limits.ts';

const logger = pino({ level: 'silent' });
const REQUEST = { prompt: 'It began', context: '', temperature: 0.4, length: 1_200, seed: 7, model: 'scifi' };
const MINUTE_MS = 60_000;

for (const { name, skip, start } of ALL_BACKENDS) {
  describe(`the start of what is written together, ${name}`, { skip, timeout: 120_000 }, () => {
    let backend: Backend;
    let connection: QueueConnection;
    let stories: Stories;
    let salts: DailySalts;

    before(async () => {
      backend = await start();
      connection = await backend.connect();
      stories = new Stories(connection);
      salts = new DailySalts(connection);
      await Promise.all([stories.ready(), salts.ready()]);
    });
    after(async () => {
      await salts.close();
      await stories.close();
      await backend.stop();
    });

    /** Limits of two stories at once, to which each story under way seems a minute older than it is. */
    async function limitsOfTwo(): Promise<Limits> {
      const store = await connection.limits();
      const { underWay } = store;
      const list: typeof underWay.list = async (keys) =>
        (await underWay.list(keys)).map(({ id, ageMs }) => ({ id, ageMs: ageMs + MINUTE_MS }));
      const aged = { take: underWay.take, leave: underWay.leave, list };
      const settings = { ...NO_LIMITS, person: { running: 1, waiting: 1, hourly: 0 } };
      return new Limits({ store: { ...store, underWay: aged }, salts, stories, settings });
    }

    it('refuses a vote and a relay of a user with as many stories as allowed, which stay under way', async () => {
      const limits = await limitsOfTwo();
      const underWay = new Set(['story-1', 'story-2']);
      const lookUp: LookUp = async (id) => (underWay.has(id) ? 'under way' : 'unknown');
      const requester = { person: 'test:ann', community: 'test:guild' };
      const nothing: LookUp = async () => 'unknown';
      for (const id of underWay) await limits.admit(id, requester, nothing);
      const shared = { connection, platform: 'test', stories, limits, logger };
      const replies = { lookUp, giveBack: async () => {} };
      const shelf = new Shelf<string>(connection, 'test', Date.now);
      const votes = new Votes<string>({ ...shared, replies, shelf, handOver: async () => {} });
      const relays = new Relays<string>({ ...shared, replies, shelf });
      try {
        await Promise.all([votes.ready(), relays.ready()]);
        const where = { requester, hostId: 'ann', channelId: 'c1', address: 'c1' };
        const starts = [
          () => votes.start('vote-1', { ...where, terms: { request: REQUEST, rounds: 1, seconds: 60 } }),
          () =>
            relays.start('relay-1', {
              ...where,
              terms: { request: REQUEST, every: 1, turns: 'free', cooldownMs: 0 },
              hostName: 'Ann',
              communityId: 'guild',
            }),
        ];
        for (const begin of starts) await assert.rejects(begin(), /You have 2 stories under way/);
        const left = await limits.underWay.list(await salts.namesOf('person test:ann'));
        assert.deepEqual(left.map(({ id }) => id).sort(), [...underWay]);
      } finally {
        await votes.close();
        await relays.close();
      }
    });
  });
}
