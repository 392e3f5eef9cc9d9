/**
 * Secrets and prompts on every path on which a chat can refuse: none of them is in the log of the bots at the
 * most verbose level.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeDiscord } from '../fakes/discord/fake-discord.ts';
import { Person as DiscordPerson } from '../fakes/discord/people.ts';
import { FakeSlack } from '../fakes/slack/fake-slack.ts';
import { Person as SlackPerson } from '../fakes/slack/people.ts';
import { textOf } from '../harness/discord.ts';
import { startRole } from '../helpers/processes.ts';
import { freePort, REDIS_SERVER, skipWithout, startRedis } from '../helpers/programs.ts';
import { startGenerator } from './crowd.ts';

const PROMPT = 'Xylophagous canary';
const BOARD_PASSWORD = 'canary-of-the-board-4711';
/** Discord's possible answers to a call; 0 cuts the connection. */
const DISCORD_STATUS = [0, 400, 401, 403, 404, 429, 500, 503];
/** Slack's possible answers. */
const SLACK_ANSWERS = [
  ...[0, 429, 500, 503],
  ...['invalid_auth', 'not_in_channel', 'channel_not_found', 'is_archived', 'msg_too_long', 'invalid_blocks'],
];
/** The pause between two commands. */
const PAUSE_MS = 200;
/** The length of the part of a story that is searched for. */
const STORY_CHARACTERS = 30;

describe('the log of the bots while chats refuse every call', {
  skip: skipWithout(REDIS_SERVER),
  timeout: 240_000,
}, () => {
  it('contains no secret, no prompt and no story', async () => {
    const [discord, slack, redis] = await Promise.all([FakeDiscord.start(), FakeSlack.start(), startRedis()]);
    const generator = await startGenerator(redis.url);
    const bots = await startRole('bots', {
      REDIS_URL: redis.url,
      SCIFI_PORT: '0',
      SCIFI_PACE: '2000',
      SCIFI_PERSON_RUNNING: '0',
      SCIFI_PERSON_HOURLY: '0',
      LOG_LEVEL: 'trace',
      DISCORD_TOKEN: discord.token,
      DISCORD_API: discord.api,
      SLACK_BOT_TOKEN: slack.workspace.token,
      SLACK_APP_TOKEN: slack.world.appToken,
      SLACK_API: slack.api,
      SCIFI_OPERATOR_PORT: String(await freePort()),
      SCIFI_BOARD_PASSWORD: BOARD_PASSWORD,
    });
    try {
      const [ann, bob] = [new DiscordPerson(discord, 'ann'), new SlackPerson(slack, 'bob')];
      const secrets = [discord.token, slack.workspace.token, slack.world.appToken, BOARD_PASSWORD];
      // The first of each affects acknowledgements, too.
      for (const match of [/./, /messages/])
        for (const status of DISCORD_STATUS) discord.misbehave({ match, status, times: 2 });
      for (const answer of SLACK_ANSWERS) slack.misbehave({ match: /^chat\./, answer, times: 2 });
      const isMet = () => [...discord.faults, ...slack.faults].every(({ times }) => times === 0);
      while (!isMet()) {
        const here = discord.world.addChannel();
        const options = { prompt: PROMPT, length: 200 };
        secrets.push(ann.slash(here, 'scifi', options).token);
        ann.slash(here, 'scifi', { ...options, temperature: 9 });
        const there = slack.world.addChannel(slack.workspace);
        bob.slash(there, '/scifi', `${PROMPT} length=200`);
        bob.slash(there, '/scifi', `${PROMPT} temp=${PROMPT}`);
        bob.say(there, `${PROMPT} length=many`);
        await sleep(PAUSE_MS);
      }
      await sleep(1_000);
      await bots.stop();
      const output = bots.output();
      assert.match(output, /"level":(30|40)/, 'it does log');
      for (const secret of secrets) assert.ok(!output.includes(secret), `the log holds ${secret}`);
      assert.doesNotMatch(output, /xylophagous/i);
      const messages = [...discord.world.channels.values()].flatMap((channel) => [
        ...channel.messages.values(),
      ]);
      const told = messages.map((message) => textOf([message]).slice(PROMPT.length)).filter(Boolean);
      assert.ok(told.length > 0);
      for (const text of told) assert.ok(!output.includes(text.slice(0, STORY_CHARACTERS)), text);
    } finally {
      await bots.kill();
      await generator.close();
      await Promise.all([discord.stop(), slack.stop(), redis.stop()]);
    }
  });
});
