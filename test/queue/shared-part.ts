import type { SharedPart } from '../../src/share/share.ts';

/** A part of a shared story. */
export const PART: SharedPart = {
  text: 'It all began with a light in the sky.',
  promptLength: 17,
  settings: { preset: 'lively', temperature: 0.4, length: 1_200, seed: 7, model: 'scifi' },
  modelVersion: 'abc123',
  engine: 'onnx',
  ending: 'complete',
};
