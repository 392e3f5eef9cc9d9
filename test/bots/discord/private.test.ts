import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { initialValues } from '../../fakes/discord/modals.ts';
import type { FakeMessage } from '../../fakes/discord/world.ts';
import {
  type DiscordHarness,
  FOOTER,
  finished,
  isEphemeral,
  isOver,
  openDiscord,
  smallPrintOf,
  textOf,
} from '../../harness/discord.ts';
import { until } from '../../helpers/programs.ts';

describe('a private story on Discord', { timeout: 240_000, concurrency: true }, () => {
  let harness: DiscordHarness;

  before(async () => {
    harness = await openDiscord({ isEmbedded: true, pace: 900, editIntervalMs: 250 });
  });
  after(() => harness.close());

  const tell = async (options: Record<string, unknown>): Promise<FakeMessage> => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const [message, ...more] = await finished(
      ann.slash(channel, 'scifi', { prompt: 'Between us', private: true, length: 120, ...options }),
    );
    assert.deepEqual(more, []);
    assert.equal(channel.messages.size, 1);
    return message!;
  };

  it('is seen by its requester only, and grows in one message', async () => {
    const message = await tell({ length: 1_500, preset: 'wild' });
    assert.ok(isEphemeral(message));
    assert.ok(message.history.length >= 3, `${message.history.length} edits`);
    assert.ok(textOf([message]).startsWith('Between us'));
    assert.match(message.content, FOOTER);
    assert.match(message.content, / · wild · /);
    // A longer one ends with what fits, and says so.
    assert.match(smallPrintOf(await tell({ length: 4_400 })), /^The rest does not fit here · /);
  });

  it('has continuations and variations that are private, too', async () => {
    const { ann, connection } = harness;
    const message = await tell({ seed: 5 });
    const press = ann.press(message, 'Continue');
    const [next] = await finished(press);
    assert.ok(isEphemeral(next!));
    // The bot cannot read the message that this one continues.
    const [warmer] = await finished(ann.press(next!, 'Warmer'));
    assert.ok(isEphemeral(warmer!));
    assert.match(warmer!.content, / · wild · /);
    const line = ann.press(warmer!, 'My line');
    await until(() => line.modal, 'a form');
    const [last] = await finished(ann.fill(line, { line: 'Then I woke up' }));
    assert.ok(isEphemeral(last!));
    assert.ok(textOf([last!]).startsWith('Then I woke up'));
    const replies = connection.queue<Record<string, Record<string, unknown>>, unknown>('replies-discord');
    const { request } = (await replies.getJob(`i${press.id}`))!.data;
    assert.equal(request!.context, textOf([message]));
    await replies.close();
  });

  it('is edited in its place, and deleted', async () => {
    const { ann } = harness;
    const message = await tell({});
    const edit = ann.press(message, 'Edit');
    const form = await until(() => edit.modal, 'a form');
    assert.equal(initialValues(form).opening, 'Between us');
    ann.fill(edit, { opening: 'Edited between us' });
    await until(() => textOf([message]).startsWith('Edited between us') && isOver(message), 'the new story');
    ann.press(message, 'Delete');
    await until(() => message.deleted, 'the end of the message');
  });
});

describe('a private story on Discord, in trouble', { timeout: 240_000 }, () => {
  it('ends early where it is not done in time, and is acknowledged as a private one later', async () => {
    const harness = await openDiscord({ isEmbedded: true, pace: 200, answerableMs: 4_000 });
    try {
      const { ann, channel, discord } = harness;
      // The acknowledgement fails, with all its repetitions.
      discord.misbehave({ match: /callback/, status: 500, times: 4 });
      const ask = { prompt: 'Between us', private: true, length: 6_000 };
      const [message] = await finished(ann.slash(channel, 'scifi', ask));
      assert.ok(isEphemeral(message!));
      assert.match(smallPrintOf(message!), /^Ended early: Discord lets it edit here for 15 minutes only · /);
    } finally {
      await harness.close();
    }
  });
});
