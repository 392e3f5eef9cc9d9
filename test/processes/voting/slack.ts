/** Votes on the fake Slack. */
import { decodeVoteButton } from '../../../src/bots/slack/vote-messages.ts';
import { LATE } from '../../../src/bots/votes/wording.ts';
import type { Delivery } from '../../fakes/slack/delivery.ts';
import { FakeSlack } from '../../fakes/slack/fake-slack.ts';
import { buttonsOf, Person } from '../../fakes/slack/people.ts';
import { type FakeChannel, type FakeMessage, type Seen, wordsOf } from '../../fakes/slack/world.ts';
import { botsMessages, ephemeralTo, labelsOf } from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';
import type { Cast, SeenState } from './ballots.ts';
import { type SeenVote, seenVote, type VoteSite } from './site.ts';

const TIMEOUT_MS = 60_000;
/** This long after the acknowledgement of a press Slack has had the answer to it. */
const ANSWERED_MS = 1_000;

/**
 * @param people who vote, in every vote
 * @param slack another one than one without rate limits
 */
export async function slackSite(
  people: number,
  slack?: FakeSlack,
): Promise<VoteSite & { readonly slack: FakeSlack }> {
  const fake = slack ?? (await FakeSlack.start());
  if (!slack) fake.limits.isOn = false;
  const voters = Array.from({ length: people }, (_, index) => new Person(fake, `person ${index}`));
  const host = new Person(fake, 'host');
  const cuts: number[] = [];
  return {
    slack: fake,
    env: {
      SLACK_BOT_TOKEN: fake.workspace.token,
      SLACK_APP_TOKEN: fake.world.appToken,
      SLACK_API: fake.api,
    },
    isConnected: () => fake.deliveries.connections > 0,
    cut: () => void cuts.push(Date.now()),
    async start(rounds, seconds) {
      const channel = fake.world.addChannel(fake.workspace);
      const text = `It all began with rounds=${rounds} seconds=${seconds}`;
      const asked = host.slash(channel, '/scifi-vote', text);
      const told = await until(() => ephemeralTo(fake, asked), 'an answer', TIMEOUT_MS);
      if (!told.startsWith('The vote begins below')) throw new Error(told);
      return voteIn(fake, channel, { host, voters, cuts });
    },
    complaints: () => fake.log.filter(({ outcome }) => outcome === 'ratelimited').length,
    stop: () => fake.stop(),
  };
}

interface People {
  readonly host: Person;
  readonly voters: readonly Person[];
  readonly cuts: readonly number[];
}

function voteIn(slack: FakeSlack, channel: FakeChannel, { host, voters, cuts }: People): SeenVote {
  return seenVote<FakeMessage, Delivery>({
    channelId: channel.id,
    shown: () => botsMessages(channel).filter(({ isDeleted }) => !isDeleted),
    labelsOf,
    roundOf,
    statesOf: ({ history }) => history.map(stateOf),
    press: (person, message, label) => (person === 'host' ? host : voters[person]!).press(message, label),
    fateOf: (press) => fateOf(slack, press, cuts),
  });
}

function fateOf(slack: FakeSlack, press: Delivery, cuts: readonly number[]): ReturnType<Cast['fate']> {
  const { createdAt, acknowledgedAt } = press;
  const isLate = slack.world.ephemerals.some(
    ({ responseUrl, text }) => text === LATE && responseUrl === press.payload.response_url,
  );
  if (isLate) return 'late';
  if (acknowledgedAt === undefined) return 'unheard';
  // The answer that a press was late comes after its acknowledgement: a kill may prevent it.
  const isTorn = cuts.some((at) => at >= createdAt && at < acknowledgedAt + ANSWERED_MS);
  return isTorn ? 'unheard' : 'counted';
}

function roundOf(message: Parameters<typeof buttonsOf>[0]): number | undefined {
  const [button] = buttonsOf(message);
  const vote = button && decodeVoteButton(button.action_id ?? '', button.value ?? '');
  return vote && 'round' in vote ? vote.round : undefined;
}

function stateOf({ at, blocks }: Seen): SeenState {
  const words = wordsOf(blocks, 'context');
  const [, seconds] = /<!date\^(\d+)\^/.exec(words) ?? [];
  const [, round] = /Round (\d+) of/.exec(words) ?? [];
  return {
    at,
    round: round === undefined ? undefined : Number(round),
    endsAt: seconds === undefined ? undefined : Number(seconds) * 1_000,
  };
}
