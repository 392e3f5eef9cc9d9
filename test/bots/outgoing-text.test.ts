import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sized } from '../helpers/sized.ts';
import { PROPERTIES } from './outgoing-text.ts';

describe('outgoing text (`npm run test:long` makes 10,000 runs)', () => {
  for (const [name, property] of Object.entries(PROPERTIES)) {
    it(name, () => fc.assert(property(), { numRuns: sized(300, 1_000) }));
  }
});
