/** The stories that our processes write, written here without a queue: the expected texts. */
import { fileURLToPath } from 'node:url';
import { createOnnxEngine } from '../../src/generator/engines/onnx.ts';
import { loadModel } from '../../src/generator/model/files.ts';
import { Storyteller } from '../../src/generator/storyteller.ts';

export const PROMPT = 'It all began with';

export interface Undisturbed {
  text(seed: number, length: number): Promise<string>;
  close(): Promise<void>;
}

/** Requested texts, by seed, length and prompt, and the storyteller that writes them while it is needed. */
const texts = new Map<string, Promise<string>>();
let writer: Promise<Storyteller> | undefined;
let users = 0;

/** Writes every story once, for any number of callers. */
export async function undisturbed(prompt = PROMPT): Promise<Undisturbed> {
  users++;
  writer ??= openWriter();
  const storyteller = await writer;
  return {
    text(seed, length) {
      const key = `${seed} ${length} ${prompt}`;
      const known = texts.get(key) ?? tell(storyteller, prompt, seed, length);
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

async function tell(storyteller: Storyteller, prompt: string, seed: number, length: number): Promise<string> {
  const request = { prompt, context: '', temperature: 0.4, length, seed, model: 'scifi' };
  return (await storyteller.tell(request)).text;
}
