/** Optimizers, and the ancestor's switch from one to another. */
import { table } from '../../bench/measure.ts';
import { COLUMNS, EPOCHS, type Laboratory, type Learned, rowOf } from './laboratory.ts';

export async function optimizers(laboratory: Laboratory): Promise<string> {
  const last = EPOCHS - 1;
  const learned: Learned[] = [{ ...(await laboratory.learn({ name: 'LSTM' })), name: 'Adam 0.004' }];
  for (const [name, schedule] of [
    ['RMSprop 0.002', 'rmsprop@0.002'],
    ['SGD 0.5, momentum 0.9', 'sgd@0.5'],
    ['Adadelta 1', 'adadelta@1'],
    ['Adadelta 1, then SGD 0.1', `adadelta@1,${last}:sgd@0.1`],
  ] as const) {
    learned.push(await laboratory.learn({ name, schedule }));
  }
  await laboratory.plotCurves('optimizers.svg', 'Optimizers', learned);
  const [sgd, stayed, switched] = learned.slice(2) as [Learned, Learned, Learned];
  return `## Optimizers, and the switch

The same LSTM. The ancestor began with Adadelta and went on with SGD; here the switch comes with the last of the ${EPOCHS} epochs.

${table(COLUMNS, learned.map(rowOf))}

![Bits per character while learning](experiments/optimizers.svg)

Adadelta's first steps are as small as the root of its epsilon (1e-7), and they grow only as the weights move: in a run as
short as this one that costs it most. Switched to SGD it ends at ${bitsOf(switched)} bits per character on the validation text, where staying
with Adadelta ends at ${bitsOf(stayed)}, and SGD from the beginning at ${bitsOf(sgd)}.
`;
}

function bitsOf({ valid }: Learned): string {
  return valid.bitsPerCharacter.toFixed(3);
}
