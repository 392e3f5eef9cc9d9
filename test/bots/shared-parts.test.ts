import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sharedParts } from '../../src/bots/shared-parts.ts';
import { segmentsOf, wholeText } from '../../src/share/share.ts';
import type { ReplyState, StoryRequest } from '../../src/story/story.ts';

const REQUEST: StoryRequest = {
  prompt: '',
  context: '',
  preset: 'lively',
  temperature: 0.4,
  length: 1_200,
  seed: 7,
  model: 'scifi',
};

function finished(text: string): ReplyState {
  return { status: 'finished', text, ending: 'complete', modelVersion: 'abc', engine: 'onnx', unreadable: 0 };
}

describe('the parts of a shared story', () => {
  it('are joined, and have the prompts marked', () => {
    const parts = sharedParts([
      { request: { ...REQUEST, prompt: 'It all began' }, state: finished('It all began here.') },
      { request: REQUEST, state: finished('Then it went') },
      { request: { ...REQUEST, prompt: ' on and' }, state: finished(' on and on.') },
    ]);
    assert.equal(wholeText({ parts }), 'It all began here. Then it went on and on.');
    const segments = segmentsOf({ parts });
    assert.equal(segments.map(({ text }) => text).join(''), wholeText({ parts }));
    assert.deepEqual(
      segments.filter(({ kind }) => kind === 'prompt').map(({ text }) => text),
      ['It all began', ' on and'],
    );
  });

  it('have no controls, and marks in the right place after their removal', () => {
    const prompt = '\u202eIt \u0007all\u2066';
    const parts = sharedParts([{ request: { ...REQUEST, prompt }, state: finished(`${prompt} began.`) }]);
    assert.equal(parts[0]!.text, 'It all began.');
    assert.equal(parts[0]!.text.slice(0, parts[0]!.promptLength), 'It all');
  });

  it('are finished, and not empty', () => {
    const growing: ReplyState = { status: 'writing', text: 'It' };
    assert.throws(() => sharedParts([{ request: REQUEST, state: growing }]), { code: 'bad_request' });
    assert.throws(() => sharedParts([{ request: REQUEST, state: finished('  ') }]), { code: 'bad_request' });
  });
});
