/**
 * Codes with which Slack refuses a call in the middle of a story, the defined outcome of each, and its test.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { STORIES_QUEUE } from '../../../src/queue/stories.ts';
import type { Logged } from '../../fakes/slack/fake-slack.ts';
import type { FakeChannel } from '../../fakes/slack/world.ts';
import { botsMessages, isOver, openSlack, type SlackHarness } from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';
import { ask, endsOnce } from './trouble.ts';

/**
 * The outcome of the story. `ends`: in the same message, whole, after the failure is over. `invites`: it is
 * dropped, and the requester is told what to do. `tells`: it is dropped, and the requester is told so. `gives
 * up`: it is dropped without a notice, because a user removed the message.
 */
type Outcome = 'ends' | 'invites' | 'tells' | 'gives up';
/** One of Slack's codes, or an HTTP status, 0 for a connection that is cut. */
type Answer = string | number;

/** All known answers. */
export const OUTCOMES: ReadonlyMap<Answer, Outcome> = new Map<Answer, Outcome>([
  [429, 'ends'],
  [500, 'ends'],
  [503, 'ends'],
  [0, 'ends'],
  ['ratelimited', 'ends'],
  ['internal_error', 'ends'],
  ['fatal_error', 'ends'],
  ['service_unavailable', 'ends'],
  ['update_failed', 'ends'],
  // Mistakes of ours, which another text may avoid.
  ['invalid_blocks', 'ends'],
  ['msg_too_long', 'ends'],
  ['msg_blocks_too_long', 'ends'],
  ['a_code_of_tomorrow', 'ends'],
  ['not_in_channel', 'invites'],
  ['channel_not_found', 'invites'],
  ['restricted_action', 'invites'],
  ['restricted_action_read_only_channel', 'invites'],
  ['missing_scope', 'invites'],
  ['message_not_found', 'gives up'],
  ['cant_update_message', 'gives up'],
  ['is_archived', 'gives up'],
  ['is_inactive', 'gives up'],
  ['user_not_in_channel', 'gives up'],
  ['invalid_auth', 'tells'],
  ['token_revoked', 'tells'],
  ['account_inactive', 'tells'],
  ['app_access_restricted', 'tells'],
  ['enterprise_is_restricted', 'tells'],
]);
/** One of each kind. */
export const SOME: readonly Answer[] = [
  503,
  'not_in_channel',
  'missing_scope',
  'message_not_found',
  'account_inactive',
];

/** Fewer than the stories of one workspace that may grow at the same time. */
const CONCURRENCY = 5;
/** The number of calls after which a transient failure ends. */
const PASSING_CALLS = 2;
/** Another edit would have been made by then. */
const AFTERWARDS_MS = 1_000;

/** Tests that each of these answers, to an edit and to the first post, leads to its defined outcome. */
export function describeRefusals(answers: readonly Answer[]): void {
  describe('a story on Slack that is refused', { timeout: 240_000 }, () => {
    let harness: SlackHarness;
    let queue: ReturnType<SlackHarness['connection']['queue']>;

    before(async () => {
      harness = await openSlack({ allowance: 20 });
      queue = harness.connection.queue(STORIES_QUEUE);
    });
    after(async () => {
      await queue.close();
      await harness.close();
    });

    function refuse(match: RegExp, answer: Answer, outcome: Outcome, channel: FakeChannel): void {
      const times = outcome === 'ends' ? PASSING_CALLS : Number.POSITIVE_INFINITY;
      harness.slack.misbehave({ match, answer, times, channel });
    }

    function ephemeralsIn({ id }: FakeChannel): string[] {
      return harness.slack.world.ephemerals
        .filter(({ channelId }) => channelId === id)
        .map(({ text }) => text);
    }

    function callsAbout({ id }: FakeChannel): Logged[] {
      return harness.slack.log.filter(({ channelId }) => channelId === id);
    }

    /**
     * Whether the story of a prompt is in the queue: it stays there until its final edit is delivered or
     * dropped.
     */
    async function isKept(prompt: string): Promise<boolean> {
      const states = ['active', 'waiting', 'prioritized', 'delayed', 'completed', 'failed'] as const;
      const jobs = await queue.getJobs([...states]);
      return jobs.some((job) => JSON.stringify(job?.data ?? {}).includes(prompt));
    }

    async function comesTo(
      outcome: Outcome,
      answer: Answer,
      channel: FakeChannel,
      prompt: string,
    ): Promise<void> {
      if (outcome === 'ends') {
        await endsOnce(channel, prompt);
        const fault = harness.slack.faults.find((one) => one.channel === channel)!;
        assert.equal(fault.times, 0, 'there was trouble');
        assert.deepEqual(ephemeralsIn(channel), []);
        return;
      }
      await until(() => callsAbout(channel).some((call) => call.outcome === answer), 'a refusal');
      await until(async () => !(await isKept(prompt)), 'the story to be let go');
      const calls = callsAbout(channel).length;
      await sleep(AFTERWARDS_MS);
      assert.equal(callsAbout(channel).length, calls, 'nothing more is asked');
      const ephemerals = ephemeralsIn(channel);
      assert.equal(ephemerals.length, outcome === 'gives up' ? 0 : 1);
      if (outcome === 'invites') assert.match(ephemerals[0]!, /`\/invite`/);
      if (outcome === 'tells') assert.match(ephemerals[0]!, /this story ends here/);
      assert.ok(![...channel.messages.values()].some(isOver));
    }

    for (const answer of answers) assert.ok(OUTCOMES.has(answer));
    const cases = answers.map((answer, index) => [answer, OUTCOMES.get(answer)!, index] as const);

    describe('while it grows', { concurrency: CONCURRENCY }, () => {
      for (const [answer, outcome, index] of cases) {
        it(`${outcome} after ${answer}`, async () => {
          const prompt = promptOf('Refused', index);
          const channel = ask(harness, prompt);
          await until(() => botsMessages(channel)[0], 'a message');
          assert.ok(await isKept(prompt));
          refuse(/chat.update/, answer, outcome, channel);
          await comesTo(outcome, answer, channel, prompt);
          assert.equal(channel.messages.size, 1);
        });
      }
    });

    describe('before its first post', { concurrency: CONCURRENCY }, () => {
      for (const [answer, outcome, index] of cases) {
        it(`${outcome} after ${answer}`, async () => {
          const prompt = promptOf('Turned away', index);
          const channel = harness.channelOf();
          refuse(/chat.postMessage/, answer, outcome, channel);
          harness.ann.slash(channel, '/scifi', `${prompt} length=1200`);
          await comesTo(outcome, answer, channel, prompt);
          assert.equal(channel.messages.size, outcome === 'ends' ? 1 : 0);
        });
      }
    });
  });
}

/** A prompt of letters only, a different one for each case. */
function promptOf(words: string, index: number): string {
  const letter = (number: number) => String.fromCharCode('A'.charCodeAt(0) + number);
  return `${words} by ${letter(Math.floor(index / 26))}${letter(index % 26)}`;
}
