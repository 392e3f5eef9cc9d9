/** LSTM against GRU against a bidirectional network. */
import { table } from '../../bench/measure.ts';
import { createOnnxEngine } from '../../src/generator/engines/onnx.ts';
import { evaluate } from '../../src/workshop/evaluation/evaluation.ts';
import { COLUMNS, type Laboratory, percent, rowOf, STEPS } from './laboratory.ts';

/** A whole window is read for every character, so a shorter text must do. */
const HONEST_CHARACTERS = 20_000;

export async function cells(laboratory: Laboratory): Promise<string> {
  const lstm = await laboratory.learn({ name: 'LSTM' });
  const gru = await laboratory.learn({ name: 'GRU', architecture: { cell: 'gru' } });
  const both = await laboratory.learn({ name: 'LSTM both ways', architecture: { bidirectional: true } });
  await laboratory.plotCurves('cells.svg', 'Cells', [lstm, gru, both]);
  const engine = await createOnnxEngine(both.model, { capacity: 32, threads: 2 });
  const text = laboratory.valid.slice(0, HONEST_CHARACTERS);
  const honest = await evaluate(engine, both.model.vocabulary, text);
  await engine.close();
  return `## LSTM, GRU, and both ways

${table(COLUMNS, [lstm, gru, both].map(rowOf))}

![Bits per character while learning](experiments/cells.svg)

The network that reads both ways seems to learn nearly everything: ${percent(both.train.accuracy)} right in training, beside ${percent(lstm.train.accuracy)}, and
${percent(both.valid.accuracy)} of a text that it never saw. It is the ancestor's trap. At every place of a window of ${STEPS} characters it is asked
for the next character, and the half of it that comes from the right has just read that character: it copies. At the last
place of a window there is nothing to the right, and that is the only place where a writer ever stands. Asked there, as
\`scifi evaluate\` asks and as every story does, the same network gets ${percent(honest.accuracy)} right and needs ${honest.bitsPerCharacter.toFixed(2)} bits per
character. In training that was one place in ${STEPS}, and it hardly showed. Left to write at temperature 0, it gives this, the ancestor's
"She She She":

${await laboratory.sample(both.model, 0)}

and at 0.6

${await laboratory.sample(both.model, 0.6)}

A bidirectional layer is for texts that are there already. To write, a network may only look back: the LSTM at 0.6 writes

${await laboratory.sample(lstm.model, 0.6)}

and the GRU

${await laboratory.sample(gru.model, 0.6)}
`;
}
