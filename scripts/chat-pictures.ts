/**
 * Draws what a story and a vote look like on Discord and on Slack, for the README. The bots run as in production,
 * against the fake platforms of the tests; the messages that they sent are drawn twice: a story while it grows and when it
 * is done, a vote in its first round and when it is over.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { CHROMIUM_ARGUMENTS, findChromium } from '../test/bots/web/chromium.ts';
import { type FakeContainer, rowsOf } from '../test/fakes/discord/components.ts';
import { FakeDiscord } from '../test/fakes/discord/fake-discord.ts';
import { Person as DiscordPerson } from '../test/fakes/discord/people.ts';
import type { Seen as DiscordSeen } from '../test/fakes/discord/world.ts';
import { FakeSlack } from '../test/fakes/slack/fake-slack.ts';
import { buttonsOf, labelOf, Person as SlackPerson } from '../test/fakes/slack/people.ts';
import { type FakeBlock, type Seen as SlackSeen, wordsOf } from '../test/fakes/slack/world.ts';
import { startRole } from '../test/helpers/processes.ts';
import { until } from '../test/helpers/programs.ts';
import { type Button, draw, escapeHtml, LOOKS, type Shown, STORY_SCENE, VOTE_SCENE } from './chat-drawing.ts';
import { endWith, readCommandLine } from './command-line.ts';

const REQUEST = { prompt: 'On the day when the stars went out,', length: 420, seed: 26 };
const STORY_TIMEOUT_MS = 120_000;
const VOTE = { prompt: 'The last ship from Mars carried', rounds: 2, seconds: 60 };
/** The votes for each choice in every round. */
const VOTES = [2, 5, 1];
/** Number of characters at which a growing story is drawn. */
const HALF_GROWN = 150;

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

/** A vote's Markdown: bold words, subtext, escapes, and the time until the end of a round. */
function discordVote(seen: DiscordSeen): Shown {
  if (seen.layout) return discordShown(seen);
  const { content, components } = seen;
  const lines = escapeHtml(content.replace(/<t:\d+:R>/, 'in a minute'))
    .replace(/\*\*(.+?)\*\*/g, '<b>$1</b>')
    .replace(/\\(.)/g, '$1')
    .split('\n');
  return {
    story: lines.filter((line) => !line.startsWith('-# ')).join('\n'),
    smallPrint: lines.flatMap((line) => (line.startsWith('-# ') ? line.slice(3) : [])).join('\n'),
    rows: components.map((row) => row.components),
  };
}

/** A vote's sections, with the bold question, and the time at which a round ends. */
function slackVote({ blocks }: Pick<SlackSeen, 'blocks'>): Shown {
  return {
    story: wordsOf(blocks, 'section').replace(/^\*(.+)\*$/m, '<b>$1</b>'),
    smallPrint: wordsOf(blocks, 'context').replace(/<!date[^>]*>/, '8:15:30 PM'),
    rows: [buttonsOf({ blocks }).map((button) => ({ label: labelOf(button) }))],
  };
}

/** A vote on one platform, as the people in its channel use it. */
interface VoteInChat<State> {
  readonly labels: () => readonly string[];
  readonly press: (label: string) => void;
  readonly pressAs: (person: number, label: string) => void;
  readonly state: () => State;
}

/** Lets people vote in all rounds; returns the first round with their votes, and the end. */
async function voteIn<State>({ labels, press, pressAs, state }: VoteInChat<State>): Promise<[State, State]> {
  const seen: State[] = [];
  for (let round = 0; round < VOTE.rounds; round++) {
    await until(() => labels()[0] === '1', 'an open round', STORY_TIMEOUT_MS);
    const choices = VOTES.flatMap((count, choice) => Array<number>(count).fill(choice));
    for (const [person, choice] of choices.entries()) pressAs(person, labels()[choice]!);
    const counted = VOTES.map((count, choice) => `${choice + 1} (${count})`).join();
    await until(() => labels().slice(0, VOTES.length).join() === counted, 'the counts', STORY_TIMEOUT_MS);
    seen.push(state());
    press('Close this round');
    await until(() => !labels().includes('Close this round'), 'the end of a round', STORY_TIMEOUT_MS);
  }
  await until(() => labels().includes('Delete'), 'the end', STORY_TIMEOUT_MS);
  return [seen[0]!, state()];
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

Draws discord.png, slack.png, discord-vote.png and slack-vote.png into FOLDER. Needs Chromium, and a font with emoji (Debian's package
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
  await draw(browser, LOOKS.discord, STORY_SCENE, discordStates.map(discordShown), folder);

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
    STORY_SCENE,
    slackStates.map(({ blocks }) => ({
      // Slack escapes the same characters as HTML.
      story: wordsOf(blocks, 'section'),
      smallPrint: wordsOf(blocks, 'context'),
      rows: [slackLabels(blocks).map((label) => ({ label })), slackThumbs(blocks)],
    })),
    folder,
  );

  const people = Array.from({ length: 8 }, (_, index) => `person ${index}`);
  const [host, ...voters] = ['ann', ...people].map((name) => new DiscordPerson(discord, name));
  const voteChannel = discord.world.addChannel();
  host!.slash(voteChannel, 'scifi-vote', VOTE);
  const isVote = ({ flags }: { readonly flags: number }) => flags === 0;
  const discordVoteMessage = await until(
    () => [...voteChannel.messages.values()].find(isVote),
    'a vote on Discord',
    STORY_TIMEOUT_MS,
  );
  const discordVotes = await voteIn<DiscordSeen>({
    labels: () => discordLabels(discordVoteMessage.components),
    press: (label) => host!.press(discordVoteMessage, label),
    pressAs: (person, label) => voters[person]!.press(discordVoteMessage, label),
    state: () => discordVoteMessage.history.at(-1)!,
  });
  await draw(browser, LOOKS.discord, VOTE_SCENE, discordVotes.map(discordVote), folder);

  const [slackHost, ...slackVoters] = ['ann', ...people].map((name) => new SlackPerson(slack, name));
  const slackVoteChannel = slack.world.addChannel(slack.workspace);
  slackHost!.slash(
    slackVoteChannel,
    '/scifi-vote',
    `${VOTE.prompt} rounds=${VOTE.rounds} seconds=${VOTE.seconds}`,
  );
  const slackVoteMessage = await until(
    () => [...slackVoteChannel.messages.values()][0],
    'a vote on Slack',
    STORY_TIMEOUT_MS,
  );
  const slackVotes = await voteIn<Pick<SlackSeen, 'blocks'>>({
    labels: () => slackLabels(slackVoteMessage.blocks),
    press: (label) => slackHost!.press(slackVoteMessage, label),
    pressAs: (person, label) => slackVoters[person]!.press(slackVoteMessage, label),
    state: () => slackVoteMessage.history.at(-1)!,
  });
  await draw(browser, LOOKS.slack, VOTE_SCENE, slackVotes.map(slackVote), folder);
} finally {
  await browser.close();
  await bot.kill();
  await Promise.all([discord.stop(), slack.stop()]);
  await rm(data, { recursive: true, force: true });
}
