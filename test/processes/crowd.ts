/** What the tests with many users share: a generator without a delay, presets, and the memory of a process. */
import assert from 'node:assert/strict';
import { pino } from 'pino';
import type { Storyteller } from '../../src/generator/storyteller.ts';
import { openConnection } from '../../src/queue/open.ts';
import { Stories } from '../../src/queue/stories.ts';
import { PRESETS, type Preset } from '../../src/story/story.ts';
import { startStoryWorker } from '../harness/story-worker.ts';
import { residentMib } from '../helpers/processes.ts';

/** The maximum growth of memory between the second quarter and the last, as a share. */
const MEMORY_GROWTH = 0.15;

/** Starts a worker in this process, with a fake storyteller, for the bots on a Redis. */
export async function startGenerator(
  redisUrl: string,
): Promise<{ readonly storyteller: Storyteller; close(): Promise<void> }> {
  const logger = pino({ level: 'silent' });
  const connection = await openConnection({ redisUrl, dataFolder: '', prefix: 'scifi' }, logger);
  const stories = new Stories(connection);
  const engine = { capacity: 64, stepsPerDecode: 16 };
  const worker = await startStoryWorker(connection, stories, logger, engine);
  return {
    storyteller: worker.storyteller,
    async close() {
      await worker.close();
      await stories.close();
      await connection.close();
    },
  };
}

/** All presets take part. */
export function presetFor(index: number): Preset {
  return PRESETS[index % PRESETS.length]!;
}

/** Samples the resident memory of a process, in MiB, until `stop` is called. */
export function sampleMemory(pid: number, intervalMs: number): { memory: readonly number[]; stop(): void } {
  const memory: number[] = [];
  const timer = setInterval(() => {
    residentMib(pid).then(
      (size) => memory.push(size),
      () => {},
    );
  }, intervalMs);
  return { memory, stop: () => clearInterval(timer) };
}

export function assertSteady(memory: readonly number[]): void {
  const early = mean(memory.slice(memory.length / 4, memory.length / 2));
  const late = mean(memory.slice((memory.length / 4) * 3));
  assert.ok(late < early * (1 + MEMORY_GROWTH), `${early} MiB, then ${late} MiB`);
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
