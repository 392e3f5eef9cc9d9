/**
 * Delete, Undo, Edit, Share and "Take it down" on the page under `kill -9`: real processes of bots and a worker on Redis,
 * or one process with its embedded queue, killed at a random moment after the page has sent the action, and started again.
 * The page sends a deletion until it is confirmed; a user presses the other buttons again. The end is the same whenever
 * the kill was: each story is there whole or not at all, and a page with its cover is there once or answers 404.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { coverPng } from '../../src/share/cover-png.ts';
import { storyTitle } from '../../src/story/title.ts';
import { embeddedFolder } from '../helpers/embedded-folder.ts';
import { ask, followReply } from '../helpers/page-client.ts';
import { type Role, type RoleProcess, startRole } from '../helpers/processes.ts';
import { freePort, startRedis, until } from '../helpers/programs.ts';
import { PROMPT, undisturbed } from '../helpers/undisturbed.ts';
import { AT_ONCE, KILL_WINDOW_MS, type OwnBackend, type OwnSurvival, onlyShared } from './own-survival.ts';

export const PAGE_ACTIONS = ['Delete', 'Undo', 'Edit', 'Share', 'Take down'] as const;
export type PageAction = (typeof PAGE_ACTIONS)[number];

/** Within which the page's share is made or taken down: it is answered when that is done. */
const AT_ONCE_MS = 40;
const LENGTH = 300;
/** Still being written when it is deleted. */
const LONG = 6_000;
const PACE = 2_000;
const TIMEOUT_MS = 180_000;
const RETRY_PAUSE_MS = 200;
/** A client may read 120 pages a minute. */
const PAGE_POLL_MS = 1_000;

interface Answer {
  readonly status: number;
  readonly body: { readonly id?: string };
}

/** Kills processes `kills` times during an action: the bots, or the only process. */
export async function surviveOwnActionOnPage(
  action: PageAction,
  kills: number,
  random: () => number,
  backend: OwnBackend,
): Promise<OwnSurvival> {
  const redis = backend === 'redis' ? await startRedis() : undefined;
  const { folder, remove } = await embeddedFolder();
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const env = {
    REDIS_URL: redis?.url ?? '',
    SCIFI_DATA: folder,
    SCIFI_PORT: String(port),
    SCIFI_PUBLIC_URL: 'https://scifi.example.org',
    SCIFI_PACE: String(PACE),
    SCIFI_PAGE_LIMITS: 'all',
    SCIFI_PERSON_HOURLY: '0',
    SCIFI_STORIES_PER_MINUTE: '100000',
  };
  const expected = await undisturbed();
  const running = new Map<Role, RoleProcess>();
  const start = async (role: Role) => running.set(role, await startRole(role, env));
  const victim: Role = redis ? 'bots' : 'start';
  /** Undefined when the server is down, or goes down. */
  const send = async (path: string, body: object = {}): Promise<Answer | undefined> => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    try {
      const response = await fetch(`${base}/api/replies/${path}`, init);
      return { status: response.status, body: (await response.json()) as Answer['body'] };
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  };
  const press = async (path: string, body?: object): Promise<Answer> => {
    for (;;) {
      const answer = await send(path, body);
      if (answer) return answer;
      await sleep(RETRY_PAUSE_MS);
    }
  };
  const statusOf = async (path: string) => (await fetch(`${base}/${path}`)).status;
  const finished = async (id: string) => {
    const end = await followReply(base, id, TIMEOUT_MS);
    assert.ok(end.status === 'finished', JSON.stringify(end));
    return end.text;
  };
  const isGone = (id: string) =>
    until(async () => (await statusOf(`api/replies/${id}`)) === 404, id, TIMEOUT_MS);
  const pageIsGone = async (id: string) => {
    await until(
      async () => {
        await sleep(PAGE_POLL_MS);
        return (await statusOf(`s/${id}`)) === 404;
      },
      'the end of the page',
      TIMEOUT_MS,
    );
    assert.equal(await statusOf(`s/${id}/cover.png`), 404);
  };
  /** Fails unless the page is there with the cover of its title and seed. */
  const pageIsThere = async (id: string, text: string, seed: number) => {
    assert.equal(await statusOf(`s/${id}`), 200);
    const picture = await (await fetch(`${base}/s/${id}/cover.png`)).arrayBuffer();
    assert.ok((await coverPng(storyTitle(text), seed)).equals(Buffer.from(picture)), 'the cover');
  };
  /** The texts of shared stories by the ids of their pages. */
  const shared = new Map<string, string>();
  let done = 0;
  let unheard = 0;
  try {
    await Promise.all((redis ? (['worker', 'bots'] as const) : (['start'] as const)).map(start));
    for (let kill = 0; kill < kills; kill++) {
      const first = await ask(base, { prompt: PROMPT, length: LENGTH, seed: kill });
      const text = await finished(first);
      assert.equal(text, await expected.text(kill, LENGTH));
      const isWriting = action === 'Delete' && kill % 2 === 1;
      const second = isWriting || action === 'Undo' ? await ask(base, { prompt: 'Then', length: LONG }) : '';
      const isShared = action !== 'Share' && action !== 'Edit';
      const pageId = isShared ? (await press(`${first}/share`)).body.id! : '';
      const last = second || first;
      const paths: Readonly<Record<PageAction, string>> = {
        Delete: `${last}/delete`,
        Undo: `${last}/delete`,
        Edit: `${first}/delete`,
        Share: `${first}/share`,
        'Take down': `${first}/unshare`,
      };
      // The page stores the new story and the deletion at once, and sends both.
      const edited =
        action === 'Edit' ? ask(base, { prompt: PROMPT, length: LENGTH, seed: 1_000 + kill }) : undefined;
      const sending = send(paths[action]);
      await sleep(
        random() * (action === 'Share' || action === 'Take down' ? AT_ONCE_MS : KILL_WINDOW_MS[action]),
      );
      await running.get(victim)!.kill();
      await start(victim);
      if (await sending) done++;
      else unheard++;
      const answer = await press(paths[action]);
      assert.ok(answer.status < 300, `${answer.status}`);
      if (action === 'Share') {
        const { id } = answer.body;
        const before = await sending;
        if (before) assert.equal(before.body.id, id);
        await pageIsThere(id!, text, kill);
        shared.set(id!, text);
        continue;
      }
      if (action === 'Take down') {
        await pageIsGone(pageId);
        assert.equal(await finished(first), text, 'the story itself stays');
        continue;
      }
      if (edited) assert.equal(await finished(await edited), await expected.text(1_000 + kill, LENGTH));
      await isGone(last);
      if (action === 'Undo') {
        assert.equal(await finished(first), text);
        await pageIsThere(pageId, text, kill);
        shared.set(pageId, text);
        continue;
      }
      if (isWriting) await press(`${first}/delete`);
      await isGone(first);
      if (pageId) await pageIsGone(pageId);
    }
    // As `leasesAreFree` in ./own-survival.ts.
    const areWritten = async () => {
      const request = { prompt: PROMPT, length: LENGTH, seed: 1 };
      const unlessRefused = (error: Error) => assert.match(error.message, /under way/);
      const asked = await Promise.all(
        Array.from({ length: AT_ONCE }, () => ask(base, request).catch(unlessRefused)),
      );
      const accepted = asked.filter((id) => id !== undefined);
      for (const id of accepted) await finished(id);
      return accepted.length === AT_ONCE;
    };
    await until(areWritten, 'room for stories', TIMEOUT_MS);
    for (const role of running.values()) await role.kill();
    await onlyShared(shared, { redisUrl: redis?.url, dataFolder: folder, prefix: 'scifi' });
    return { done, unheard };
  } finally {
    for (const role of running.values()) await role.kill();
    await expected.close();
    await redis?.stop();
    await remove();
  }
}
