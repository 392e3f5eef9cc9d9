/**
 * Openings to choose from, on Discord under `kill -9`: real processes of bots and a worker on Redis, or one process with
 * its embedded queue, killed at a random moment after the request and again after the choice, and started again. What was
 * acknowledged is there in the end, in one message; the chosen story is the one that its seed writes.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeDiscord } from '../fakes/discord/fake-discord.ts';
import { Person } from '../fakes/discord/people.ts';
import type { FakeMessage } from '../fakes/discord/world.ts';
import { botsMessages, isEphemeral, isOver, labelsOf, textOf } from '../harness/discord.ts';
import { embeddedFolder } from '../helpers/embedded-folder.ts';
import { type Role, type RoleProcess, startRole } from '../helpers/processes.ts';
import { startRedis, until } from '../helpers/programs.ts';
import { PROMPT, undisturbed } from '../helpers/undisturbed.ts';
import { leasesAreFree, type OwnBackend } from './own-survival.ts';

const LENGTH = 300;
const PACE = 2_000;
const KILL_WINDOW_MS = { asked: 800, chosen: 1_000 } as const;
const TIMEOUT_MS = 240_000;

export interface OpeningsSurvival {
  /** Actions that were acknowledged; all of them were done. */
  readonly done: number;
  /** Actions that were not acknowledged, and were done wholly or not at all. */
  readonly unheard: number;
}

/** Has `count` stories chosen, with two kills in each. */
export async function surviveOpenings(
  count: number,
  random: () => number,
  backend: OwnBackend,
): Promise<OpeningsSurvival> {
  const discord = await FakeDiscord.start();
  const redis = backend === 'redis' ? await startRedis() : undefined;
  const { folder, remove } = await embeddedFolder();
  const env = {
    REDIS_URL: redis?.url ?? '',
    SCIFI_DATA: folder,
    SCIFI_PORT: '0',
    SCIFI_PACE: String(PACE),
    SCIFI_PERSON_HOURLY: '0',
    SCIFI_PLACE_HOURLY: '0',
    DISCORD_TOKEN: discord.token,
    DISCORD_API: discord.api,
  };
  const ann = new Person(discord, 'ann');
  const expected = await undisturbed();
  const roles: readonly Role[] = redis ? ['worker', 'bots'] : ['start'];
  const running = new Map<Role, RoleProcess>();
  const startAll = async (victims: readonly Role[]) => {
    await Promise.all(victims.map(async (role) => running.set(role, await startRole(role, env))));
    // A process is ready before it is connected to Discord.
    await until(() => discord.gateway.listeners > 0, 'the connection to Discord', TIMEOUT_MS);
  };
  let kills = 0;
  const killWithin = async (windowMs: number) => {
    await sleep(random() * windowMs);
    const victims = redis && kills++ % 2 === 0 ? (['bots'] as const) : roles;
    await Promise.all(victims.map((role) => running.get(role)!.kill()));
    discord.gateway.cut({ forget: true });
    await startAll(victims);
  };
  let done = 0;
  let unheard = 0;
  const counted = (isAcknowledged: boolean) => {
    if (isAcknowledged) done++;
    else unheard++;
  };
  try {
    await startAll(roles);
    for (let index = 0; index < count; index++) {
      const channel = discord.world.addChannel();
      const isOpen = (one: FakeMessage) => labelsOf(one).join() === '1,2,3,Delete';
      const shown = () => botsMessages(channel).filter((one) => !isEphemeral(one));
      const seed = 100 * index;
      const ask = () => ann.slash(channel, 'scifi', { prompt: PROMPT, seed, length: LENGTH, choices: 3 });
      const asked = ask();
      await killWithin(KILL_WINDOW_MS.asked);
      // A deferred answer says nothing yet.
      const isPromised = asked.original !== undefined && !asked.original.thinking;
      counted(isPromised);
      if (!isPromised && shown().length === 0) ask();
      await until(() => shown().some(isOpen), `openings ${index}`, TIMEOUT_MS);

      const choice = index % 3;
      const press = ann.press(shown().find(isOpen)!, String(choice + 1));
      await killWithin(KILL_WINDOW_MS.chosen);
      counted(press.acknowledgedAt !== undefined);
      if (press.acknowledgedAt === undefined) {
        const [open] = shown().filter(isOpen);
        if (open) ann.press(open, String(choice + 1));
      }
      const story = await until(() => shown().find(isOver), `the story ${index}`, TIMEOUT_MS);
      assert.equal(textOf([story]), await expected.text(seed + choice, LENGTH), `story ${index}`);
      // A request that was stored without an acknowledgement, and repeated, has openings of its own.
      assert.ok(shown().length === 1 || !isPromised, `${shown().length} messages of ${index}`);
      for (const one of shown().filter(isOpen)) ann.press(one, 'Delete');
      await until(() => shown().length === 1, 'one message', TIMEOUT_MS);
    }
    await leasesAreFree(discord, ann);
    // The end of a choice is a timestamp.
    assert.deepEqual(
      discord.world.pings.filter((ping) => !ping.startsWith('<t:')),
      [],
    );
    assert.equal(discord.count('invalid'), 0);
    return { done, unheard };
  } finally {
    for (const role of running.values()) await role.kill();
    await expected.close();
    await redis?.stop();
    await remove();
    await discord.stop();
  }
}
