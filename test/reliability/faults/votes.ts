/** Processes that are killed while a channel votes. */
import { discordSite } from '../../processes/voting/discord.ts';
import type { VoteSite } from '../../processes/voting/site.ts';
import { slackSite } from '../../processes/voting/slack.ts';
import { surviveVotes } from '../../processes/voting/survival.ts';
import { type Fault, randomFrom } from '../fault.ts';
import type { Kills } from './own.ts';

type Platform = 'Discord' | 'Slack';

const SITES: Readonly<Record<Platform, (people: number) => Promise<VoteSite>>> = {
  Discord: discordSite,
  Slack: slackSite,
};

/** `kill -9` at random moments of votes. What counts as accepted is a round: none is lost, ended twice or counted wrong. */
export function killedDuringVotes(platform: Platform, { kills, seed, backend }: Kills): Fault {
  const victims = backend === 'redis' ? 'the bots are' : 'the one process with its embedded queue is';
  const how = backend === 'redis' ? '`kill -9`, every second time of the worker too' : '`kill -9`';
  return {
    name: `${victims} killed at ${kills} random moments of votes on ${platform}`,
    how: `${how}; moments by seed ${seed}; counted are rounds, and presses without an answer`,
    async run() {
      const report = await surviveVotes(SITES[platform], { kills, random: randomFrom(seed), backend });
      const { rounds, counted, unheard, latestMs } = report;
      const none = { told: 0, lost: 0, doubled: 0, refused: 0 };
      const remark = `each of ${counted.toLocaleString('en')} acknowledged votes counts as it was given`;
      return { accepted: rounds, whole: rounds, unheard, longestPauseMs: latestMs, ...none, remark };
    },
  };
}
