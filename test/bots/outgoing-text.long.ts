import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PROPERTIES } from './outgoing-text.ts';

describe('outgoing text, 10,000 runs', () => {
  for (const [name, property] of Object.entries(PROPERTIES)) {
    it(name, () => fc.assert(property(), { numRuns: 10_000 }));
  }
});
