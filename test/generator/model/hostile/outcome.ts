/** What becomes of a stranger's model: it is refused in words, or it runs. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { StoryError } from '../../../../src/errors.ts';
import { ENGINE_OPENERS } from '../../../../src/generator/engines/openers.ts';
import { loadModel } from '../../../../src/generator/model/files.ts';
import { importModel } from '../../../../src/generator/model/formats/import-model.ts';
import type { Model } from '../../../../src/generator/model/model.ts';
import type { Files, Sample } from './models.ts';

/** Longer messages would fill a terminal. */
const MAX_MESSAGE = 1_000;
const FILE_NAMES = /(model\.(json|safetensors|keras|h5)|vocabulary\.json|lexicon\.bin|weights\.bin|\.bin)/;
const STEPS = 8;

export type Outcome = 'refused' | 'ran';

/** Loads and imports the files of a folder, and runs what comes of it. */
export async function outcomesOf({ imports }: Sample, files: Files): Promise<Outcome[]> {
  const folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
    const vocabulary = imports === undefined ? undefined : join(folder, 'vocabulary.json');
    const options = { name: 'stranger', vocabulary, reading: undefined };
    const ways: (() => Promise<Model>)[] = [
      async () => (await importModel(join(folder, imports ?? ''), options)).model,
    ];
    if (imports === undefined) ways.push(() => loadModel(folder));
    const outcomes: Outcome[] = [];
    for (const load of ways) outcomes.push(await outcomeOf(load, basename(folder)));
    return outcomes;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function outcomeOf(load: () => Promise<Model>, folder: string): Promise<Outcome> {
  let model: Model;
  try {
    model = await load();
  } catch (error) {
    assertRefusal(error, folder);
    return 'refused';
  }
  await run(model);
  return 'ran';
}

/** One line of words that names the file. */
function assertRefusal(error: unknown, folder: string): void {
  assert.ok(error instanceof StoryError, (error as Error).stack ?? String(error));
  const { code, message } = error;
  assert.equal(code, 'model_unavailable');
  assert.ok(FILE_NAMES.test(message) || message.includes(folder), `no file is named: ${message}`);
  assert.ok(
    message.length > 20 && message.length <= MAX_MESSAGE,
    `${message.length} characters: ${message.slice(0, 300)}`,
  );
  assert.doesNotMatch(message, /\p{Cc}/u);
}

/** Draws a few characters twice, on the engine that the model gets; the same seed gives the same ones. */
async function run(model: Model): Promise<void> {
  const { vocabulary, lexicon } = model;
  vocabulary.encode('The sea of stars.');
  if (lexicon) assert.ok(typeof lexicon.has('sea') === 'boolean');
  const opened = await ENGINE_OPENERS.integer({ acceptSoftware: false });
  const engine = await opened.create(model, { capacity: 2, threads: 1 }).catch((error: unknown) => {
    assert.ok(error instanceof StoryError, (error as Error).stack);
    return undefined;
  });
  if (!engine) return;
  try {
    const uniforms = Array.from({ length: STEPS }, (_, step) => (step + 0.5) / STEPS);
    const row = (slot: number) => ({ slot, feed: [vocabulary.bosId], temperature: 0.7, uniforms });
    const steps = Math.min(STEPS, engine.stepsPerDecode);
    const rows = [row(0), row(1)].map((one) => ({ ...one, uniforms: uniforms.slice(0, steps) }));
    const ids = await engine.decode(rows, steps).catch((error: unknown) => {
      // Finite weights can have sums beyond the largest number.
      assert.match((error as Error).message, /Nothing can be drawn from such logits/);
      return undefined;
    });
    if (!ids) return;
    assert.ok(ids.every((id) => id >= 0 && id < vocabulary.size));
    assert.deepEqual(ids.slice(0, steps), ids.slice(steps));
  } finally {
    await engine.close();
  }
}
