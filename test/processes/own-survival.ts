/**
 * Delete, Undo, Edit and Share on Discord under `kill -9`: real processes of bots and a worker on Redis, or one process
 * with its embedded queue, killed at a random moment after a button was pressed, and started again. What was
 * acknowledged is done in the end, and what was not is done wholly or not at all; every lease is given back. A story that
 * is deleted was shared before: its page and its cover go with it.
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
import { EPHEMERAL, endOf, ephemeralReply, finished, isOver, textOf } from '../harness/discord.ts';
import { embeddedFolder } from '../helpers/embedded-folder.ts';
import { type Role, type RoleProcess, startRole } from '../helpers/processes.ts';
import { freePort, startRedis, until } from '../helpers/programs.ts';
import { PROMPT, undisturbed } from '../helpers/undisturbed.ts';

export type OwnAction = 'Delete' | 'Undo' | 'Edit' | 'Share';
/** Where the queue is: with `embedded`, one process has every role. */
export type OwnBackend = 'redis' | 'embedded';

const PUBLIC_URL = 'https://scifi.example.org';
const LENGTH = 300;
/** Of two messages. */
const LONG = 4_200;
const PACE = 2_000;
export const KILL_WINDOW_MS: Readonly<Record<OwnAction, number>> = {
  Delete: 400,
  Undo: 400,
  Edit: 1_500,
  Share: 400,
};
const TIMEOUT_MS = 180_000;
const PAGE_POLL_MS = 1_000;
/** Requests of one user at once, waiting ones included: the default. */
export const AT_ONCE = 3;

export interface OwnSurvival {
  /** Actions that were acknowledged; all of them were done. */
  readonly done: number;
  /** Actions that were not acknowledged; the story was as before, or changed wholly. */
  readonly unheard: number;
}

/**
 * Kills processes `kills` times during an action: the bots, and every second time the worker with them, or the only
 * process.
 */
export async function surviveOwnAction(
  action: OwnAction,
  kills: number,
  random: () => number,
  backend: OwnBackend,
): Promise<OwnSurvival> {
  const discord = await FakeDiscord.start();
  const redis = backend === 'redis' ? await startRedis() : undefined;
  const { folder, remove } = await embeddedFolder();
  const port = await freePort();
  const env = {
    REDIS_URL: redis?.url ?? '',
    SCIFI_DATA: folder,
    SCIFI_PORT: String(port),
    SCIFI_PUBLIC_URL: PUBLIC_URL,
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
    const start = async (role: Role) => running.set(role, await startRole(role, env));
    await Promise.all(victims.map(start));
    // A process is ready before it is connected to Discord.
    await until(() => discord.gateway.listeners > 0, 'the connection to Discord', TIMEOUT_MS);
  };
  const seenIn = ({ channel }: FakeInteraction) =>
    [...channel.messages.values()].filter(({ deleted, flags }) => !deleted && !(flags & EPHEMERAL));
  const pageStatus = async (id: string) => (await fetch(`http://127.0.0.1:${port}/s/${id}`)).status;
  const isGone = async (id: string) => {
    // A client may read 120 pages a minute.
    await sleep(PAGE_POLL_MS);
    return (await pageStatus(id)) === 404;
  };
  /** The texts of shared stories by the ids of their pages. */
  const shared = new Map<string, string>();
  let done = 0;
  let unheard = 0;
  try {
    await startAll(roles);
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
      const sharedId = action === 'Delete' ? await pageOf(ann.press(story, 'Share')) : '';
      const before = seenIn(asked).map(({ content }) => content);
      const press = await pressed(ann, messages.at(-1)!, action, kill);
      await sleep(random() * KILL_WINDOW_MS[action]);
      const victims = redis && kill % 2 === 0 ? (['bots'] as const) : roles;
      await Promise.all(victims.map((role) => running.get(role)!.kill()));
      discord.gateway.cut({ forget: true });
      await startAll(victims);
      if (press.acknowledgedAt === undefined) unheard++;
      else done++;
      if (action === 'Share') {
        const id = await pageOf(ann.press(story, 'Share'));
        for (const { content } of press.followUps) assert.ok(content.includes(id), content);
        assert.equal(await pageStatus(id), 200);
        shared.set(id, textOf(messages));
        continue;
      }
      const text = await expected.text(1_000 + kill, LENGTH);
      const isDone = () => {
        const seen = seenIn(asked);
        if (action === 'Delete') return seen.length === 0;
        if (action === 'Undo') return seen.at(-1) === story;
        return seen.length === 1 && isOver(seen[0]!) && textOf(seen) === text;
      };
      const isAsBefore = () =>
        press.acknowledgedAt === undefined &&
        JSON.stringify(seenIn(asked).map(({ content }) => content)) === JSON.stringify(before);
      // An action that was stored and not acknowledged is done a little later.
      await until(() => isDone() || isAsBefore(), `one consistent state after ${action} ${kill}`, TIMEOUT_MS);
      if (action !== 'Delete') continue;
      if (!isDone()) {
        ann.press(messages.at(-1)!, action);
        await until(isDone, `the end of ${action} ${kill}`, TIMEOUT_MS);
      }
      await until(() => isGone(sharedId), 'the end of the page', TIMEOUT_MS);
    }
    await leasesAreFree(discord, ann);
    assert.deepEqual(discord.world.pings, []);
    assert.equal(discord.count('invalid'), 0);
    for (const role of running.values()) await role.kill();
    await onlyShared(shared, { redisUrl: redis?.url, dataFolder: folder, prefix: 'scifi' });
    return { done, unheard };
  } finally {
    for (const role of running.values()) await role.kill();
    await expected.close();
    await redis?.stop();
    await remove();
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

/** The id of the page that Share answers. */
async function pageOf(press: FakeInteraction): Promise<string> {
  const answer = await ephemeralReply(press);
  const [, id] = /^.*https:\/\/scifi\.example\.org\/s\/([\w-]{27})/.exec(answer) ?? [];
  assert.ok(id, answer);
  return id;
}

/** Fails unless the store has these pages with these texts, and no others. Unless on Redis, no process may use it. */
export async function onlyShared(
  texts: ReadonlyMap<string, string>,
  settings: Parameters<typeof openConnection>[0],
): Promise<void> {
  const connection = await openConnection(settings, pino({ level: 'silent' }));
  const shares = new Shares(connection);
  try {
    const kept = new Map<string, string>();
    for await (const [id, share] of shares.all()) kept.set(id, wholeText(share));
    assert.deepEqual(new Map([...kept].sort()), new Map([...texts].sort()));
  } finally {
    await shares.close();
    await connection.close();
  }
}

/**
 * Fails if a lease is kept: a user could not have as many stories at once as the limits allow. A reply that was shown
 * whole by a process that was killed then holds its lease until another process has taken it over: requests that are
 * refused until then are made again.
 */
export async function leasesAreFree(discord: FakeDiscord, ann: Person): Promise<void> {
  const areWritten = async () => {
    const asked = Array.from({ length: AT_ONCE }, (_, seed) =>
      ann.slash(discord.world.addChannel(), 'scifi', { prompt: PROMPT, seed, length: LENGTH }),
    );
    const isAnswered = (one: FakeInteraction) => endOf(one) !== undefined || isRefused(one);
    await until(() => asked.every(isAnswered), 'the ends of stories', TIMEOUT_MS);
    return !asked.some(isRefused);
  };
  await until(areWritten, 'room for stories', TIMEOUT_MS);
}

function isRefused({ original }: FakeInteraction): boolean {
  return original !== undefined && original.flags === EPHEMERAL && !original.thinking;
}
