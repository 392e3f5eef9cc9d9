/**
 * Provokes all faults, one after the other, with real processes; writes the table of docs/reliability.md.
 */
import { machine } from '../../bench/measure.ts';
import { endWith, readCommandLine } from '../../scripts/command-line.ts';
import { allFaults } from './all.ts';
import { writeFaults } from './document.ts';
import type { Outcome } from './fault.ts';

const HELP = `
npm run reliability -- [options]

Provokes every fault with real processes and writes the results into docs/reliability.md, in under an hour on
two cores. Exits with 1 when a fault loses a story or delivers one twice. A run of some of the faults replaces
their rows and keeps the others; a short run writes nothing.

  --short         shorter outages and fewer kills
  --only PATTERN  only the faults whose names match this regular expression
  --list          print the names of the faults
`;

const { values } = readCommandLine(HELP, {
  short: { type: 'boolean', default: false },
  only: { type: 'string' },
  list: { type: 'boolean', default: false },
});
const faults = allFaults(values.short).filter(
  ({ name }) => !values.only || new RegExp(values.only).test(name),
);
if (values.list) {
  for (const { name, how } of faults) console.log(`${name}: ${how}`);
  process.exit(0);
}
if (faults.length === 0) endWith(`No fault matches ${values.only}.`);

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
    if (outcome.accepted === 0) problem = 'no story was accepted';
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
if (!values.short) {
  const facts = values.only ? undefined : `${machine()}. The whole run took ${minutes} minutes.`;
  await writeFaults(
    allFaults(false).map(({ name }) => name),
    rows,
    facts,
  );
}
// An explicit exit: Node 20 sometimes does not end while it closes the remaining handles.
process.exit(failures > 0 ? 1 : 0);
