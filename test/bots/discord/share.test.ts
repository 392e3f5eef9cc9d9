import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Shares } from '../../../src/queue/shares.ts';
import { wholeText } from '../../../src/share/share.ts';
import { Person } from '../../fakes/discord/people.ts';
import { PUBLIC_URL } from '../../harness/chat.ts';
import {
  type DiscordHarness,
  ephemeralReply,
  finished,
  labelsOf,
  openDiscord,
  textOf,
} from '../../harness/discord.ts';
import { until } from '../../helpers/programs.ts';

describe('a story on Discord that is shared', { timeout: 240_000 }, () => {
  let harness: DiscordHarness;
  let shares: Shares;

  before(async () => {
    harness = await openDiscord({ publicUrl: PUBLIC_URL, isEmbedded: true, pace: 900, editIntervalMs: 250 });
    shares = new Shares(harness.connection);
    await shares.ready();
  });
  after(async () => {
    await shares.close();
    await harness.close();
  });

  const addressIn = async (interaction: Parameters<typeof ephemeralReply>[0]) => {
    const text = await ephemeralReply(interaction);
    const id = /https:\/\/scifi\.example\.org\/s\/([\w-]{27})/.exec(text)?.[1];
    assert.ok(id, text);
    assert.ok(text.includes(`${PUBLIC_URL}s/${id}`));
    return id;
  };

  it('has a page with all its parts, at one address, which ends with any of them', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const first = await finished(ann.slash(channel, 'scifi', { prompt: 'Long ago', length: 300, seed: 3 }));
    assert.ok(labelsOf(first.at(-1)!).includes('Share'));
    const second = await finished(ann.press(first.at(-1)!, 'Continue'));
    const id = await addressIn(ann.press(second.at(-1)!, 'Share'));
    const share = await shares.read(id);
    assert.equal(share?.parts.length, 2);
    assert.equal(share.parts[0]!.text.slice(0, share.parts[0]!.promptLength), 'Long ago');
    assert.ok(wholeText(share).startsWith(textOf(first).slice(0, 100)));
    assert.equal(share.isListed, false);
    assert.equal(await addressIn(ann.press(second.at(-1)!, 'Share')), id);
    ann.press(first.at(-1)!, 'Delete');
    await until(async () => (await shares.read(id)) === undefined, 'the end of the page');
  });

  it('is shared by its requester only, and forgotten with the user', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const bob = new Person(discord, 'bob');
    const messages = await finished(
      ann.slash(channel, 'scifi', { prompt: 'Long ago', length: 300, seed: 4 }),
    );
    assert.match(await ephemeralReply(bob.press(messages.at(-1)!, 'Share')), /Only the user who asked/);
    const id = await addressIn(ann.press(messages.at(-1)!, 'Share'));
    await ephemeralReply(ann.slash(channel, 'scifi-forget', {}));
    await until(async () => (await shares.read(id)) === undefined, 'the end of the page');
  });
});
