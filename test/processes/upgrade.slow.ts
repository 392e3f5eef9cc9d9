/**
 * Upgrades: the data that version 0.1.0 left in Redis and in a data folder works with this version.
 * `test/fixtures/0.1.0` was recorded by that version: its processes were killed with one reply finished, one
 * half shown (its story was complete) and one parked behind it, and with settings of channels and of a community.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createBrotliDecompress } from 'node:zlib';
import { pino } from 'pino';
import { PromptChannels } from '../../src/bots/channel-settings.ts';
import * as discordButtons from '../../src/bots/discord/buttons.ts';
import * as slackButtons from '../../src/bots/slack/reply/buttons.ts';
import type { EngineName } from '../../src/generator/engines/choose.ts';
import { arithmeticOf } from '../../src/generator/engines/engine.ts';
import { INTEGER_ENGINE_NAME } from '../../src/generator/engines/integer/engine.ts';
import { CommunityLimitSettings } from '../../src/queue/admission/settings.ts';
import { openConnection } from '../../src/queue/open.ts';
import { Replies } from '../../src/queue/replies.ts';
import { STORIES_QUEUE, type StoryJobData } from '../../src/queue/stories.ts';
import { beginningOf, type ReplyState, type Story } from '../../src/story/story.ts';
import { followReply } from '../helpers/page-client.ts';
import { type Role, startRole } from '../helpers/processes.ts';
import { freePort, REDIS_SERVER, skipWithout, startRedis, temporaryFolder } from '../helpers/programs.ts';
import { undisturbed } from '../helpers/undisturbed.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/0.1.0/', import.meta.url));
const STORY_TIMEOUT_MS = 180_000;

interface Recorded {
  readonly prompt: string;
  readonly finished: { readonly id: string; readonly state: ReplyState };
  readonly growing: { readonly id: string; readonly seed: number; readonly length: number };
  readonly parked: { readonly id: string; readonly seed: number; readonly length: number };
}

interface RecordedButtons {
  readonly discordButtons: { readonly stop: string; readonly continue: string; readonly mark: object };
  readonly slackButtons: { readonly stop: string; readonly continue: string; readonly mark: object };
}

/** Where a queue is stored. */
interface Place {
  readonly redisUrl: string | undefined;
  readonly dataFolder: string;
}

/** What this version finds, and which engine its worker has; version 0.1.0 wrote with ONNX Runtime. */
interface Upgrade {
  readonly engine: EngineName;
  /** Whether the old worker was killed in the middle of the story, and not only the bots that showed it. */
  readonly isHalfWritten: boolean;
}

const UPGRADES: readonly Upgrade[] = [
  { engine: 'integer', isHalfWritten: false },
  { engine: 'integer', isHalfWritten: true },
  { engine: 'onnx', isHalfWritten: true },
];

async function recorded<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(FIXTURES, `${name}.json`), 'utf8'));
}

describe('data of version 0.1.0', () => {
  for (const upgrade of UPGRADES) {
    const what = `${upgrade.isHalfWritten ? 'with a half-written story' : 'as it was left'}, with ${upgrade.engine}`;
    it(`goes on from Redis ${what}`, { skip: skipWithout(REDIS_SERVER) }, async () => {
      const { folder, remove } = await temporaryFolder();
      await copyFile(join(FIXTURES, 'redis.rdb'), join(folder, 'dump.rdb'));
      const redis = await startRedis(['--dir', folder]);
      try {
        const record = await recorded<Recorded>('redis');
        await storedValuesAreRead({ redisUrl: redis.url, dataFolder: '' }, record);
        if (upgrade.isHalfWritten) await halveStory({ redisUrl: redis.url, dataFolder: '' }, record);
        await repliesGoOn(record, ['worker', 'bots'], { REDIS_URL: redis.url }, upgrade);
      } finally {
        await redis.stop();
        await remove();
      }
    });

    it(`goes on from a data folder ${what}`, async () => {
      const { folder, remove } = await temporaryFolder();
      try {
        await extract(join(FIXTURES, 'embedded.tar.br'), folder);
        const dataFolder = join(folder, 'data');
        const record = await recorded<Recorded>('embedded');
        await storedValuesAreRead({ redisUrl: undefined, dataFolder }, record);
        if (upgrade.isHalfWritten) await halveStory({ redisUrl: undefined, dataFolder }, record);
        await repliesGoOn(record, ['start'], { REDIS_URL: '', SCIFI_DATA: dataFolder }, upgrade);
      } finally {
        await remove();
      }
    });
  }

  it('is understood in the buttons of old messages', async () => {
    const { discordButtons: discord, slackButtons: slack } = await recorded<RecordedButtons>('redis');
    const stop = { action: 'stop', replyId: 'r1', userId: 'u1' };
    assert.deepEqual(discordButtons.decodeButton(discord.stop), stop);
    const again = { action: 'continue', preset: 'classic' };
    assert.deepEqual(discordButtons.decodeButton(discord.continue), { ...again, ...discord.mark });
    assert.deepEqual(slackButtons.decodeButton('scifi-stop', slack.stop), stop);
    assert.deepEqual(slackButtons.decodeButton('scifi-continue', slack.continue), {
      ...again,
      ...slack.mark,
    });
  });
});

/**
 * This version reads the settings and the finished reply that the old version wrote, before it sweeps old
 * replies.
 */
async function storedValuesAreRead(where: Place, { finished }: Recorded): Promise<void> {
  const logger = pino({ level: 'silent' });
  const connection = await openConnection({ ...where, prefix: 'scifi' }, logger);
  const replies = new Replies<null>(connection, 'web', logger);
  const discord = new PromptChannels(connection, 'discord');
  const slack = new PromptChannels(connection, 'slack');
  const limits = new CommunityLimitSettings(connection);
  try {
    await Promise.all([discord.ready(), slack.ready(), limits.ready(), replies.ready()]);
    assert.deepEqual((await replies.read(finished.id))?.state, finished.state);
    assert.deepEqual(await discord.read('1234567890123456789'), {
      channelId: '1234567890123456789',
      prompts: { messages: 'every', cooldownSeconds: 30, leastCharacters: 10, threads: true },
      daily: { hour: 8, timeZone: 'Europe/Vienna' },
    });
    assert.deepEqual(await slack.read('T1-C1'), {
      channelId: 'T1-C1',
      prompts: { messages: 'mentions', cooldownSeconds: 0, leastCharacters: 1, threads: false },
    });
    assert.deepEqual(await limits.read('discord:42'), {
      personAtOnce: 2,
      personHourly: 5,
      communityAtOnce: 50,
      communityHourly: 300,
    });
  } finally {
    await Promise.all([discord.close(), slack.close(), limits.close(), replies.close()]);
    await connection.close();
  }
}

/** Puts the growing reply's story back to half of its text, as version 0.1.0 stored it. */
async function halveStory(where: Place, { growing }: Recorded): Promise<void> {
  const connection = await openConnection({ ...where, prefix: 'scifi' }, pino({ level: 'silent' }));
  const queue = connection.queue<StoryJobData, Story>(STORIES_QUEUE);
  try {
    const job = await queue.getJob(`web-${growing.id}`);
    const { text, modelVersion, engine, unreadable } = job!.returnvalue;
    await job!.retry('completed');
    const half = text.slice(0, text.indexOf(' ', text.length / 2));
    await job!.updateProgress({ text: half, modelVersion, engine, unreadable, losses: 0 });
  } finally {
    await queue.close();
    await connection.close();
  }
}

/** A half-written and a parked reply end with the stories of their seeds, and each has one writer. */
async function repliesGoOn(
  { prompt, growing, parked }: Recorded,
  roles: readonly Role[],
  stored: Readonly<Record<string, string>>,
  { engine, isHalfWritten }: Upgrade,
): Promise<void> {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const env = {
    ...stored,
    SCIFI_ENGINE: engine,
    SCIFI_PORT: String(port),
    SCIFI_PACE: '0',
    SCIFI_PAGE_LIMITS: 'all',
  };
  const old = await undisturbed(prompt, { engine: 'onnx' });
  const present = await undisturbed(prompt, { engine });
  const running = [];
  try {
    for (const role of roles) running.push(await startRole(role, env));
    for (const { id, seed, length } of [growing, parked]) {
      const [before, after] = await Promise.all(
        [old, present].map((writer) => writer.text(seed, length, 'classic')),
      );
      // A story that the old worker has ended is shown whole; another engine does not continue one.
      const isOld = id === growing.id && (!isHalfWritten || engine === 'onnx');
      const isAnew = id === growing.id && !isOld;
      const states: ReplyState[] = [];
      const end = await followReply(base, id, STORY_TIMEOUT_MS, (state) => states.push(state));
      assert.ok(end.status === 'finished');
      assert.equal(end.text, isOld ? before : after, `story ${seed}`);
      assert.equal(arithmeticOf(end.engine), isOld || engine === 'onnx' ? 'float32' : INTEGER_ENGINE_NAME);
      assert.equal(beginningOf(end), isAnew ? 1 : 0);
      for (const state of states) {
        if (state.status !== 'writing') continue;
        const writer = isOld || (isAnew && beginningOf(state) === 0) ? before : after;
        assert.ok(writer!.startsWith(state.text), `one writer, never mixed: ${state.text}`);
      }
    }
  } finally {
    for (const process of running) await process.kill();
    await present.close();
    await old.close();
  }
}

/** Extracts a tar file compressed with Brotli. Tar may stop reading at the end of the archive, before the file's end. */
async function extract(archive: string, folder: string): Promise<void> {
  const file = join(folder, 'extracted.tar');
  await pipeline(createReadStream(archive), createBrotliDecompress(), createWriteStream(file));
  await promisify(execFile)('tar', ['-xf', file, '-C', folder]);
}
