import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { randomFrom } from '../reliability/fault.ts';
import { discordSite } from './voting/discord.ts';
import { slackSite } from './voting/slack.ts';
import { surviveVotes } from './voting/survival.ts';

const KILLS = 3;
const CASES = [
  ['Discord', 'redis', discordSite],
  ['Discord', 'embedded', discordSite],
  ['Slack', 'redis', slackSite],
] as const;

describe('kill -9 while a channel votes', { timeout: 300_000 }, () => {
  for (const [platform, backend, openSite] of CASES) {
    const skip = backend === 'redis' && skipWithout(REDIS_SERVER);
    it(`loses, repeats and miscounts no round: ${platform}, on ${backend}`, { skip }, async (t) => {
      const report = await surviveVotes(openSite, { kills: KILLS, random: randomFrom(5), backend });
      t.diagnostic(JSON.stringify(report));
      assert.ok(report.rounds > 0 && report.counted > 0);
    });
  }
});
