/** Feedback on stories on Discord, from the press of a button to the totals. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Verdict } from '../../../src/story/feedback.ts';
import { Person } from '../../fakes/discord/people.ts';
import type { FakeMessage } from '../../fakes/discord/world.ts';
import {
  type DiscordHarness,
  ephemeralReply,
  finished,
  isEphemeral,
  labelsOf,
  openDiscord,
} from '../../harness/discord.ts';
import { until } from '../../helpers/programs.ts';

const LIKED =
  'You like this story. That is counted without your name; press the same button again to take it back.';
const DISLIKED = LIKED.replace('like', 'do not like');
const TAKEN_BACK = 'Your feedback on this story is taken back.';
const GONE = 'I no longer keep this story, so it cannot be rated.';
/** Presses that are further apart are no double click, however quickly the test is. */
const LATER_MS = 2_000;

describe('feedback on Discord', { timeout: 240_000 }, () => {
  let harness: DiscordHarness;

  before(async () => {
    harness = await openDiscord({ isEmbedded: true, pace: 0, editIntervalMs: 250 });
  });
  after(() => harness.close());

  const tell = async (options: Record<string, unknown>): Promise<FakeMessage> => {
    const channel = harness.discord.world.addChannel();
    const ask = { prompt: 'It all began', length: 120, ...options };
    const message = (await finished(harness.ann.slash(channel, 'scifi', ask))).at(-1)!;
    assert.deepEqual(labelsOf(message).slice(-2), ['Like', 'Dislike']);
    return message;
  };
  /** The ratings of stories of a preset, `liked` and `disliked`: each test has its own. */
  const ratings = async (preset: string): Promise<number[]> => {
    const counts = (await harness.feedback.counts()).filter((one) => one.preset === preset);
    for (const { platform, model, modelVersion } of counts) {
      assert.deepEqual([platform, model, modelVersion], ['discord', 'scifi', 'fake-1']);
    }
    const of = (verdict: Verdict) => counts.find((one) => one.verdict === verdict)?.votes ?? 0;
    return [of('liked'), of('disliked')];
  };
  const pressed = (who: Person, message: FakeMessage, label: string, laterMs = 0) =>
    ephemeralReply(who.press(message, label, true, laterMs));

  it('is one vote of every user, who changes it and takes it back', async () => {
    const { ann, discord } = harness;
    const [bob, cora] = [new Person(discord, 'bob'), new Person(discord, 'cora')];
    const message = await tell({ preset: 'wild' });
    const text = message.content;
    assert.equal(await pressed(ann, message, 'Like'), LIKED);
    assert.equal(await pressed(bob, message, 'Like'), LIKED);
    assert.equal(await pressed(cora, message, 'Dislike'), DISLIKED);
    assert.deepEqual(await ratings('wild'), [2, 1]);
    // A double click is one press.
    assert.equal(await pressed(ann, message, 'Like', 10), LIKED);
    assert.deepEqual(await ratings('wild'), [2, 1]);
    assert.equal(await pressed(bob, message, 'Dislike', LATER_MS), DISLIKED);
    assert.equal(await pressed(ann, message, 'Like', LATER_MS), TAKEN_BACK);
    assert.deepEqual(await ratings('wild'), [0, 2]);
    assert.equal(await pressed(ann, message, 'Like', 2 * LATER_MS), LIKED);
    assert.deepEqual(await ratings('wild'), [1, 2]);
    assert.equal(message.content, text);
  });

  it('has two small buttons in a row of their own, with words for screen readers', async () => {
    const message = await tell({ preset: 'classic', temperature: 1 });
    const row = message.components.at(-1)!.components;
    assert.deepEqual(
      row.map(({ style, label, emoji }) => [style, label, emoji?.name]),
      [
        [2, 'Like', '👍'],
        [2, 'Dislike', '👎'],
      ],
    );
  });

  it('is given under a private story, too, by its temperature where it has no preset', async () => {
    const message = await tell({ preset: 'classic', temperature: 0.83, private: true });
    assert.ok(isEphemeral(message));
    assert.equal(await pressed(harness.ann, message, 'Dislike'), DISLIKED);
    assert.deepEqual(await ratings('classic 0.8'), [0, 1]);
  });

  it('is refused once the story is deleted, and the totals stay without what names it', async () => {
    const { ann, discord, connection } = harness;
    const message = await tell({ preset: 'calm' });
    assert.equal(await pressed(ann, message, 'Like'), LIKED);
    const store = await connection.feedback();
    const known = (await store.stories()).length;
    const bob = new Person(discord, 'bob');
    // Bob presses a button of a message that Ann has deleted meanwhile.
    const copy = { ...message, components: structuredClone(message.components) };
    ann.press(message, 'Delete');
    await until(async () => (await store.stories()).length === known - 1, 'the end of the votes');
    discord.world.messages.set(copy.id, copy);
    assert.equal(await pressed(bob, copy, 'Like'), GONE);
    assert.deepEqual(await ratings('calm'), [1, 0]);
    assert.equal((await store.stories()).length, known - 1);
  });

  it('is taken back by /scifi-forget', async () => {
    const { ann, discord, channel } = harness;
    const bob = new Person(discord, 'bob');
    const message = await tell({ preset: 'lively' });
    await pressed(ann, message, 'Dislike');
    await pressed(bob, message, 'Like');
    assert.deepEqual(await ratings('lively'), [1, 1]);
    assert.match(await ephemeralReply(bob.slash(channel, 'scifi-forget')), /^Done\./);
    assert.deepEqual(await ratings('lively'), [0, 1]);
    assert.equal(await pressed(bob, message, 'Like', LATER_MS), LIKED);
    assert.deepEqual(await ratings('lively'), [1, 1]);
  });

  it('is refused to a blocked user', async () => {
    const { ann, discord, blocks } = harness;
    const message = await tell({ preset: 'classic', temperature: 0.2 });
    const bob = new Person(discord, 'bob');
    const ofBob = { platform: 'discord', kind: 'user', id: bob.user.id } as const;
    await blocks.add(ofBob);
    assert.match(await pressed(bob, message, 'Like'), /^The operator of this bot has blocked you/);
    await blocks.remove(ofBob);
    assert.equal(await pressed(ann, message, 'Dislike'), DISLIKED);
    assert.deepEqual(await ratings('classic 0.2'), [0, 1]);
  });

  it('is counted exactly where many users press twice at the same time, with two processes', async () => {
    const other = await harness.another();
    try {
      const message = await tell({ preset: 'classic', temperature: 1.2 });
      const users = Array.from({ length: 12 }, (_, n) => new Person(harness.discord, `user ${n}`));
      const presses = users.flatMap((user, n) => {
        const label = n % 3 === 0 ? 'Dislike' : 'Like';
        return [pressed(user, message, label), pressed(user, message, label, 5)];
      });
      for (const sentence of await Promise.all(presses)) assert.ok([LIKED, DISLIKED].includes(sentence));
      assert.deepEqual(await ratings('classic 1.2'), [8, 4]);
    } finally {
      await other.close();
    }
  });

  it('is counted once where two processes take the same press', async () => {
    const other = await harness.another();
    try {
      const message = await tell({ preset: 'classic', temperature: 2 });
      assert.equal(await pressed(harness.ann, message, 'Like'), LIKED);
      assert.equal(await pressed(new Person(harness.discord, 'bob'), message, 'Like'), LIKED);
      assert.deepEqual(await ratings('classic 2.0'), [2, 0]);
    } finally {
      await other.close();
    }
  });
});
