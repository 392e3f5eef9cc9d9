/**
 * Measures which files take part in one story on each platform. All roles run in this process against the
 * fake Discord and Slack of the tests, with the embedded queue and the real model; V8's precise coverage
 * tells which functions ran between a user's command and the reply's last edit.
 */
import { type Profiler, Session } from 'node:inspector/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { startRoles } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { FakeDiscord } from '../../test/fakes/discord/fake-discord.ts';
import { Person as DiscordPerson } from '../../test/fakes/discord/people.ts';
import { FakeSlack } from '../../test/fakes/slack/fake-slack.ts';
import { Person as SlackPerson } from '../../test/fakes/slack/people.ts';
import { finished as finishedOnDiscord } from '../../test/harness/discord.ts';
import { configOf, finished as finishedOnSlack } from '../../test/harness/slack.ts';
import { embeddedFolder } from '../../test/helpers/embedded-folder.ts';
import { ask, followReply } from '../../test/helpers/page-client.ts';

const SOURCE = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const PROMPT = 'It all began with';
const LENGTH = 300;
const STORY_TIMEOUT_MS = 60_000;
/** Longer than every interval at which an idle process does something. */
const IDLE_MS = 12_000;
/** Time for the work after the last edit: the job is recorded, the story removed. */
const SETTLE_MS = 500;

/** Functions that ran, by file relative to the repository. */
type Ran = Map<string, Set<string>>;

/** The files of `src` on the path of one story, for each platform. */
export async function measurePaths(): Promise<Record<'discord' | 'slack' | 'page', readonly string[]>> {
  const discord = await FakeDiscord.start();
  const slack = await FakeSlack.start();
  const { folder, remove } = await embeddedFolder();
  const slackSettings = configOf(slack);
  const config = readConfig({
    SCIFI_DATA: folder,
    SCIFI_PORT: '0',
    SCIFI_PACE: '400',
    DISCORD_TOKEN: discord.token,
    DISCORD_API: discord.api,
    SLACK_BOT_TOKEN: slackSettings.botToken,
    SLACK_APP_TOKEN: slackSettings.appToken,
    SLACK_API: slackSettings.api,
  });
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  const running = await startRoles({ bots: true, worker: true }, config, pino({ level: 'silent' }));
  try {
    await running.ready;
    const take = async () => ranIn((await session.post('Profiler.takePreciseCoverage')).result);
    await take();
    await sleep(IDLE_MS);
    const idle = await take();
    const during = async (story: () => Promise<unknown>) => {
      await take();
      await story();
      await sleep(SETTLE_MS);
      return without(await take(), idle);
    };
    const discordChannel = discord.world.addChannel();
    const slackChannel = slack.world.addChannel(slack.workspace);
    const ann = new DiscordPerson(discord, 'ann');
    const bob = new SlackPerson(slack, 'bob');
    return {
      discord: await during(() =>
        finishedOnDiscord(ann.slash(discordChannel, 'scifi', { prompt: PROMPT, length: LENGTH })),
      ),
      slack: await during(async () => {
        bob.slash(slackChannel, '/scifi', `${PROMPT} length=${LENGTH}`);
        await finishedOnSlack(slackChannel);
      }),
      page: await during(async () => {
        const id = await ask(running.url!, { prompt: PROMPT, length: LENGTH });
        await followReply(running.url!, id, STORY_TIMEOUT_MS);
      }),
    };
  } finally {
    await running.close();
    await Promise.all([discord.stop(), slack.stop()]);
    await remove();
  }
}

function ranIn(scripts: readonly Profiler.ScriptCoverage[]): Ran {
  const ran: Ran = new Map();
  for (const { url, functions } of scripts) {
    if (!url.startsWith('file:')) continue;
    const file = fileURLToPath(url.replace(/\?.*$/, '')).slice(SOURCE.length + 1);
    if (!file.startsWith('src/')) continue;
    const names = functions
      .filter(({ ranges }) => ranges.some(({ count }) => count > 0))
      .map(({ functionName, ranges }) => `${functionName}@${ranges[0]!.startOffset}`);
    if (names.length > 0) ran.set(file, new Set([...(ran.get(file) ?? []), ...names]));
  }
  return ran;
}

/** Files with a function that ran and that does not run while the process is idle. */
function without(ran: Ran, idle: Ran): readonly string[] {
  return [...ran]
    .filter(([file, names]) => [...names].some((name) => !idle.get(file)?.has(name)))
    .map(([file]) => file)
    .sort();
}
