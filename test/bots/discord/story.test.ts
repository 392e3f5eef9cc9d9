/** The whole way, from a command on the fake Discord to the last edit of its reply. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readParts } from '../../../src/bots/discord/story-text.ts';
import { FOOTER, finished, type House, labelsOf, openHouse } from './house.ts';

describe('a story on Discord', { timeout: 60_000 }, () => {
  let house: House;

  before(async () => {
    house = await openHouse();
  });
  after(() => house.close());

  it('is acknowledged within a second, grows in place, and ends with footer and buttons', async () => {
    const { ann, channel } = house;
    const interaction = ann.slash(channel, 'scifi', { prompt: 'It all began with', length: 1_200 });
    const [message, ...more] = await finished(interaction);
    assert.equal(more.length, 0);
    assert.ok(interaction.acknowledgedAt! - interaction.createdAt < 1_000);
    const texts = message!.history.map(({ content }) => readParts([content]));
    const growing = texts.filter((text) => text.startsWith('It all began with'));
    assert.ok(growing.length >= 4, `${growing.length} edits`);
    for (const [index, text] of growing.slice(1).entries()) assert.ok(text.startsWith(growing[index]!));
    assert.match(message!.content, FOOTER);
    assert.match(message!.content, /Science fiction fake\\-1 \(fake\) · temperature 0\.4 · seed 7/);
    assert.deepEqual(labelsOf(message!), ['Continue', 'Another', 'Warmer', 'Cooler']);
    assert.equal(house.discord.count(429), 0);
  });
});
