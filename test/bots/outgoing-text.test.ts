import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PROPERTIES } from './outgoing-text.ts';

describe('text on its way out (`npm run test:long` tries it 10,000 times)', () => {
  for (const [name, property] of Object.entries(PROPERTIES)) {
    it(name, () => fc.assert(property(), { numRuns: 1_000 }));
  }
});
