/** Measures what the filter lets through, and what it changes without need. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { table } from '../../bench/measure.ts';
import { createOnnxEngine } from '../../src/generator/engines/onnx.ts';
import { listModels, loadModel } from '../../src/generator/model/files.ts';
import { positive, readCommandLine } from '../command-line.ts';
import { JUDGED } from './judge.ts';
import { postStories } from './posted.ts';
import { touchedSentences } from './sentences.ts';

const MODELS = 'models';
const TEMPERATURES = [0.4, 1] as const;
const SLOTS = 64;

const HELP = `
npm run filter:measure -- [options]

Generates stories of the models at temperatures 0.4 and 1, and counts what the filter lets through.

  --characters COUNT  characters of each model and temperature (default: 1000000)
  --model NAME        only this model; may be repeated
  --seed NUMBER       seed of the first story (default: 0)
  --clean FILE        count the sentences of a clean text that the filter would change, instead
`;

const { values } = readCommandLine(HELP, {
  characters: { type: 'string', default: '1000000' },
  model: { type: 'string', multiple: true },
  seed: { type: 'string', default: '0' },
  clean: { type: 'string', multiple: true },
});
const [characters, firstSeed] = [positive('--characters', values.characters), Number(values.seed)];

if (values.clean) for (const file of values.clean) await countSentences(file);
else for (const name of values.model ?? (await listModels(MODELS)).map(({ name }) => name)) await post(name);

async function countSentences(file: string): Promise<void> {
  const { sentences, touched, words } = touchedSentences(await readFile(file, 'utf8'));
  console.log(`${file}: ${touched} of ${sentences} sentences, ${((100 * touched) / sentences).toFixed(3)}%`);
  for (const [word, count] of [...words].sort(([, a], [, b]) => b - a)) console.log(`  ${count}  ${word}`);
}

async function post(name: string): Promise<void> {
  const model = await loadModel(join(MODELS, name));
  const engine = await createOnnxEngine(model, { capacity: SLOTS, threads: availableParallelism() });
  for (const temperature of TEMPERATURES) {
    const { offences, ...figures } = await postStories(model, engine, { characters, temperature, firstSeed });
    console.log(`\n${name} at ${temperature}\n`);
    console.log(
      table(
        ['', ''],
        Object.entries(figures).map(([what, figure]) => [what, figure.toLocaleString('en')]),
      ),
    );
    for (const kind of ['slurs', 'vulgar'] as const) {
      console.log(`${kind}, of ${JUDGED[kind]}: ${offences[kind].join(', ') || 'none'}`);
    }
  }
  await engine.close();
}
