/**
 * All faults, one after the other, with real processes; writes the table of docs/reliability.md.
 *
 *   npm run reliability                      # all of it, in under an hour on two cores
 *   npm run reliability -- --short           # shorter cuts and fewer kills, and nothing is written
 *   npm run reliability -- --only 'disk'     # those whose names match, and nothing is written
 */
import { parseArgs } from 'node:util';
import { machine, table } from '../../bench/measure.ts';
import { allFaults } from './all.ts';
import { writeBetween } from './document.ts';
import type { Outcome } from './fault.ts';

const { values } = parseArgs({
  options: { short: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const faults = allFaults(values.short).filter(
  ({ name }) => !values.only || new RegExp(values.only).test(name),
);

const begun = performance.now();
const rows: string[][] = [];
let failures = 0;
for (const { name, how, run } of faults) {
  const started = performance.now();
  let outcome: Outcome | undefined;
  let problem = '';
  try {
    outcome = await run();
    if (outcome.lost > 0 || outcome.doubled > 0) problem = `${outcome.lost} lost, ${outcome.doubled} doubled`;
    if (outcome.accepted === 0) problem = 'nobody was promised a story';
  } catch (error) {
    problem = (error as Error).message;
  }
  if (problem) failures++;
  const seconds = Math.round((performance.now() - started) / 1_000);
  process.stdout.write(
    `${problem ? 'FAIL' : 'ok  '} ${name} (${seconds} s) ${JSON.stringify(outcome ?? {})} ${problem}\n`,
  );
  const number = (key: 'accepted' | 'whole' | 'told' | 'lost' | 'doubled' | 'refused' | 'unheard') =>
    String(outcome?.[key] ?? '-');
  rows.push([
    `${name}: ${how}`,
    ...[number('accepted'), number('whole'), number('told'), number('lost'), number('doubled')],
    String(outcome ? outcome.refused + outcome.unheard : '-'),
    outcome ? `${(outcome.longestPauseMs / 1_000).toFixed(1)} s` : '-',
    `${problem ? `**fails** (${problem.split('\n')[0]})` : 'holds'}${outcome?.remark ? `; ${outcome.remark}` : ''}`,
  ]);
}
const minutes = ((performance.now() - begun) / 60_000).toFixed(0);
if (!values.short && !values.only) {
  const heads = [
    'fault',
    'accepted',
    'whole',
    'told',
    'lost',
    'doubled',
    'not accepted',
    'longest pause',
    'verdict',
  ];
  const facts = `${machine()}. The whole run took ${minutes} minutes.`;
  await writeBetween('faults', `${facts}\n\n${table(heads, rows)}`);
}
// An explicit exit: Node 20 sometimes does not end while it closes the remaining handles.
process.exit(failures > 0 ? 1 : 0);
