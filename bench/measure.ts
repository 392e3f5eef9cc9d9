/** Helpers of all the benchmarks. */
import { cpus, totalmem } from 'node:os';
import type { StoryRequest } from '../src/story/story.ts';

/** Numbers of concurrent stories of every measurement. */
export const CROWDS = [1, 8, 64, 256] as const;

/** About 200 characters, for the time to the first text. */
export const LONG_PROMPT =
  'It all began with a quiet signal that nobody on the night watch could explain, a thin voice between the ' +
  'stars that spoke in numbers, and the captain, who had heard many voices in her time, said that ';

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** One line on the machine of the measurements. */
export function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${memory} GiB, Node ${process.version}`;
}

export function request(seed: number, length: number, prompt = 'It all began with'): StoryRequest {
  return { prompt, context: '', temperature: 0.4, length, seed, model: 'scifi' };
}

/**
 * Runs `step` repeatedly for a while, after one warm-up run.
 *
 * @returns runs per second
 */
export async function ratePerSecond(milliseconds: number, step: () => unknown): Promise<number> {
  await step();
  let runs = 0;
  const started = performance.now();
  let now = started;
  do {
    await step();
    runs++;
    now = performance.now();
  } while (now - started < milliseconds);
  return runs / ((now - started) / 1_000);
}

/** `2,714`; three significant digits below 100. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

/** A Markdown table with aligned columns. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}
