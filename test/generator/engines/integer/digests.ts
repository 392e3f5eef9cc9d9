/**
 * Prints what the kernels of this machine give for the 100,000 random steps and the thousand stories, and whether
 * that is what every machine gives. A Node that strips types (22.18 and later) needs nothing else:
 *
 *   node test/generator/engines/integer/digests.ts [KERNEL...]
 */
import { kernelNames, loadKernel } from '../../../../src/generator/engines/integer/kernels.ts';
import { callsByKernel, digestOfCalls, RANDOM_STEPS, STEPS } from './random-steps.ts';
import { THOUSAND_STORIES } from './thousand-ids.ts';
import { thousandStories } from './thousand-stories.ts';

const THREADS = 2;

const wanted = process.argv.slice(2);
console.log(`Node ${process.version}, ${process.platform}, ${process.arch}`);
for (const name of wanted.length > 0 ? wanted : await kernelNames()) {
  const kernel = await loadKernel(name);
  const results = [
    ['random steps', await digestOfCalls(callsByKernel(STEPS, kernel, THREADS)), RANDOM_STEPS],
    ['stories', await thousandStories(kernel, THREADS), THOUSAND_STORIES],
  ] as const;
  for (const [what, digest, expected] of results) {
    const isSame = digest === expected;
    if (!isSame) process.exitCode = 1;
    console.log(`${digest}  ${name}, ${what}: ${isSame ? 'the same' : `NOT ${expected}`}`);
  }
}
