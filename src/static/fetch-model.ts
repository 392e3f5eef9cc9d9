/** Fetches a model's files over HTTP with progress, and checks them like those on disk. */
import { StoryError } from '../errors.ts';
import { LEXICON_FILE } from '../generator/lexicon.ts';
import {
  assembleModel,
  checkLexicon,
  MODEL_FILE,
  type ModelPlan,
  readModelPlan,
  VOCABULARY_FILE,
} from '../generator/model/format.ts';
import type { Model } from '../generator/model/model.ts';
import { unusable } from '../generator/model/model.ts';
import { sha256Of } from './sha256.ts';

/** Revalidates the browser's cache: files of two versions do not fit each other. */
const REQUEST: RequestInit = { cache: 'no-cache' };

/**
 * @param folder address of the model's folder, with a slash at its end
 * @param onProgress called with the share of the weights that has arrived, 0 to 1
 * @throws StoryError `model_unavailable` that says which file and what to do
 */
export async function fetchModel(
  folder: URL,
  name: string,
  onProgress: (share: number) => void,
  fetcher: typeof fetch = fetch,
): Promise<Model> {
  const get = (file: string) => request(new URL(file, folder), `${name}/${file}`, fetcher);
  const readJson = async (file: string) => {
    const response = await get(file);
    return response.json().catch((error: unknown) => {
      throw unusable(`${name}/${file}`, 'it is not JSON', error);
    });
  };
  const [json, vocabulary] = await Promise.all([readJson(MODEL_FILE), readJson(VOCABULARY_FILE)]);
  const plan = readModelPlan(json, name);
  const bytes = new Uint8Array(plan.weights.byteLength);
  let received = 0;
  for (const shard of plan.weights.shards) {
    const { body } = await get(shard);
    for await (const chunk of chunksOf(body, `${name}/${shard}`)) {
      if (received + chunk.length > bytes.length) {
        throw unusable(`${name}/${shard}`, `it is larger than ${MODEL_FILE} says`);
      }
      bytes.set(chunk, received);
      received += chunk.length;
      onProgress(received / bytes.length);
    }
  }
  const whole = bytes.subarray(0, received);
  const lexicon = plan.lexiconSha256 === null ? undefined : await fetchLexicon(get, name, plan);
  const sha256 = await sha256Of(whole);
  return assembleModel({ name, plan, vocabulary, bytes: whole, sha256, ...(lexicon && { lexicon }) });
}

async function fetchLexicon(
  get: (file: string) => Promise<Response>,
  name: string,
  plan: ModelPlan,
): Promise<Uint8Array> {
  const response = await get(LEXICON_FILE);
  const bytes = new Uint8Array(
    await response.arrayBuffer().catch((error: unknown) => {
      throw outOfReach(`${name}/${LEXICON_FILE}`, error);
    }),
  );
  checkLexicon(name, plan, await sha256Of(bytes));
  return bytes;
}

async function request(url: URL, shown: string, fetcher: typeof fetch): Promise<Response> {
  let response: Response;
  try {
    response = await fetcher(url, REQUEST);
  } catch (error) {
    throw outOfReach(shown, error);
  }
  if (!response.ok) throw unusable(shown, `the server answered with ${response.status}`);
  return response;
}

/** A response's bytes as they arrive. Not every browser can iterate over a stream. */
async function* chunksOf(body: ReadableStream<Uint8Array> | null, shown: string): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  for (;;) {
    const next = await reader?.read().catch((error: unknown) => {
      throw outOfReach(shown, error);
    });
    if (!next || next.done) return;
    yield next.value;
  }
}

function outOfReach(shown: string, cause: unknown): StoryError {
  return new StoryError(
    'model_unavailable',
    `The model file ${shown} cannot be fetched. Check the connection, then try again.`,
    { cause },
  );
}
