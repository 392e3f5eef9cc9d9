/** Keeps a storyteller busy for a while, for the benchmarks. A file of its own, since measure.ts loads no generator. */
import { setMaxListeners } from 'node:events';
import type { Storyteller } from '../src/generator/storyteller.ts';
import type { Preset } from '../src/story/story.ts';
import { request } from './measure.ts';

/** Of each story: the longest there is. */
const LENGTH = 6_000;

/**
 * Writes stories, so many at once, each followed by another one, until the time is over.
 *
 * @returns characters per second
 */
export async function writeFor(
  storyteller: Storyteller,
  size: number,
  milliseconds: number,
  preset: Preset,
): Promise<number> {
  const stop = new AbortController();
  setMaxListeners(size, stop.signal);
  const timer = setTimeout(() => stop.abort(), milliseconds);
  const started = performance.now();
  let characters = 0;
  await Promise.all(
    Array.from({ length: size }, async (_, first) => {
      for (let seed = first; !stop.signal.aborted; seed += size) {
        const wanted = { ...request(seed, LENGTH), preset };
        const { text } = await storyteller.tell(wanted, { signal: stop.signal });
        characters += text.length;
      }
    }),
  );
  clearTimeout(timer);
  return characters / ((performance.now() - started) / 1_000);
}
