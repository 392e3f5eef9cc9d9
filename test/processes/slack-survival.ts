/**
 * The story contract on Slack under `kill -9`: a real process of bots, killed at random moments of short and
 * long stories, and restarted. Every acknowledged story ends exactly once, in the message in which it began,
 * with the text of an undisturbed run; and every mention is answered, because Slack delivers it again.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from '../fakes/slack/delivery.ts';
import { FakeSlack } from '../fakes/slack/fake-slack.ts';
import { Person } from '../fakes/slack/people.ts';
import type { FakeChannel } from '../fakes/slack/world.ts';
import { botsMessages, finished, isOver, textOf } from '../harness/slack.ts';
import { NO_LIMITS_SET } from '../helpers/limits.ts';
import { type RoleProcess, startRole } from '../helpers/processes.ts';
import { startRedis } from '../helpers/programs.ts';
import { PROMPT, undisturbed } from '../helpers/undisturbed.ts';

const LENGTHS = [300, 1_200, 4_000] as const;
/** The longest story takes a little more than three seconds. */
const PACE = 1_200;
const KILL_WINDOW_MS = 1_500;
const MENTION_WINDOW_MS = 30;
const STORY_TIMEOUT_MS = 180_000;
/** The delay after which the fake delivers an unacknowledged mention again; Slack takes minutes. */
const RETRY_MS = 1_000;
/** A duplicate message would show within this time. */
const AFTERWARDS_MS = 1_200;

interface Asked {
  /** The time limit of a command; a mention is delivered again until it is acknowledged. */
  readonly delivery?: Delivery;
  readonly channel: FakeChannel;
  readonly seed: number;
  readonly text: Promise<string>;
}

export interface SlackSurvival {
  readonly stories: number;
  /** Stories that had begun in a message when their process was killed. */
  readonly begun: number;
}

/**
 * Kills the bots `kills` times, with active stories each time, and the last time the worker with them; then
 * presses Continue.
 *
 * @param reply how stories grow
 */
export async function surviveOnSlack(
  kills: number,
  reply: 'edit' | 'stream' = 'edit',
  random = Math.random,
): Promise<SlackSurvival> {
  const slack = await FakeSlack.start();
  const redis = await startRedis();
  const env = {
    REDIS_URL: redis.url,
    SCIFI_PORT: '0',
    ...NO_LIMITS_SET,
    SCIFI_PACE: String(PACE),
    SLACK_BOT_TOKEN: slack.workspace.token,
    SLACK_APP_TOKEN: slack.world.appToken,
    SLACK_API: slack.api,
    SLACK_REPLY: reply,
  };
  slack.deliveries.retryMs = Array.from({ length: 60 }, () => RETRY_MS);
  const ann = new Person(slack, 'ann');
  const asked: Asked[] = [];
  const expected = await undisturbed();
  const running = new Map<'bots' | 'worker', RoleProcess>();
  const start = async (role: 'bots' | 'worker') => running.set(role, await startRole(role, env));
  let begun = 0;
  try {
    await Promise.all([start('worker'), start('bots')]);
    for (let kill = 0; kill < kills; kill++) {
      for (const length of LENGTHS) {
        const seed = asked.length;
        const channel = slack.world.addChannel(slack.workspace);
        const delivery = ann.slash(channel, '/scifi', `${PROMPT} seed=${seed} length=${length}`);
        asked.push({ delivery, channel, seed, text: expected.text(seed, length) });
      }
      await sleep(random() * KILL_WINDOW_MS);
      const mentioned = { channel: slack.world.addChannel(slack.workspace), seed: asked.length };
      ann.mention(mentioned.channel, `${PROMPT} seed=${mentioned.seed} length=${LENGTHS[0]}`);
      asked.push({ ...mentioned, text: expected.text(mentioned.seed, LENGTHS[0]) });
      // Some are killed before they have received all of it.
      await sleep(kill % 2 === 0 ? random() * MENTION_WINDOW_MS : random() * KILL_WINDOW_MS);
      const victims = kill === kills - 1 ? (['bots', 'worker'] as const) : (['bots'] as const);
      await Promise.all(victims.map((role) => running.get(role)!.kill()));
      begun += asked.slice(-LENGTHS.length - 1).filter(({ channel }) => {
        const messages = botsMessages(channel);
        return messages.length > 0 && !messages.some(isOver);
      }).length;
      await Promise.all(victims.map(start));
    }
    const known = asked.filter(({ delivery }) => !delivery || delivery.acknowledgedAt !== undefined);
    for (const { channel, seed, text } of known) {
      const message = await finished(channel, undefined, STORY_TIMEOUT_MS);
      assert.equal(textOf(message), await text, `story ${seed}`);
    }
    await sleep(AFTERWARDS_MS);
    for (const { channel } of known) {
      const all = [...channel.messages.values()];
      assert.equal(all.filter(isOver).length, 1);
      const ours = all.filter(({ isBots }) => isBots);
      if (reply === 'edit' || ours.length < all.length)
        assert.equal(ours.length, 1, 'every story is one message');
      else assert.ok(botsMessages(channel).length === 1 && all.length <= 2, `${all.length} messages`);
    }
    // Both processes are new ones since this story was written.
    const { channel } = known[0]!;
    const first = await finished(channel);
    ann.press(first, 'Continue');
    const next = await finished(channel, ({ ts }) => ts > first.ts, STORY_TIMEOUT_MS);
    assert.ok(!textOf(next).startsWith(PROMPT) && textOf(next).length > 100);
    assert.deepEqual(slack.world.pings, []);
    return { stories: known.length, begun };
  } finally {
    for (const role of running.values()) await role.kill();
    await expected.close();
    await redis.stop();
    await slack.stop();
  }
}
