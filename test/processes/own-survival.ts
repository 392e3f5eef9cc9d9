/**
 * Delete, Undo, Edit and Share on Discord under `kill -9`: real processes of bots and a worker, killed at a random moment
 * after a button was pressed, and started again. What was acknowledged is done in the end, and what was not is done
 * wholly or not at all; every lease is given back.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { openConnection } from '../../src/queue/open.ts';
import { Shares } from '../../src/queue/shares.ts';
import { wholeText } from '../../src/share/share.ts';
import { FakeDiscord } from '../fakes/discord/fake-discord.ts';
import { Person } from '../fakes/discord/people.ts';
import type { FakeInteraction, FakeMessage } from '../fakes/discord/world.ts';
import { ephemeralReply, finished, isOver, textOf } from '../harness/discord.ts';
import { type RoleProcess, startRole } from '../helpers/processes.ts';
import { startRedis, until } from '../helpers/programs.ts';
import { PROMPT, undisturbed } from '../helpers/undisturbed.ts';

export type OwnAction = 'Delete' | 'Undo' | 'Edit' | 'Share';

const LENGTH = 300;
const LONG = 2_400;
const PACE = 2_000;
const KILL_WINDOW_MS: Readonly<Record<OwnAction, number>> = {
  Delete: 400,
  Undo: 400,
  Edit: 1_500,
  Share: 400,
};
const TIMEOUT_MS = 60_000;
/** Requests of one user at once, waiting ones included: the default. */
const AT_ONCE = 3;

export interface OwnSurvival {
  /** Actions that were acknowledged; all of them were done. */
  readonly done: number;
  /** Actions that were not acknowledged; the story was as before, or changed wholly. */
  readonly unheard: number;
}

/** Kills the bots, and every second time the worker with them, `kills` times during an action. */
export async function surviveOwnAction(
  action: OwnAction,
  kills: number,
  random: () => number,
): Promise<OwnSurvival> {
  const discord = await FakeDiscord.start();
  const redis = await startRedis();
  const env = {
    REDIS_URL: redis.url,
    SCIFI_PORT: '0',
    SCIFI_PUBLIC_URL: 'https://scifi.example.org',
    SCIFI_PACE: String(PACE),
    SCIFI_PERSON_HOURLY: '0',
    SCIFI_PLACE_HOURLY: '0',
    DISCORD_TOKEN: discord.token,
    DISCORD_API: discord.api,
  };
  const ann = new Person(discord, 'ann');
  const expected = await undisturbed();
  const running = new Map<'bots' | 'worker', RoleProcess>();
  const start = async (role: 'bots' | 'worker') => running.set(role, await startRole(role, env));
  const seenIn = ({ channel }: FakeInteraction) =>
    [...channel.messages.values()].filter(({ deleted, flags }) => !deleted && flags === 0);
  let done = 0;
  let unheard = 0;
  try {
    await Promise.all([start('worker'), start('bots')]);
    for (let kill = 0; kill < kills; kill++) {
      const channel = discord.world.addChannel();
      const length = kill % 2 === 0 ? LENGTH : LONG;
      let asked = ann.slash(channel, 'scifi', { prompt: PROMPT, seed: kill, length });
      let messages = await finished(asked, TIMEOUT_MS);
      const story = messages.at(-1)!;
      if (action === 'Undo') {
        asked = ann.press(story, 'Continue');
        messages = await finished(asked, TIMEOUT_MS);
      }
      const before = seenIn(asked).map(({ content }) => content);
      const press = await pressed(ann, messages.at(-1)!, action, kill);
      await sleep(random() * KILL_WINDOW_MS[action]);
      const victims = kill % 2 === 0 ? (['bots'] as const) : (['bots', 'worker'] as const);
      await Promise.all(victims.map((role) => running.get(role)!.kill()));
      discord.gateway.cut({ forget: true });
      await Promise.all(victims.map(start));
      if (action === 'Share') {
        await isSharedOnce(redis.url, ann, press, messages, kill);
        if (press.acknowledgedAt === undefined) unheard++;
        else done++;
        continue;
      }
      const text = await expected.text(1_000 + kill, LENGTH);
      const isDone = () => {
        const seen = seenIn(asked);
        if (action === 'Delete') return seen.length === 0;
        if (action === 'Undo') return seen.at(-1) === story;
        return seen.length === 1 && isOver(seen[0]!) && textOf(seen) === text;
      };
      if (press.acknowledgedAt !== undefined) {
        await until(isDone, `the end of ${action} ${kill}`, TIMEOUT_MS);
        done++;
        continue;
      }
      const isAsBefore = () =>
        JSON.stringify(seenIn(asked).map(({ content }) => content)) === JSON.stringify(before);
      // An action that was stored and not acknowledged is done a little later.
      await until(() => isDone() || isAsBefore(), `one consistent state after ${action} ${kill}`, TIMEOUT_MS);
      unheard++;
    }
    await leasesAreFree(discord, ann);
    assert.deepEqual(discord.world.pings, []);
    assert.equal(discord.count('invalid'), 0);
    return { done, unheard };
  } finally {
    for (const role of running.values()) await role.kill();
    await expected.close();
    await redis.stop();
    await discord.stop();
  }
}

/** Presses a button; fills in the form that Edit shows. Resolves when the action has been sent. */
async function pressed(
  ann: Person,
  message: FakeMessage,
  action: OwnAction,
  index: number,
): Promise<FakeInteraction> {
  const press = ann.press(message, action);
  if (action !== 'Edit') return press;
  await until(() => press.modal, 'a form', TIMEOUT_MS);
  return ann.fill(press, { seed: String(1_000 + index), length: String(LENGTH) });
}

/** Fails unless a story has one page, of its whole text, at the address that every press answers. */
async function isSharedOnce(
  redisUrl: string,
  ann: Person,
  press: FakeInteraction,
  messages: readonly FakeMessage[],
  before: number,
): Promise<void> {
  const again = await ephemeralReply(ann.press(messages.at(-1)!, 'Share'));
  const [address, id = ''] = /https:\/\/scifi\.example\.org\/s\/([\w-]{27})/.exec(again) ?? [];
  assert.ok(address, again);
  for (const { content } of press.followUps) assert.ok(content.includes(address), content);
  const settings = { redisUrl, dataFolder: '', prefix: 'scifi' };
  const connection = await openConnection(settings, pino({ level: 'silent' }));
  const shares = new Shares(connection);
  try {
    const share = await shares.read(id);
    assert.equal(share && wholeText(share), textOf(messages));
    assert.equal((await shares.count()).waiting, before + 1);
  } finally {
    await shares.close();
    await connection.close();
  }
}

/** Fails if a lease was kept: a user could not have as many stories at once as the limits allow. */
async function leasesAreFree(discord: FakeDiscord, ann: Person): Promise<void> {
  const asked = Array.from({ length: AT_ONCE }, (_, seed) =>
    ann.slash(discord.world.addChannel(), 'scifi', { prompt: PROMPT, seed, length: LENGTH }),
  );
  for (const one of asked) await finished(one, TIMEOUT_MS);
}
