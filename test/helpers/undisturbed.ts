/** The stories that our processes write, written here without a queue: the expected texts. */
import { fileURLToPath } from 'node:url';
import { chooseEngine, type EngineName } from '../../src/generator/engines/choose.ts';
import { ENGINE_OPENERS } from '../../src/generator/engines/openers.ts';
import { loadModel } from '../../src/generator/model/files.ts';
import { Storyteller } from '../../src/generator/storyteller.ts';
import { DEFAULT_PRESET, type Preset } from '../../src/story/story.ts';

export const PROMPT = 'It all began with';

const REQUEST = { context: '', temperature: 0.4, model: 'scifi' };
const MODELS = fileURLToPath(new URL('../../models', import.meta.url));

export interface Undisturbed {
  text(seed: number, length: number, preset?: Preset): Promise<string>;
  close(): Promise<void>;
}

export interface Writer {
  /** By default the one that processes choose. */
  readonly engine?: EngineName | 'auto';
  /** By default this repository's. */
  readonly modelsFolder?: string;
}

/** A storyteller while it is needed, and the texts requested of it, by seed, length, preset and prompt. */
interface Shared {
  readonly storyteller: Promise<Storyteller>;
  readonly texts: Map<string, Promise<string>>;
  users: number;
}

const shared = new Map<string, Shared>();

/** Writes every story once, for any number of callers. */
export async function undisturbed(
  prompt = PROMPT,
  { engine = 'auto', modelsFolder = MODELS }: Writer = {},
): Promise<Undisturbed> {
  const key = `${engine} ${modelsFolder}`;
  const known = shared.get(key) ?? {
    storyteller: openWriter(engine, modelsFolder),
    texts: new Map<string, Promise<string>>(),
    users: 0,
  };
  shared.set(key, known);
  known.users++;
  const { texts } = known;
  const storyteller = await known.storyteller;
  return {
    text(seed, length, preset = DEFAULT_PRESET) {
      const wanted = `${seed} ${length} ${preset} ${prompt}`;
      const text =
        texts.get(wanted) ??
        storyteller.tell({ ...REQUEST, prompt, seed, length, preset }).then((story) => story.text);
      texts.set(wanted, text);
      return text;
    },
    async close() {
      if (--known.users > 0) return;
      shared.delete(key);
      await Promise.allSettled(texts.values());
      await storyteller.close();
    },
  };
}

async function openWriter(wanted: EngineName | 'auto', modelsFolder: string): Promise<Storyteller> {
  const model = await loadModel(`${modelsFolder}/${REQUEST.model}`);
  const chosen = await chooseEngine(wanted, ENGINE_OPENERS);
  const engine = await chosen.create(model, { capacity: 8, threads: 1 });
  return new Storyteller(model, engine, { maxWaiting: 1_000 });
}
