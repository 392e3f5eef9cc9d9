import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { footerLine } from '../../src/story/wording.ts';

const models = [{ name: 'scifi', title: 'Science fiction', description: '' }];
const story = { modelVersion: 'abc123', engine: 'onnx' };

describe('the footer of a story', () => {
  it('names the preset, and the temperature where it has one', () => {
    const footerOf = (request: Parameters<typeof footerLine>[0]) => footerLine(request, story, models);
    const request = { temperature: 0.4, seed: 7, model: 'scifi' };
    const classic =
      'Science fiction abc123 (onnx) · classic, temperature 0.4 · seed 7 · written by a neural network';
    assert.equal(footerOf(request), classic);
    assert.equal(footerOf({ ...request, preset: 'classic' }), classic);
    assert.equal(
      footerOf({ ...request, preset: 'lively' }),
      'Science fiction abc123 (onnx) · lively · seed 7 · written by a neural network',
    );
  });
});
