/** Hundreds of damaged HDF5 files; `hostile.test.ts` reads a few. */
import { describe, it } from 'node:test';
import { changed, cutShort } from './damage.ts';
import { ancestorLayers, kerasHdf5 } from './keras-files.ts';

const RUNS = 300;

describe('a damaged HDF5 file', { concurrency: 2 }, async () => {
  const whole = await kerasHdf5(ancestorLayers(12));
  it('that is truncated is refused', () => cutShort(whole, RUNS));
  it('with changed bytes is read or refused', () => changed(whole, RUNS));
});
