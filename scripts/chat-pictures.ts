/**
 * Draws what a story, a vote and a relay look like on Discord and on Slack, for the README. The bots run as in production,
 * against the fake platforms of the tests; the messages that they sent are drawn.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFlags } from 'discord.js';
import { chromium } from 'playwright-core';
import { CHROMIUM_ARGUMENTS, findChromium } from '../test/bots/web/chromium.ts';
import { FakeDiscord } from '../test/fakes/discord/fake-discord.ts';
import { FakeSlack } from '../test/fakes/slack/fake-slack.ts';
import { startRole } from '../test/helpers/processes.ts';
import { until } from '../test/helpers/programs.ts';
import { discordChat } from './chat-pictures/discord.ts';
import { draw } from './chat-pictures/drawing.ts';
import { relay, story, vote } from './chat-pictures/scenes.ts';
import { slackChat } from './chat-pictures/slack.ts';
import { endWith, readCommandLine } from './command-line.ts';

const START_TIMEOUT_MS = 120_000;
const SCENES = { story, vote, relay };

const HELP = `
node --import tsx scripts/chat-pictures.ts FOLDER [options]

Draws pictures of both chats into FOLDER: discord.png, discord-vote.png, discord-relay.png, and the same for Slack. Needs
Chromium, and a font with emoji (Debian's package fonts-noto-color-emoji).

  --only SCENE  story, vote or relay
`;

const { values, positionals } = readCommandLine(HELP, { only: { type: 'string' } }, 1);
const [folder] = positionals;
if (!folder) endWith('Give the folder of the pictures, such as docs.');
const scenes = Object.entries(SCENES).filter(([name]) => values.only === undefined || name === values.only);
if (scenes.length === 0) endWith(`There is no scene ${values.only}: story, vote or relay.`);
const executablePath = findChromium();
if (!executablePath) endWith('No Chromium found. Install the package chromium, or set CHROMIUM to its path.');
const data = await mkdtemp(join(tmpdir(), 'scifi-pictures-'));
const [discord, slack] = await Promise.all([FakeDiscord.start(), FakeSlack.start()]);
// Relays read messages.
discord.world.flags = ApplicationFlags.GatewayMessageContentLimited;
const bot = await startRole('start', {
  ...{ SCIFI_DATA: data, SCIFI_PORT: '0', REDIS_URL: '' },
  ...{ DISCORD_TOKEN: discord.token, DISCORD_API: discord.api },
  ...{ SLACK_BOT_TOKEN: slack.workspace.token, SLACK_APP_TOKEN: slack.world.appToken, SLACK_API: slack.api },
});
const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS });
try {
  await until(
    () => /Discord ready/.test(bot.output()) && /Slack ready/.test(bot.output()),
    'the bots',
    START_TIMEOUT_MS,
  );
  for (const chat of [discordChat(discord), slackChat(slack)]) {
    for (const [, scene] of scenes) await draw(browser, await scene(chat), folder);
  }
} finally {
  await browser.close();
  await bot.kill();
  await Promise.all([discord.stop(), slack.stop()]);
  await rm(data, { recursive: true, force: true });
}
