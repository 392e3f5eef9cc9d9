/** Fetches a model over HTTP. */
import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';
import { LEXICON_FILE } from '../../generator/lexicon.ts';
import {
  assembleModel,
  checkLexicon,
  MODEL_FILE,
  type ModelPlan,
  readModelPlan,
  VOCABULARY_FILE,
} from '../../generator/model/format.ts';
import { type Model, unusable } from '../../generator/model/model.ts';
import { bytesOf, chunksOf, request } from './files.ts';

/**
 * Fetches a model's files, and checks them like those on disk.
 *
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
  const hash = await sha256Of(whole);
  return assembleModel({ name, plan, vocabulary, bytes: whole, sha256: hash, ...(lexicon && { lexicon }) });
}

async function fetchLexicon(
  get: (file: string) => Promise<Response>,
  name: string,
  plan: ModelPlan,
): Promise<Uint8Array> {
  const bytes = await bytesOf(await get(LEXICON_FILE), `${name}/${LEXICON_FILE}`);
  checkLexicon(name, plan, await sha256Of(bytes));
  return bytes;
}

/**
 * Hexadecimal SHA-256. `crypto.subtle` exists only for https and localhost; a page served over plain http to
 * other machines computes the hash in JavaScript.
 */
export async function sha256Of(
  bytes: Uint8Array<ArrayBuffer>,
  subtle: Pick<SubtleCrypto, 'digest'> | undefined = globalThis.crypto?.subtle,
): Promise<string> {
  return bytesToHex(subtle ? new Uint8Array(await subtle.digest('SHA-256', bytes)) : sha256(bytes));
}
