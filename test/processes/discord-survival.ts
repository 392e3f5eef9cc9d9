/**
 * The story contract on Discord under `kill -9`: a real process of bots, killed at random moments of stories
 * of one, two and three messages, and restarted. Every acknowledged story ends exactly once, in the messages
 * in which it began, with the text of an undisturbed run.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeDiscord } from '../fakes/discord/fake-discord.ts';
import { Person } from '../fakes/discord/people.ts';
import type { FakeInteraction } from '../fakes/discord/world.ts';
import { finished, isOver, textOf } from '../harness/discord.ts';
import { NO_LIMITS_SET } from '../helpers/limits.ts';
import { type RoleProcess, startRole } from '../helpers/processes.ts';
import { startRedis } from '../helpers/programs.ts';
import { PROMPT, undisturbed } from '../helpers/undisturbed.ts';

/** Stories of one, two and three messages: the asterisks of the third are escaped. */
const STORIES = [
  { prompt: PROMPT, length: 300 },
  { prompt: PROMPT, length: 4_200 },
  { prompt: `${PROMPT} ${'*'.repeat(1_790)}`, length: 6_000 },
] as const;
const LONG = 6_000;
/** A story of three messages takes a little more than three seconds. */
const PACE = 1_200;
const KILL_WINDOW_MS = 3_000;
const STORY_TIMEOUT_MS = 180_000;
/** Between two messages of the same story, a few edits may be missing. */
const ALONE_MS = 1_200;

interface Asked {
  readonly interaction: FakeInteraction;
  readonly seed: number;
  readonly length: number;
  readonly text: Promise<string>;
}

export interface DiscordSurvival {
  readonly stories: number;
  /** Stories of three messages among them. */
  readonly long: number;
}

/**
 * Kills the bots `kills` times, with active stories each time, and the last time the worker with them; then
 * presses Continue.
 */
export async function surviveOnDiscord(kills: number, random = Math.random): Promise<DiscordSurvival> {
  const discord = await FakeDiscord.start();
  const redis = await startRedis();
  const env = {
    REDIS_URL: redis.url,
    SCIFI_PORT: '0',
    ...NO_LIMITS_SET,
    SCIFI_PACE: String(PACE),
    DISCORD_TOKEN: discord.token,
    DISCORD_API: discord.api,
  };
  const ann = new Person(discord, 'ann');
  const asked: Asked[] = [];
  const expected = await Promise.all(STORIES.map(({ prompt }) => undisturbed(prompt)));
  const running = new Map<'bots' | 'worker', RoleProcess>();
  const start = async (role: 'bots' | 'worker') => running.set(role, await startRole(role, env));
  try {
    await Promise.all([start('worker'), start('bots')]);
    for (let kill = 0; kill < kills; kill++) {
      for (const [index, { prompt, length }] of STORIES.entries()) {
        const seed = asked.length;
        const channel = discord.world.addChannel();
        const interaction = ann.slash(channel, 'scifi', { prompt, seed, length });
        asked.push({ interaction, seed, length, text: expected[index]!.text(seed, length) });
      }
      await sleep(random() * KILL_WINDOW_MS);
      const victims = kill === kills - 1 ? (['bots', 'worker'] as const) : (['bots'] as const);
      await Promise.all(victims.map((role) => running.get(role)!.kill()));
      discord.gateway.cut({ forget: true });
      await Promise.all(victims.map(start));
    }
    const known = asked.filter(({ interaction }) => interaction.acknowledgedAt !== undefined);
    for (const { interaction, seed, text } of known) {
      const messages = await finished(interaction, STORY_TIMEOUT_MS);
      assert.equal(textOf(messages), await text, `story ${seed}`);
    }
    await sleep(ALONE_MS);
    for (const { interaction, length } of known) {
      const all = [...interaction.channel.messages.values()];
      assert.equal(all.length, (await finished(interaction)).length, 'every message is there once');
      assert.equal(all.filter(isOver).length, 1);
      if (length === LONG) assert.ok(all.length >= 3, `${all.length} messages`);
    }
    // Both processes are new ones since this story was written.
    const first = await finished(known[0]!.interaction);
    const next = await finished(ann.press(first.at(-1)!, 'Continue'));
    assert.ok(!textOf(next).startsWith(PROMPT) && textOf(next).length > 100);
    assert.deepEqual(discord.world.pings, []);
    assert.equal(discord.count('invalid'), 0);
    return { stories: known.length, long: known.filter(({ length }) => length === LONG).length };
  } finally {
    for (const role of running.values()) await role.kill();
    for (const writer of expected) await writer.close();
    await redis.stop();
    await discord.stop();
  }
}
