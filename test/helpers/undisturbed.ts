/** The stories that our processes write, written here without a queue: the expected texts. */
import { fileURLToPath } from 'node:url';
import { createOnnxEngine } from '../../src/generator/engines/onnx.ts';
import { loadModel } from '../../src/generator/model/files.ts';
import { Storyteller } from '../../src/generator/storyteller.ts';
import { DEFAULT_PRESET, type Preset, type StoryRequest } from '../../src/story/story.ts';

export const PROMPT = 'It all began with';

const REQUEST = { context: '', temperature: 0.4, model: 'scifi' };

export interface Undisturbed {
  text(seed: number, length: number, preset?: Preset): Promise<string>;
  close(): Promise<void>;
}

/** Requested texts, by seed, length, preset and prompt, and the storyteller that writes them while it is needed. */
const texts = new Map<string, Promise<string>>();
let writer: Promise<Storyteller> | undefined;
let users = 0;

/** Writes every story once, for any number of callers. */
export async function undisturbed(prompt = PROMPT): Promise<Undisturbed> {
  users++;
  writer ??= openWriter();
  const storyteller = await writer;
  return {
    text(seed, length, preset = DEFAULT_PRESET) {
      const key = `${seed} ${length} ${preset} ${prompt}`;
      const known = texts.get(key) ?? tell(storyteller, { ...REQUEST, prompt, seed, length, preset });
      texts.set(key, known);
      return known;
    },
    async close() {
      if (--users > 0) return;
      writer = undefined;
      await Promise.allSettled(texts.values());
      await storyteller.close();
    },
  };
}

async function openWriter(): Promise<Storyteller> {
  const model = await loadModel(fileURLToPath(new URL('../../models/scifi', import.meta.url)));
  const engine = await createOnnxEngine(model, { capacity: 8, threads: 1 });
  return new Storyteller(model, engine, { maxWaiting: 1_000 });
}

async function tell(storyteller: Storyteller, request: StoryRequest): Promise<string> {
  return (await storyteller.tell(request)).text;
}
