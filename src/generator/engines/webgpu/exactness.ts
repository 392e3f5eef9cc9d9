/** Whether a device computes the integer engine's bits. No `node:` imports. */
import { CHECKPOINTS } from '../engine.ts';
import { digestOf, KNOWN_DIGEST, KNOWN_STEPS, knownPlan, knownRows } from '../integer/known-vector.ts';
import { writeJob } from './job.ts';
import { Network } from './network.ts';
import { Places } from './places.ts';
import type { Programs } from './programs.ts';

/**
 * Runs the known network with the programs that stories use, with few rows and with all, and compares ids and
 * logits.
 */
export async function isExact(device: GPUDevice, programs: Programs): Promise<boolean> {
  const plan = knownPlan();
  const rows = knownRows();
  const capacity = rows.length;
  const sizes = { capacity, steps: KNOWN_STEPS, places: new Places(capacity, CHECKPOINTS).count };
  const network = await Network.create(device, programs, plan, sizes, new Uint8Array(plan.vocabularySize));
  try {
    const run = async (from: number, end: number) => {
      const batch = rows.slice(from, end);
      const { words } = writeJob(batch, KNOWN_STEPS, true, new Places(capacity, CHECKPOINTS));
      const drawn = await network.draw(words, batch.length, KNOWN_STEPS);
      return { drawn, logits: await network.lastLogits(batch.length) };
    };
    const parts = [];
    for (let row = 0; row < capacity; row += FEW) parts.push(await run(row, row + FEW));
    return [[await run(0, capacity)], parts].every(
      (runs) =>
        digestOf([...runs.map(({ drawn }) => drawn), ...runs.map(({ logits }) => logits)]) === KNOWN_DIGEST,
    );
  } finally {
    network.destroy();
  }
}

/** Rows that the program for a few rows gets. */
const FEW = 5;
