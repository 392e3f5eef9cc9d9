import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Feedback, type Rating } from '../../src/queue/feedback.ts';
import type { KeptReply } from '../../src/queue/replies.ts';
import { TOTALS_DAYS } from '../../src/story/feedback.ts';
import { BACKENDS } from '../helpers/backends.ts';

const DAY_MS = 24 * 3_600_000;
const RETENTION_MS = 3_600_000;
const RATER = 'discord:1234567890';

const REPLY: KeptReply = {
  request: {
    prompt: 'It all began',
    context: '',
    preset: 'lively',
    temperature: 0.4,
    length: 600,
    seed: 1,
    model: 'scifi',
  },
  state: {
    status: 'finished',
    ending: 'complete',
    text: 'It all began with a light in the sky.',
    modelVersion: 'abc123',
    engine: 'onnx',
    unreadable: 0,
  },
  askedAt: 0,
  endedAt: undefined,
};

for (const { name, skip, start } of BACKENDS) {
  describe(`feedback on ${name}`, { skip, timeout: 240_000 }, () => {
    it('is counted by day, model and preset, as long as the reply is kept, and names no user and no story', async () => {
      const backend = await start();
      try {
        let now = Date.now();
        const today = Math.floor(now / DAY_MS);
        const connection = await backend.connect();
        const feedback = new Feedback(await connection.feedback(), RETENTION_MS, () => now);
        const rate = (more: Partial<Rating> & { readonly reply?: KeptReply | undefined } = {}) => {
          const { reply = { ...REPLY, askedAt: now - DAY_MS, endedAt: now } } = more;
          const pressed = {
            platform: 'discord',
            replyId: 'one',
            rater: RATER,
            verdict: 'liked',
            ...more,
          } as const;
          return feedback.rate({ read: async () => reply, ...pressed });
        };
        const group = {
          day: today - 1,
          platform: 'discord',
          model: 'scifi',
          modelVersion: 'abc123',
          preset: 'lively',
        };
        assert.equal(await rate({ pressedAt: now }), 'liked');
        assert.equal(await rate({ pressedAt: now }), 'liked');
        assert.equal(await rate(), 'liked');
        assert.deepEqual(await feedback.counts(), [{ ...group, verdict: 'liked', votes: 1 }]);
        assert.equal(await rate({ verdict: 'disliked' }), 'disliked');
        assert.equal(await rate({ verdict: undefined }), undefined);
        assert.deepEqual(await feedback.counts(), []);
        assert.equal(await rate({ verdict: 'disliked' }), 'disliked');
        assert.equal(await rate({ replyId: 'two', verdict: 'disliked' }), 'disliked');
        assert.deepEqual(await feedback.counts(2), [{ ...group, verdict: 'disliked', votes: 2 }]);
        assert.deepEqual(await feedback.counts(1), []);
        // Every rating of the user is taken back.
        await feedback.forgetRater('discord:1234567891');
        assert.equal((await feedback.counts())[0]!.votes, 2);
        await feedback.forgetRater(RATER);
        assert.deepEqual(await feedback.counts(), []);
        assert.equal(await rate(), 'liked');
        const reply = { ...REPLY, askedAt: now - DAY_MS, endedAt: now };
        now += RETENTION_MS - 1;
        assert.equal(await rate({ reply, rater: 'discord:2' }), 'liked');
        now += 1;
        await assert.rejects(rate({ reply, rater: 'discord:3' }), { code: 'not_found' });
        await feedback.removeOld();
        assert.deepEqual(await (await connection.feedback()).stories(), []);
        assert.equal((await feedback.counts())[0]!.votes, 2);
        now += TOTALS_DAYS * DAY_MS;
        await feedback.removeOld();
        now -= TOTALS_DAYS * DAY_MS;
        assert.deepEqual(await feedback.counts(), []);
        assert.doesNotMatch(await backend.dump(), /1234567890|a light in the sky/);
      } finally {
        await backend.stop();
      }
    });

    it('leaves nothing of a reply that is removed at the same time', async () => {
      const backend = await start();
      try {
        const store = await (await backend.connect()).feedback();
        const feedback = new Feedback(store, RETENTION_MS);
        const rate = (read: Rating['read']) =>
          feedback.rate({ platform: 'web', replyId: 'one', rater: 'page', verdict: 'liked', read });
        const kept = { ...REPLY, askedAt: Date.now() };
        // Before the first read, between the reads, and after the last.
        await assert.rejects(
          rate(async () => undefined),
          { code: 'not_found' },
        );
        let reads = 0;
        await assert.rejects(
          rate(async () => (reads++ === 0 ? kept : undefined)),
          { code: 'not_found' },
        );
        reads = 0;
        const removedLater = async () => {
          if (reads++ > 0) await feedback.removeStory({ platform: 'web', replyId: 'one' });
          return kept;
        };
        await assert.rejects(rate(removedLater), { code: 'not_found' });
        assert.deepEqual(await store.stories(), []);
        assert.deepEqual(await feedback.counts(), []);
        await assert.rejects(
          rate(async () => ({ ...kept, state: { status: 'waiting', position: 1 } })),
          {
            code: 'bad_request',
          },
        );
        assert.deepEqual(await feedback.counts(), []);
      } finally {
        await backend.stop();
      }
    });
  });
}
