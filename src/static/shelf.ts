/** The models of a visitor's browser: each is fetched on first use, and all share one engine. */
import { StoryError } from '../errors.ts';
import type { ChosenEngine } from '../generator/engines/choose.ts';
import type { Model } from '../generator/model/model.ts';
import { writerOf } from '../generator/model/writer.ts';
import { Storyteller } from '../generator/storyteller.ts';
import type { StorytellerStatus } from '../story/story.ts';

/** Stories written at the same time; further ones wait. */
const SLOTS = 8;
/** One user can hardly request more. */
const MAX_WAITING = 64;
const PROGRESS_STEP = 0.01;

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
    const employed = this.#employ(name);
    this.#storytellers.set(name, employed);
    employed.then(
      () => onStatus({ phase: 'ready', loaded: 1 }),
      () => {
        if (this.#storytellers.get(name) === employed) this.#storytellers.delete(name);
        onStatus(undefined);
      },
    );
    return employed;
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
      if (!engine) throw new StoryError('internal', 'No engine can be had any more. Reload the page.');
      return engine;
    });
    await this.#engine;
  }

  async #employ(name: string): Promise<Storyteller> {
    const [model, engine] = await Promise.all([this.#model(name), this.#openEngine()]);
    const created = await engine.create(writerOf(model), { capacity: SLOTS, threads: 1 });
    return new Storyteller(model, created, { maxWaiting: MAX_WAITING });
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
    let told = 0;
    const model = await fetchModel(name, (loaded) => {
      // A status is sent only when its change is visible.
      if (loaded - told < PROGRESS_STEP && loaded < 1) return;
      told = loaded;
      onStatus({ phase: 'loading', loaded });
    });
    this.#models.set(name, model);
    return model;
  }
}
