/** The models of a visitor's browser: each is fetched on first use, and has its own storyteller. */
import type { Engine } from '../../generator/engines/engine.ts';
import type { Model } from '../../generator/model/model.ts';
import { writerOf } from '../../generator/model/writer.ts';
import { Storyteller } from '../../generator/storyteller.ts';
import type { StorytellerStatus } from '../../story/story.ts';

/** Stories written at the same time; further ones wait. */
const SLOTS = 8;
/** One user can hardly request more. */
const MAX_WAITING = 64;
/** The smallest reported growth of the loaded share: its change is visible. */
const PROGRESS_STEP = 0.01;

export interface BrowserModelRegistryOptions {
  readonly fetchModel: (name: string, onProgress: (share: number) => void) => Promise<Model>;
  /** See `BrowserEngines`. */
  readonly engines: {
    prepare(): Promise<void>;
    create(model: Model, capacity: number): Promise<Engine>;
    recover(): Promise<void>;
  };
  /** Called when the status has changed, with undefined when the last requested model is unavailable. */
  readonly onStatus: (status: StorytellerStatus | undefined) => void;
}

export class BrowserModelRegistry {
  readonly #options: BrowserModelRegistryOptions;
  readonly #models = new Map<string, Model>();
  readonly #storytellers = new Map<string, Promise<Storyteller>>();
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
    // The models are still in memory: the next call for a storyteller only loads them onto the new engine.
    this.#storytellers.clear();
    await this.#options.engines.recover();
  }

  async #create(name: string): Promise<Storyteller> {
    const { engines } = this.#options;
    const [model] = await Promise.all([this.#model(name), engines.prepare()]);
    const engine = await engines.create(writerOf(model), SLOTS);
    return new Storyteller(model, engine, { maxWaiting: MAX_WAITING });
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
