/** Pairs of stories by two presets in a shuffled order, for a reader who does not know which is which. */
import { randomInt } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createOnnxEngine } from '../src/generator/engines/onnx.ts';
import { loadModel } from '../src/generator/model/files.ts';
import { Storyteller } from '../src/generator/storyteller.ts';
import { PRESETS, type Preset, STORY_BOUNDS } from '../src/story/story.ts';
import { OPENINGS, STORY_LENGTH } from '../src/workshop/evaluation/stories.ts';
import { endWith, positive, readCommandLine } from './command-line.ts';

const HELP = `
npm run blind-reading -- FOLDER [options]

Writes pairs of stories into FOLDER/pairs.md; with --judged, counts which preset's stories a reader chose.

  --judged LETTERS    the choices, A or B for each pair
  --pairs NUMBER      pairs of stories (default: 20)
  --presets A,B       the two presets (default: classic,lively)
  --model FOLDER      the model (default: models/scifi)
  --seed NUMBER       seed of the first pair; each pair has the next one (default: 0)

The order within each pair is in FOLDER/key.json: read it after the last choice.
`;
const CAPACITY = 64;

/** Which preset wrote A and which wrote B, for each pair. */
type Key = readonly (readonly [a: Preset, b: Preset])[];

const { values, positionals } = readCommandLine(
  HELP,
  {
    pairs: { type: 'string', default: '20' },
    presets: { type: 'string', default: 'classic,lively' },
    model: { type: 'string', default: 'models/scifi' },
    seed: { type: 'string', default: '0' },
    judged: { type: 'string' },
  },
  1,
);
const folder = positionals[0] ?? endWith('Name a folder for the pairs.');
if (values.judged === undefined) await writePairs(folder);
else await count(folder, values.judged.toUpperCase());

async function writePairs(folder: string): Promise<void> {
  const pairs = positive('--pairs', values.pairs);
  const presets = values.presets.split(',').map((name) => PRESETS.find((preset) => preset === name));
  const [first, second] = presets;
  if (!first || !second || presets.length !== 2) {
    endWith(`Expected --presets to name two of ${PRESETS.join(', ')}, got ${values.presets}.`);
  }
  const model = await loadModel(values.model);
  const engine = await createOnnxEngine(model, { capacity: CAPACITY, threads: availableParallelism() });
  const storyteller = new Storyteller(model, engine, { maxWaiting: 2 * pairs });
  const write = async (preset: Preset, pair: number) => {
    const request = {
      prompt: OPENINGS[pair % OPENINGS.length]!,
      context: '',
      preset,
      temperature: STORY_BOUNDS.temperature.default,
      length: STORY_LENGTH,
      seed: Number(values.seed) + pair,
      model: model.name,
    };
    return (await storyteller.tell(request)).text;
  };
  const key: [Preset, Preset][] = Array.from({ length: pairs }, () =>
    randomInt(2) === 0 ? [first, second] : [second, first],
  );
  const sections = await Promise.all(
    key.map(async ([a, b], pair) => {
      const [textA, textB] = await Promise.all([write(a, pair), write(b, pair)]);
      return `## Pair ${pair + 1}\n\n### A\n\n${textA}\n\n### B\n\n${textB}\n`;
    }),
  );
  await engine.close();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'pairs.md'), sections.join('\n'));
  await writeFile(join(folder, 'key.json'), `${JSON.stringify(key)}\n`);
  console.log(
    `${pairs} pairs are in ${join(folder, 'pairs.md')}. Which of each would you rather go on reading?`,
  );
}

async function count(folder: string, choices: string): Promise<void> {
  const key: Key = JSON.parse(await readFile(join(folder, 'key.json'), 'utf8'));
  if (!/^[AB]+$/.test(choices) || choices.length !== key.length) {
    endWith(`Expected --judged to have ${key.length} letters, each A or B, got ${choices}.`);
  }
  const chosen = key.map(([a, b], pair) => (choices[pair] === 'A' ? a : b));
  for (const preset of new Set(key[0])) {
    console.log(`${preset}: ${chosen.filter((one) => one === preset).length} of ${key.length}`);
  }
  console.log(`In order: ${chosen.join(', ')}`);
}
