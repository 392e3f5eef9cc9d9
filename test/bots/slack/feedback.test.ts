/** Feedback on stories on Slack, from the press of a button to the totals. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Verdict } from '../../../src/story/feedback.ts';
import { Person } from '../../fakes/slack/people.ts';
import type { FakeMessage } from '../../fakes/slack/world.ts';
import { finished, openSlack, type SlackHarness } from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

const LIKED =
  'You like this story. That is counted without your name; press the same button again to take it back.';
const DISLIKED = LIKED.replace('like', 'do not like');
const TAKEN_BACK = 'Your feedback on this story is taken back.';
/** Presses that are further apart are no double click, however quickly the test is. */
const LATER_MS = 2_000;

for (const reply of ['edit', 'stream'] as const) {
  describe(`feedback on Slack, with ${reply}`, { timeout: 240_000 }, () => {
    let harness: SlackHarness;

    before(async () => {
      harness = await openSlack({ isEmbedded: true, pace: 0, settings: () => ({ reply }) });
    });
    after(() => harness.close());

    const tell = async (words: string): Promise<FakeMessage> => {
      const channel = harness.channelOf();
      harness.ann.slash(channel, '/scifi', `It all began length=120 ${words}`);
      return finished(channel);
    };
    /** The ratings of stories of a preset, `liked` and `disliked`. */
    const ratings = async (preset: string): Promise<number[]> => {
      const counts = (await harness.feedback.counts()).filter((one) => one.preset === preset);
      for (const { platform, model, modelVersion } of counts) {
        assert.deepEqual([platform, model, modelVersion], ['slack', 'scifi', 'fake-1']);
      }
      const of = (verdict: Verdict) => counts.find((one) => one.verdict === verdict)?.votes ?? 0;
      return [of('liked'), of('disliked')];
    };
    const rated = async (who: Person, message: FakeMessage, label: string, laterMs = 0) =>
      harness.ephemeralReply(who.rate(message, label, laterMs));

    it('is Slack’s own element, below the other buttons', async () => {
      const message = await tell('preset=calm');
      assert.deepEqual(
        message.blocks.slice(-3).map(({ type }) => type),
        ['actions', 'actions', 'context_actions'],
      );
      const [element] = message.blocks.at(-1)!.elements!;
      const shown = [element!.positive_button!, element!.negative_button!];
      assert.deepEqual(
        shown.map(({ text, accessibility_label }) => [text.text, accessibility_label]),
        [
          ['👍', 'Like'],
          ['👎', 'Dislike'],
        ],
      );
    });

    it('is one vote of every user, who changes it and takes it back', async () => {
      const { ann, slack } = harness;
      const bob = new Person(slack, 'bob');
      const message = await tell('preset=wild');
      assert.equal(await rated(ann, message, 'Like'), LIKED);
      assert.equal(await rated(bob, message, 'Dislike'), DISLIKED);
      assert.deepEqual(await ratings('wild'), [1, 1]);
      // A double click is one press, and so is one that is delivered again.
      const press = ann.rate(message, 'Like', LATER_MS);
      await until(async () => (await ratings('wild'))[0] === 0, 'the rating to be taken back');
      const again = slack.deliver('interactive', press.payload);
      await until(() => harness.ephemeralTo(again).includes(TAKEN_BACK), 'an answer');
      ann.rate(message, 'Dislike', 2 * LATER_MS);
      await until(async () => (await ratings('wild'))[1] === 2, 'the rating');
      assert.deepEqual(await ratings('wild'), [0, 2]);
    });

    it('is taken back by /scifi-forget', async () => {
      const { slack } = harness;
      const bob = new Person(slack, 'bob');
      const message = await tell('preset=lively');
      assert.equal(await rated(bob, message, 'Like'), LIKED);
      assert.deepEqual(await ratings('lively'), [1, 0]);
      assert.match(await harness.command(bob, message.channel, '/scifi-forget'), /^Done\./);
      assert.deepEqual(await ratings('lively'), [0, 0]);
    });
  });
}
