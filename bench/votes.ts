/** Measures the bots while many channels of Discord vote at once. */
import { positive, readCommandLine } from '../scripts/command-line.ts';
import { voteCrowd } from '../test/processes/voting/crowd.ts';
import { randomFrom } from '../test/reliability/fault.ts';
import { figure, machine, table } from './measure.ts';

const HELP = `
npm run bench:votes -- [options]

Lets many channels of a fake Discord vote at once, and prints how soon votes are acknowledged, how late rounds end, and how
the memory of the bots' process grows. Fails when a vote is not counted exactly. Needs redis-server.

  --channels N  channels (default: 100)
  --people N    people who vote in each (default: 5)
  --seconds N   how long they vote (default: 120)
`;

const { values } = readCommandLine(HELP, {
  channels: { type: 'string', default: '100' },
  people: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '120' },
});
const [channels, people, seconds] = (['channels', 'people', 'seconds'] as const).map((name) =>
  positive(name, values[name]),
) as [number, number, number];
const report = await voteCrowd(channels, people, seconds, randomFrom(1));
const { acknowledgedMs, lateMs, memory } = report;
const late = [0.5, 0.99, 1].map((share) => figure(quantile(lateMs, share)));
const acknowledged = [0.5, 0.99, 1].map((share) => figure(quantile(acknowledgedMs, share)));
const quarter = Math.floor(memory.length / 4);
console.log(`${machine()}. ${channels} channels, ${people} people in each, ${seconds} seconds.\n`);
console.log(
  table(
    ['', 'number', 'p50', 'p99', 'most'],
    [
      ['acknowledgements of presses, ms', figure(acknowledgedMs.length), ...acknowledged],
      ['rounds that ended by their time, ms late', figure(lateMs.length), ...late],
    ],
  ),
);
console.log(
  `\n${report.rounds} rounds counted exactly, ${report.unheard} presses without an answer, ${report.edits} edits, ` +
    `${report.tooMany} answers with 429. Memory of the bots, MiB: ${mean(memory.slice(quarter, 2 * quarter))} in the second ` +
    `quarter, ${mean(memory.slice(-quarter))} in the last.`,
);
process.exit(0);

/** @param sorted in ascending order */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function mean(numbers: readonly number[]): string {
  return figure(numbers.reduce((sum, number) => sum + number, 0) / numbers.length);
}
