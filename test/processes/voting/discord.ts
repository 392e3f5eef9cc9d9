/** Votes on the fake Discord. */
import { decodeVoteButton } from '../../../src/bots/discord/vote-messages.ts';
import { PATIENCE_MS } from '../../../src/bots/submit.ts';
import { LATE } from '../../../src/bots/votes/wording.ts';
import { FakeDiscord } from '../../fakes/discord/fake-discord.ts';
import { Person } from '../../fakes/discord/people.ts';
import type { FakeChannel, FakeInteraction, FakeMessage, Seen } from '../../fakes/discord/world.ts';
import { EPHEMERAL, labelsOf } from '../../harness/discord.ts';
import { until } from '../../helpers/programs.ts';
import type { Cast, SeenState } from './ballots.ts';
import { type SeenVote, seenVote, type VoteSite } from './site.ts';

const TIMEOUT_MS = 60_000;
/** This long after the acknowledgement of a press, what it does is stored. */
const STORED_MS = 5_000;
const DEFERRED = 6;

/** @param people who vote, in every vote */
export async function discordSite(
  people: number,
  discord?: FakeDiscord,
): Promise<VoteSite & { readonly discord: FakeDiscord }> {
  const fake = discord ?? (await FakeDiscord.start());
  const voters = Array.from({ length: people }, (_, index) => new Person(fake, `person ${index}`));
  const host = new Person(fake, 'host');
  const cuts: number[] = [];
  return {
    discord: fake,
    env: { DISCORD_TOKEN: fake.token, DISCORD_API: fake.api },
    isConnected: () => fake.gateway.listeners > 0,
    cut() {
      cuts.push(Date.now());
      fake.gateway.cut({ forget: true });
    },
    async start(rounds, seconds) {
      const channel = fake.world.addChannel();
      const options = { prompt: 'It all began with', rounds, seconds };
      const asked = host.slash(channel, 'scifi-vote', options);
      const told = await until(
        () => (asked.original?.thinking ? undefined : asked.original),
        'an answer',
        TIMEOUT_MS,
      );
      if (!told.content.startsWith('The vote begins below')) throw new Error(told.content);
      return voteIn(channel, host, voters, cuts);
    },
    complaints: () => fake.count('invalid'),
    stop: () => fake.stop(),
  };
}

function voteIn(
  channel: FakeChannel,
  host: Person,
  voters: readonly Person[],
  cuts: readonly number[],
): SeenVote {
  return seenVote<FakeMessage, FakeInteraction>({
    channelId: channel.id,
    shown: () =>
      [...channel.messages.values()].filter(({ deleted, flags }) => !deleted && !(flags & EPHEMERAL)),
    labelsOf,
    roundOf,
    statesOf: ({ history }) => history.map(stateOf),
    press: (person, message, label) => (person === 'host' ? host : voters[person]!).press(message, label),
    fateOf: (press) => fateOf(press, cuts),
  });
}

function fateOf(press: FakeInteraction, cuts: readonly number[]): ReturnType<Cast['fate']> {
  const { createdAt, acknowledgedAt, callbackType, original, followUps } = press;
  if ([original, ...followUps].some((told) => told?.content === LATE)) return 'late';
  if (acknowledgedAt === undefined || callbackType !== DEFERRED) return 'unheard';
  // What is acknowledged so late was not stored before.
  const isSlow = acknowledgedAt - createdAt >= PATIENCE_MS / 2;
  return isSlow && cuts.some((at) => at >= createdAt && at < acknowledgedAt + STORED_MS)
    ? 'unheard'
    : 'counted';
}

function roundOf(message: Pick<Seen, 'components'>): number | undefined {
  const [button] = message.components.flatMap(({ components }) => components);
  const vote = button?.custom_id === undefined ? undefined : decodeVoteButton(button.custom_id);
  return vote && 'round' in vote ? vote.round : undefined;
}

function stateOf(seen: Seen): SeenState {
  const [, seconds] = /<t:(\d+):R>/.exec(seen.content) ?? [];
  const [, round] = /Round (\d+) of/.exec(seen.content) ?? [];
  return {
    at: seen.at,
    round: round === undefined ? undefined : Number(round),
    endsAt: seconds === undefined ? undefined : Number(seconds) * 1_000,
  };
}
