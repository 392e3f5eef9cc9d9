/** A platform says when it is ready, and closes all its parts even when one of them fails to close. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as onDiscord from '../harness/discord.ts';
import * as onSlack from '../harness/slack.ts';

for (const [name, open] of [
  ['Discord', onDiscord.openDiscord],
  ['Slack', onSlack.openSlack],
] as const) {
  it(`${name} logs the line that the README waits for`, { timeout: 240_000 }, async () => {
    const harness = await open({ worker: false });
    try {
      assert.ok(harness.log.some((line) => JSON.parse(line).msg === `${name} ready`));
    } finally {
      await harness.close();
    }
  });

  it(`${name} closes all parts when one part fails to close`, { timeout: 240_000 }, async () => {
    const harness = await open();
    try {
      const { channels, replies } = harness.bot;
      const closed: string[] = [];
      const closeReplies = replies.close.bind(replies);
      const closeChannels = channels.close.bind(channels);
      // Opened before the channels, so closed after them.
      replies.close = async () => {
        await closeReplies();
        closed.push('replies');
      };
      channels.close = async () => {
        await closeChannels();
        throw new Error('the channels do not close');
      };
      await harness.bot.close();
      assert.deepEqual(closed, ['replies']);
      assert.match(harness.log.join(''), /the channels do not close/);
    } finally {
      await harness.close();
    }
  });
}
