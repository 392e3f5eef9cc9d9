import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JUDGED, offencesIn } from '../../../scripts/filter/judge.ts';
import { postStories } from '../../../scripts/filter/posted.ts';
import { FakeEngine } from '../../fakes/fake-engine.ts';
import { fakeModel, nextOf, vocabulary } from '../../fakes/fake-storyteller.ts';

describe('posted text (`npm run test:long` posts a million characters of the real models)', () => {
  const words = 'the ship fell. stars rose. nobody knew why it was night and no light came from there '.split(
    /(?<= )/,
  );
  const rude = ['niggers ', 'Japs ', 'half-breed ', 'coolies. ', 'fucking ', 'bullshit. ', 'w0ps '];
  const engine = new FakeEngine({ vocabularySize: vocabulary.size, next: nextOf([...words, ...rude]) });
  const model = fakeModel('1', vocabulary);

  it('is judged by many words that the filter does not use', () => {
    assert.ok(JUDGED.slurs > 600 && JUDGED.vulgar > 300, JSON.stringify(JUDGED));
    assert.deepEqual(offencesIn(`The ${rude.join('')}and a half breed, "Dick!"`), {
      slurs: ['niggers', 'japs', 'half breed', 'coolies', 'half breed'],
      vulgar: ['fucking', 'bullshit'],
    });
  });

  it('has none of them, and is never taken back, for a network with many vulgar words', async () => {
    const options = { characters: 6_000, temperature: 1, length: 600 };
    const { offences, redraws, masked, takenBack, ...figures } = await postStories(model, engine, options);
    assert.deepEqual(offences, { slurs: [], vulgar: [] });
    assert.equal(takenBack, 0);
    assert.ok(
      redraws > 50 && masked > 50 && figures.characters >= 6_000,
      `${redraws} redraws, ${masked} masked`,
    );
    assert.ok(figures.stepsPerCharacter > 1.2, `going back is counted: ${figures.stepsPerCharacter}`);
  });
});
