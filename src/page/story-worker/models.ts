/** The models of a visitor's browser: each is fetched on first use and checked, and all share one engine. */
import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';
import { StoryError } from '../../errors.ts';
import type { ChosenEngine } from '../../generator/engines/choose.ts';
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
import { writerOf } from '../../generator/model/writer.ts';
import { Storyteller } from '../../generator/storyteller.ts';
import type { StorytellerStatus } from '../../story/story.ts';

/** Stories written at the same time; further ones wait. */
const SLOTS = 8;
/** One user can hardly request more. */
const MAX_WAITING = 64;
/** The smallest reported growth of the loaded share: its change is visible. */
const PROGRESS_STEP = 0.01;

/** Revalidates the browser's cache: files of two versions do not fit each other. */
const REQUEST: RequestInit = { cache: 'no-cache' };

export interface BrowserModelRegistryOptions {
  readonly fetchModel: (name: string, onProgress: (share: number) => void) => Promise<Model>;
  /** The source of the engine; `reopen` is called after its device was lost. */
  readonly engines: { open(): Promise<ChosenEngine>; reopen(): Promise<ChosenEngine | undefined> };
  /** Called when the status has changed, with undefined when the last requested model is unavailable. */
  readonly onStatus: (status: StorytellerStatus | undefined) => void;
}

export class BrowserModelRegistry {
  readonly #options: BrowserModelRegistryOptions;
  readonly #models = new Map<string, Model>();
  readonly #storytellers = new Map<string, Promise<Storyteller>>();
  #engine: Promise<ChosenEngine> | undefined;
  #recovery: Promise<void> | undefined;

  constructor(options: BrowserModelRegistryOptions) {
    this.#options = options;
  }

  /**
   * The storyteller of a model. After a failure, the next call tries again.
   *
   * @throws StoryError that says what is missing
   */
  storyteller(name: string): Promise<Storyteller> {
    const known = this.#storytellers.get(name);
    if (known) return known;
    const { onStatus } = this.#options;
    onStatus({ phase: 'loading', loaded: 0 });
    const created = this.#create(name);
    this.#storytellers.set(name, created);
    created.then(
      () => onStatus({ phase: 'ready', loaded: 1 }),
      () => {
        if (this.#storytellers.get(name) === created) this.#storytellers.delete(name);
        onStatus(undefined);
      },
    );
    return created;
  }

  /** Moves all storytellers to a new engine after the device was lost. Calls during a recovery share it. */
  recover(): Promise<void> {
    this.#recovery ??= this.#recover().finally(() => {
      this.#recovery = undefined;
    });
    return this.#recovery;
  }

  async #recover(): Promise<void> {
    this.#storytellers.clear();
    // The models are still in memory: the next call for a storyteller only loads them onto the new engine.
    this.#engine = this.#options.engines.reopen().then((engine) => {
      if (!engine) throw new StoryError('internal', 'No engine is available any more. Reload the page.');
      return engine;
    });
    await this.#engine;
  }

  async #create(name: string): Promise<Storyteller> {
    const [model, engine] = await Promise.all([this.#model(name), this.#openEngine()]);
    const opened = await engine.create(writerOf(model), { capacity: SLOTS, threads: 1 });
    return new Storyteller(model, opened, { maxWaiting: MAX_WAITING });
  }

  #openEngine(): Promise<ChosenEngine> {
    if (!this.#engine) {
      const opening = this.#options.engines.open();
      this.#engine = opening;
      opening.catch(() => {
        if (this.#engine === opening) this.#engine = undefined;
      });
    }
    return this.#engine;
  }

  async #model(name: string): Promise<Model> {
    const known = this.#models.get(name);
    if (known) return known;
    const { fetchModel, onStatus } = this.#options;
    let reported = 0;
    const model = await fetchModel(name, (loaded) => {
      if (loaded - reported < PROGRESS_STEP && loaded < 1) return;
      reported = loaded;
      onStatus({ phase: 'loading', loaded });
    });
    this.#models.set(name, model);
    return model;
  }
}

/**
 * Fetches a model's files over HTTP, and checks them like those on disk.
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
  const response = await get(LEXICON_FILE);
  const bytes = new Uint8Array(
    await response.arrayBuffer().catch((error: unknown) => {
      throw unreachable(`${name}/${LEXICON_FILE}`, error);
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
    throw unreachable(shown, error);
  }
  if (!response.ok) throw unusable(shown, `the server answered with ${response.status}`);
  return response;
}

/** A response's bytes as they arrive. Not every browser can iterate over a stream. */
async function* chunksOf(body: ReadableStream<Uint8Array> | null, shown: string): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  for (;;) {
    const next = await reader?.read().catch((error: unknown) => {
      throw unreachable(shown, error);
    });
    if (!next || next.done) return;
    yield next.value;
  }
}

function unreachable(shown: string, cause: unknown): StoryError {
  return new StoryError(
    'model_unavailable',
    `The model file ${shown} cannot be fetched. Check the connection, then try again.`,
    { cause },
  );
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
