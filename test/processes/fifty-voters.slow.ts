/** A vote of five rounds by fifty people at once, on Discord and on Slack. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { openDiscord } from '../harness/discord.ts';
import { openSlack } from '../harness/slack.ts';
import { discordSite } from './voting/discord.ts';
import { type FiftyReport, fiftyVote, PEOPLE } from './voting/fifty.ts';
import { slackSite } from './voting/slack.ts';

const OPTIONS = { rounds: 5, timed: 2, seconds: 15 };

describe('a vote by fifty people', { timeout: 240_000, concurrency: 2 }, () => {
  function holds(t: TestContext, report: FiftyReport): void {
    t.diagnostic(JSON.stringify(report));
    const atLeast = 3 * PEOPLE * OPTIONS.rounds;
    assert.ok(report.counted >= atLeast, `${report.counted} presses were counted`);
    assert.ok(
      report.lateMs.every((ms) => ms >= 0),
      'no round ends early',
    );
  }

  it('is counted exactly on Discord, and its rounds end on time', async (t) => {
    const harness = await openDiscord({ pace: 0 });
    try {
      const site = await discordSite(PEOPLE, harness.discord);
      holds(t, await fiftyVote(site, harness.connection, OPTIONS));
    } finally {
      await harness.close();
    }
  });

  it('is counted exactly on Slack, where every press is delivered twice', async (t) => {
    const harness = await openSlack({ pace: 0 });
    try {
      const site = await slackSite(PEOPLE, harness.slack);
      const repeat = (isTwice: boolean) => {
        harness.slack.copies = isTwice ? 2 : 1;
      };
      holds(t, await fiftyVote(site, harness.connection, { ...OPTIONS, repeat }));
    } finally {
      await harness.close();
    }
  });
});
