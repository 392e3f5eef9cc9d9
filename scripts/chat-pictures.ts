/**
 * Draws what a story looks like on Discord and on Slack, for the README. The bots run as in production,
 * against the fake platforms of the tests; the messages that they sent are drawn twice, once while the story
 * grows and once when it is done.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { CHROMIUM_ARGUMENTS, findChromium } from '../test/bots/web/chromium.ts';
import { type FakeContainer, rowsOf } from '../test/fakes/discord/components.ts';
import { FakeDiscord } from '../test/fakes/discord/fake-discord.ts';
import { Person as DiscordPerson } from '../test/fakes/discord/people.ts';
import type { Seen as DiscordSeen } from '../test/fakes/discord/world.ts';
import { FakeSlack } from '../test/fakes/slack/fake-slack.ts';
import { buttonsOf, labelOf, Person as SlackPerson } from '../test/fakes/slack/people.ts';
import { type FakeBlock, wordsOf } from '../test/fakes/slack/world.ts';
import { startRole } from '../test/helpers/processes.ts';
import { until } from '../test/helpers/programs.ts';
import { endWith, readCommandLine } from './command-line.ts';

const REQUEST = { prompt: 'On the day when the stars went out,', length: 420, seed: 26 };
const STORY_TIMEOUT_MS = 120_000;
/** Number of characters at which a growing story is drawn. */
const HALF_GROWN = 150;

interface Button {
  readonly label: string;
  readonly emoji?: { readonly name: string };
  /** Discord's number of a style, or `bare` without a frame. */
  readonly style?: number | 'bare';
}

/** A message to draw; its texts are HTML. */
interface Shown {
  readonly story: string;
  readonly smallPrint: string;
  readonly rows: readonly (readonly Button[])[];
  /** The colour of the bar of the box that holds it; undefined without a box. */
  readonly accent?: string | undefined;
}

interface Look {
  readonly file: string;
  readonly command: string;
  readonly style: string;
}

const LOOKS: Readonly<Record<'discord' | 'slack', Look>> = {
  discord: {
    file: 'discord.png',
    command: `<b>ann</b> used <i>/scifi</i>`,
    style:
      'body { background: #313338; color: #dbdee1; } .bot { color: #fff; } .badge { background: #5865f2; color: #fff; }' +
      '.command { color: #b5bac1; } .command i { color: #c9cdfb; font-style: normal; }' +
      '.small, .time { color: #949ba4; } .button { background: #4e5058; color: #fff; border-radius: 8px; }' +
      '.button.style-1 { background: #5865f2; } .button.style-4 { background: #da373c; }' +
      '.face { background: #5865f2; border-radius: 50%; }' +
      '.box { background: #2b2d31; border: 1px solid #3f4147; border-left-width: 4px; }',
  },
  slack: {
    file: 'slack.png',
    command: '<b>ann</b> wrote <i>/scifi</i>',
    style:
      'body { background: #fff; color: #1d1c1d; } .badge { background: #ddd; color: #616061; }' +
      '.command, .small, .time { color: #616061; } .command i { font-style: normal; }' +
      '.button { background: #fff; color: #1d1c1d; border: 1px solid #bbb; border-radius: 8px; font-weight: 700; }' +
      '.face { background: #4a154b; border-radius: 6px; }',
  },
};

const LAYOUT =
  'body { margin: 0; padding: 20px 24px; width: 720px; font: 15px/1.45 "Noto Sans", "DejaVu Sans", sans-serif; }' +
  '.message { display: grid; grid-template-columns: 40px 1fr; gap: 0 14px; } .message + .message { margin-top: 26px; }' +
  '.face { width: 40px; height: 40px; color: #fff; font: 700 20px/40px serif; text-align: center; }' +
  '.badge { font-size: 10px; padding: 1px 4px; border-radius: 4px; vertical-align: 2px; } .time { font-size: 12px; }' +
  '.command { font-size: 13px; } .story { white-space: pre-wrap; margin: 2px 0; } .small { font-size: 12px; }' +
  '.box { border-radius: 8px; padding: 12px 16px; margin-top: 6px; max-width: 560px; } .box .small { margin-top: 8px; }' +
  '.buttons { margin-top: 8px; } .button.style-bare { border: 0; padding: 5px 4px; } .button { display: inline-block; padding: 5px 14px; margin-right: 8px; font-size: 14px; }';

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function messageHtml(shown: Shown, { command }: Look, time: string): string {
  return (
    `<div class="message"><div class="face">S</div><div><div class="command">${command}</div>` +
    `<b class="bot">sci-fi</b> <span class="badge">APP</span> <span class="time">${time}</span>` +
    `${bodyHtml(shown)}</div></div>`
  );
}

function bodyHtml({ story, smallPrint, rows, accent }: Shown): string {
  const button = ({ label, emoji, style }: Button) =>
    `<span class="button style-${style}">${emoji ? `${emoji.name} ` : ''}${escapeHtml(label)}</span>`;
  const row = (buttons: readonly Button[]) => `<div class="buttons">${buttons.map(button).join('')}</div>`;
  const print = smallPrint && `<div class="small">${smallPrint}</div>`;
  const body = `<div class="story">${story}</div>${print}${rows.map(row).join('')}`;
  return accent ? `<div class="box" style="border-left-color: ${accent}">${body}</div>` : body;
}

async function draw(browser: Browser, look: Look, states: readonly Shown[], folder: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 768, height: 200 }, deviceScaleFactor: 1.5 });
  const messages = states.map((state, index) =>
    messageHtml(state, look, index === 0 ? 'while it grows' : 'done'),
  );
  await page.setContent(`<style>${LAYOUT}${look.style}</style>${messages.join('')}`);
  await page.screenshot({ path: join(folder, look.file), fullPage: true });
  await page.close();
  console.log(`Saved ${join(folder, look.file)}`);
}

/** The only Markdown in Discord messages is escapes and subtext. */
function discordShown({ layout }: DiscordSeen): Shown {
  const [box] = layout as [FakeContainer];
  const texts = box.components.flatMap((one) => (one.type === 10 ? [one.content] : []));
  const isSmall = (line: string) => line.startsWith('-# ');
  const text = (lines: string[]) =>
    escapeHtml(lines.join('\n').replace(/^-# /gm, '').replace(/\\(.)/g, '$1'));
  return {
    story: text(texts.filter((line) => !isSmall(line))),
    smallPrint: text(texts.filter(isSmall)),
    rows: rowsOf(box.components).map(({ components }) => components),
    accent: `#${(box.accent_color ?? 0).toString(16).padStart(6, '0')}`,
  };
}

/** Slack draws feedback buttons as thumbs without a frame or a label. */
function slackThumbs(blocks: readonly FakeBlock[]): Button[] {
  const elements = blocks.flatMap((block) => block.elements ?? []);
  const hasThumbs = elements.some(({ type }) => type === 'feedback_buttons');
  return hasThumbs ? ['👍', '👎'].map((label) => ({ label, style: 'bare' })) : [];
}

/** The first state in which the story is long enough, and the last state. */
function states<State>(history: readonly State[], textOf: (state: State) => string): State[] {
  return [history.find((state) => textOf(state).length > HALF_GROWN)!, history.at(-1)!];
}

const HELP = `
node --import tsx scripts/chat-pictures.ts FOLDER

Draws discord.png and slack.png into FOLDER. Needs Chromium, and a font with emoji (Debian's package
fonts-noto-color-emoji).
`;

const [folder] = readCommandLine(HELP, {}, 1).positionals;
if (!folder) endWith('Give the folder of the pictures, such as docs.');
const executablePath = findChromium();
if (!executablePath) endWith('No Chromium found. Install the package chromium, or set CHROMIUM to its path.');
const data = await mkdtemp(join(tmpdir(), 'scifi-pictures-'));
const [discord, slack] = await Promise.all([FakeDiscord.start(), FakeSlack.start()]);
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
    STORY_TIMEOUT_MS,
  );
  const interaction = new DiscordPerson(discord, 'ann').slash(discord.world.addChannel(), 'scifi', REQUEST);
  const onDiscord = await until(() => interaction.original, 'a reply on Discord', STORY_TIMEOUT_MS);
  const discordLabels = (components: typeof onDiscord.components) =>
    components.flatMap((row) => row.components.map(({ label }) => label));
  await until(() => discordLabels(onDiscord.components).includes('Continue'), 'its end', STORY_TIMEOUT_MS);
  const discordStates = states(onDiscord.history, ({ content }) => content);
  await draw(browser, LOOKS.discord, discordStates.map(discordShown), folder);

  const channel = slack.world.addChannel(slack.workspace);
  const { prompt, length, seed } = REQUEST;
  new SlackPerson(slack, 'ann').slash(channel, '/scifi', `${prompt} length=${length} seed=${seed}`);
  const onSlack = await until(() => [...channel.messages.values()][0], 'a reply on Slack', STORY_TIMEOUT_MS);
  const slackLabels = (blocks: typeof onSlack.blocks) => buttonsOf({ blocks }).map(labelOf);
  await until(() => slackLabels(onSlack.blocks).includes('Continue'), 'its end', STORY_TIMEOUT_MS);
  const slackStates = states(onSlack.history, ({ text }) => text);
  await draw(
    browser,
    LOOKS.slack,
    slackStates.map(({ blocks }) => ({
      // Slack escapes the same characters as HTML.
      story: wordsOf(blocks, 'section'),
      smallPrint: wordsOf(blocks, 'context'),
      rows: [slackLabels(blocks).map((label) => ({ label })), slackThumbs(blocks)],
    })),
    folder,
  );
} finally {
  await browser.close();
  await bot.kill();
  await Promise.all([discord.stop(), slack.stop()]);
  await rm(data, { recursive: true, force: true });
}
