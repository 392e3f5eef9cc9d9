/** The settings of the App Home. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { homeView, readChoice } from '../../../src/bots/slack/home.ts';

const models = [{ name: 'scifi', title: 'Science fiction', description: '' }];

describe('a choice in the App Home', () => {
  it('keeps a temperature only with the preset classic', () => {
    assert.deepEqual(readChoice('scifi-setting-preset', 'wild'), { preset: 'wild', temperature: undefined });
    assert.deepEqual(readChoice('scifi-setting-preset', 'classic'), { preset: 'classic' });
    assert.deepEqual(readChoice('scifi-setting-temperature', '1.2'), { preset: 'classic', temperature: 1.2 });
    assert.deepEqual(readChoice('scifi-setting-temperature', 'default'), { temperature: undefined });
    assert.deepEqual(readChoice('scifi-setting-preset', 'default'), {
      preset: undefined,
      temperature: undefined,
    });
  });

  it('is rejected when it is not one of the options', () => {
    for (const [setting, value] of [
      ['preset', 'hot'],
      ['temperature', '0.3'],
      ['length', '7'],
      ['seed', '7'],
      ['seed', 'default'],
    ]) {
      assert.equal(readChoice(`scifi-setting-${setting}`, value!), undefined, `${setting} ${value}`);
    }
  });
});

describe('the App Home', () => {
  const presetIn = (preferences: Parameters<typeof homeView>[1]) => {
    const { blocks } = homeView(models, preferences) as unknown as {
      blocks: { accessory?: { action_id: string; initial_option: { value: string } } }[];
    };
    return blocks.find(({ accessory }) => accessory?.action_id === 'scifi-setting-preset')!.accessory!
      .initial_option.value;
  };

  it('shows the preset, and classic for a temperature that version 0.1 stored', () => {
    assert.equal(presetIn({}), 'default');
    assert.equal(presetIn({ preset: 'calm' }), 'calm');
    assert.equal(presetIn({ temperature: 0.8 }), 'classic');
  });
});
