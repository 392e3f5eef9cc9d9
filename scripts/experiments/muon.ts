/** Muon on a residual stack against Adam, each net of the same number of weights. */
import { cpus } from 'node:os';
import { machine, table } from '../../bench/measure.ts';
import { parameterCount } from '../../src/generator/model/model.ts';
import { COLUMNS, EPOCHS, type Laboratory, type Learned, rowOf, STEPS } from './laboratory.ts';

const STACK = { units: [96, 96, 96], residual: true } as const;
/** As many weights as the stack. */
const PLAIN = { units: [122, 122] } as const;
const ADAM_RATES = [0.004, 0.008, 0.016, 0.032] as const;
const STACKED_ADAM_RATES = [0.008, 0.016] as const;
const MUON_RATES = [0.006, 0.012] as const;
/** Twice those of the other parts, because a step of Muon costs the same with any number. */
const STREAMS = 32;
/** The rate of the last epoch, as a share. */
const LAST_RATE = 4;

export async function muon(laboratory: Laboratory): Promise<string> {
  const learn = (net: string, architecture: typeof STACK | typeof PLAIN, optimizer: string, rate: number) =>
    laboratory.learn({
      name: `${net}, ${optimizer} ${rate}`,
      architecture,
      streams: STREAMS,
      schedule: `${optimizer}@${rate},${EPOCHS - 1}:${optimizer}@${rate / LAST_RATE}`,
    });
  const muons = [
    await learn('residual 3 x 96', STACK, 'muon', MUON_RATES[0]),
    await learn('residual 3 x 96', STACK, 'muon', MUON_RATES[1]),
  ];
  const plain = await learn('2 x 122', PLAIN, 'muon', MUON_RATES[1]);
  const adam: Learned[] = [];
  for (const rate of ADAM_RATES) adam.push(await learn('2 x 122', PLAIN, 'adam', rate));
  const stacked: Learned[] = [];
  for (const rate of STACKED_ADAM_RATES) {
    stacked.push(await learn('residual 3 x 96', STACK, 'adam', rate));
  }
  const bestAdam = bestOf([...adam, ...stacked]);
  const bestMuon = bestOf(muons);
  const all = [...adam, ...stacked, plain, ...muons];
  await laboratory.plotCurves('muon.svg', 'Muon and Adam', [bestOf(adam), bestOf(stacked), plain, ...muons]);
  const weights = all.map(({ model }) => parameterCount(model).toLocaleString('en'));
  const rows = all.map((learned, i) => [
    ...[learned.name, weights[i]!],
    ...rowOf(learned).slice(1),
    (learned.milliseconds / 60_000).toFixed(1),
  ]);
  const characters = laboratory.train.length;
  return `## Muon and residual stacks

Written by \`npm run experiments -- muon DATA\` on ${machine()}. Each net read ${characters.toLocaleString('en')} characters of
science fiction ${EPOCHS} times, ${STREAMS} streams of ${STEPS} steps at a time, in the last pass at a quarter of the rate.
Adam trains two layers of 122 units at ${ADAM_RATES.length} rates, and the residual stack of three layers of 96 that has as many weights; Muon trains both.

${table(['network', 'weights', ...COLUMNS.slice(1), 'minutes'], rows)}

![Bits per character while learning](experiments/muon.svg)

On the validation text the best of Adam is ${bits(bestAdam)} bits per character (${bestAdam.name}), and the best of Muon on the residual
stack ${bits(bestMuon)} (${bestMuon.name}): ${(bestAdam.valid.bitsPerCharacter - bestMuon.valid.bitsPerCharacter).toFixed(3)} bits fewer after the same characters. A step of Muon costs more: its fifteen
products for each gate's matrix do not depend on the size of the batch, so the difference in time shrinks with larger ones.
The minutes are those of a machine of ${cpus().length} processors that did other work at the same time.
`;
}

function bestOf(learned: readonly Learned[]): Learned {
  return learned.reduce((best, one) =>
    one.valid.bitsPerCharacter < best.valid.bitsPerCharacter ? one : best,
  );
}

function bits({ valid }: Learned): string {
  return valid.bitsPerCharacter.toFixed(3);
}
