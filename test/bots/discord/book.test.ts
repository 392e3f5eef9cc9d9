/** `/scifi-book` on Discord: the real client attaches the file to an answer that only the user sees. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unzipSync } from 'fflate';
import { Person } from '../../fakes/discord/people.ts';
import type { FakeInteraction } from '../../fakes/discord/world.ts';
import { ephemeralReply, finished, openDiscord, textOf } from '../../harness/discord.ts';
import { REDIS_SERVER, skipWithout } from '../../helpers/programs.ts';

describe('books on Discord', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('sends the kept stories of the channel, those of one thread as parts, to the user alone', async () => {
    const harness = await openDiscord();
    try {
      const { ann, channel, discord } = harness;
      const nothing = await ephemeralReply(ann.slash(channel, 'scifi-book'));
      assert.match(
        nothing,
        /^There is no finished story of this channel: I keep stories for 24 hours\. Use \/scifi\.$/,
      );
      const bob = new Person(discord, 'bob');
      const first = await finished(ann.slash(channel, 'scifi', { prompt: 'On the red moon', length: 200 }));
      const second = await finished(bob.press(first.at(-1)!, 'Continue'));
      const other = await finished(bob.slash(channel, 'scifi', { prompt: 'A robot', length: 200 }));
      const elsewhere = discord.world.addChannel({ name: 'elsewhere' });
      await finished(bob.slash(elsewhere, 'scifi', { prompt: 'Elsewhere a secret', length: 200 }));
      const hidden = ann.slash(channel, 'scifi', { prompt: 'A private story', length: 200, private: true });
      await finished(hidden);

      const asked = bob.slash(channel, 'scifi-book', { format: 'text' });
      const told = await ephemeralReply(asked);
      assert.match(told, /^A book of 2 stories of this channel\. I keep stories for 24 hours\.$/);
      const [file] = fileOf(asked);
      assert.equal(file!.name, 'the-best-of-this-channel.txt');
      const text = new TextDecoder().decode(file!.bytes);
      for (const story of [first, second, other]) {
        for (const line of textOf(story)
          .split('\n')
          .map((one) => one.trim())
          .filter(Boolean)) {
          assert.ok(text.includes(line), line);
        }
      }
      assert.doesNotMatch(text, /secret|private/);
      assert.equal(text.match(/^-{3,}$/gm)?.length, 2, 'the continuation is a part of its story');

      const again = await ephemeralReply(bob.slash(channel, 'scifi-book'));
      assert.match(again, /^You asked for a book a moment ago/);
      const cathy = new Person(discord, 'cathy');
      const one = cathy.slash(channel, 'scifi-book', { stories: 1 });
      assert.match(
        await ephemeralReply(one),
        /^A book of one story .* of 2: those that were continued most often/,
      );
      const [epub] = fileOf(one);
      assert.match(epub!.name, /^on-the-red-moon.*\.epub$/);
      const files = unzipSync(epub!.bytes);
      assert.deepEqual(
        Object.keys(files).filter((path) => /chapter|cover/.test(path)),
        ['EPUB/cover.xhtml', 'EPUB/chapter-1.xhtml', 'EPUB/chapter-2.xhtml', 'EPUB/cover.svg'],
      );
      assert.match(
        new TextDecoder().decode(files['EPUB/chapter-1.xhtml']!),
        /<b class="prompt">On the red moon<\/b>/,
      );
      assert.ok(!harness.log.join('\n').includes('red moon'));
    } finally {
      await harness.close();
    }
  });
});

function fileOf({ original }: FakeInteraction) {
  return original!.files;
}
