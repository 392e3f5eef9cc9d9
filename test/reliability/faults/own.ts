/** Processes that are killed while a user deletes, takes back, edits or shares a story, and in the middle of relays. */
import {
  type OwnAction,
  type OwnBackend,
  type OwnSurvival,
  surviveOwnAction,
} from '../../processes/own-survival.ts';
import { type PageAction, surviveOwnActionOnPage } from '../../processes/page-own-survival.ts';
import { relaysOnDiscord, relaysOnSlack, surviveRelays } from '../../processes/relay-survival.ts';
import { surviveOwnActionOnSlack } from '../../processes/slack-own-survival.ts';
import { type Fault, randomFrom } from '../fault.ts';

const NAMES: Readonly<Record<OwnAction | PageAction, string>> = {
  Delete: 'a story is deleted',
  Undo: 'a continuation is taken back',
  Edit: 'a story is edited',
  Share: 'a story is shared',
  'Take down': 'a shared story is taken down',
};

const VICTIMS: Readonly<Record<OwnBackend, string>> = {
  redis: 'the bots are',
  embedded: 'the one process with its embedded queue is',
};

/** What is killed, how often, and by what seed the moments are drawn. */
export interface Kills {
  readonly kills: number;
  readonly seed: number;
  readonly backend: OwnBackend;
}

/** `kill -9` at random moments after a button was pressed on Discord. */
export function killedDuring(action: OwnAction, of: Kills): Fault {
  const how = of.backend === 'redis' ? '`kill -9`, every second time of the worker too' : '`kill -9`';
  return killedDuringAction(NAMES[action], `${how}; on Discord`, of, (random) =>
    surviveOwnAction(action, of.kills, random, of.backend),
  );
}

/** `kill -9` at random moments after a button was pressed on Slack. */
export function killedDuringOnSlack(action: Exclude<OwnAction, 'Share'>, of: Kills): Fault {
  const how = '`kill -9`, every second time of the worker too; every second story in a thread of the agent';
  const survive = (random: () => number) => surviveOwnActionOnSlack(action, of.kills, random);
  return killedDuringAction(`${NAMES[action]} on Slack`, how, of, survive, 'every session ended');
}

/** `kill -9` at random moments after the page has sent an action. */
export function killedDuringOnPage(action: PageAction, of: Kills): Fault {
  const how = '`kill -9`; the page sends it again until it is answered';
  return killedDuringAction(`${NAMES[action]} on the page`, how, of, (random) =>
    surviveOwnActionOnPage(action, of.kills, random, of.backend),
  );
}

/** `kill -9` at random moments of relays, while users post, edit and delete lines. */
export function killedInRelays(platform: 'Discord' | 'Slack', of: Kills): Fault {
  const open = { Discord: relaysOnDiscord, Slack: relaysOnSlack }[platform];
  const survive = async (random: () => number) => {
    await surviveRelays(await open(), of.kills, random, of.backend);
    return { done: of.kills, unheard: 0 };
  };
  const how = 'one relay for each kill; lines are posted, edited and deleted meanwhile';
  const what = `a relay takes place on ${platform}`;
  return killedDuringAction(what, how, of, survive, 'every line was in the story once');
}

/** What was acknowledged counts as accepted. */
function killedDuringAction(
  what: string,
  how: string,
  { kills, seed, backend }: Kills,
  survive: (random: () => number) => Promise<OwnSurvival>,
  remark = 'every lease was given back',
): Fault {
  return {
    name: `${VICTIMS[backend]} killed at ${kills} random moments while ${what}`,
    how: `${how}; moments by seed ${seed}`,
    async run() {
      const { done, unheard } = await survive(randomFrom(seed));
      const none = { told: 0, lost: 0, doubled: 0, refused: 0, longestPauseMs: 0 };
      return { accepted: done, whole: done, unheard, ...none, remark };
    },
  };
}
