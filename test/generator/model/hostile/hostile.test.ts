import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { samples } from './models.ts';
import { outcomesOf } from './outcome.ts';
import { tryDamaged } from './run.ts';

/** hostile.long.ts tries thousands, of all formats. */
const RUNS = 25;
const SEED = 18;

const FAST = (await samples()).filter(({ isSlow }) => !isSlow);

describe('a damaged model is refused in one line that names the file, or runs:', () => {
  for (const sample of FAST) {
    test(sample.name, async () => {
      const intact = await outcomesOf(sample, (sample.pack ?? ((parts) => parts))(sample.parts));
      assert.ok(intact.every((outcome) => outcome === 'ran'));
      const { refused, ran } = await tryDamaged(sample, SEED, RUNS);
      assert.ok(refused > 0 && ran > 0, `${refused} were refused and ${ran} ran`);
    });
  }
});
