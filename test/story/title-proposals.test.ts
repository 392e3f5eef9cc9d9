import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemWith } from '../../src/story/story.ts';
import { titleRequests, titlesOf } from '../../src/story/title-proposals.ts';

const LEAD = 'It was the story of the ';
const TEXT = 'On the red moon the captain opened the door and saw the light.';

describe('titles that the network proposes', () => {
  it('begins with the opening words, and takes a noun with its attributes from the network', () => {
    const written = [
      `${LEAD}second valley, and for the words of the talent control deck.`,
      `${LEAD}transmitter of the Solar Guard of the Terrans says we may expect.`,
      `${LEAD}garden in the big figure before the girl.`,
    ];
    assert.deepEqual(titlesOf(TEXT, written), [
      'On the red moon the captain opened the door and saw the…',
      'The Second Valley',
      'The Transmitter of the Solar Guard',
    ]);
  });

  it('leaves out what has no noun, what is there already, and words at its end that join', () => {
    const written = [`${LEAD}was gone.`, `${LEAD}end of the that`, `${LEAD}END. It`, `${LEAD}`, 'It'];
    assert.deepEqual(titlesOf('A robot.', written), ['A robot', 'The End']);
    assert.deepEqual(titlesOf('A robot.', []), ['A robot']);
  });

  it('asks under seeds of its own, within all bounds', () => {
    const settings = { temperature: 0.4, length: 1_200, model: 'scifi', seed: 0xffff_ffff };
    const requests = titleRequests({ prompt: 'A', context: '', ...settings }, 'word '.repeat(2_000));
    assert.equal(new Set(requests.map(({ seed }) => seed)).size, 3);
    assert.deepEqual(requests.map(problemWith), [undefined, undefined, undefined]);
  });
});
