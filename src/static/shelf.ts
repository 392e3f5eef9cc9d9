/** The models of a visitor's browser: each is fetched when it is first asked for, and all share one engine. */
import { StoryError } from '../errors.ts';
import type { ChosenEngine } from '../generator/engines/choose.ts';
import type { Model } from '../generator/model/model.ts';
import { writerOf } from '../generator/model/writer.ts';
import { Storyteller } from '../generator/storyteller.ts';
import type { StorytellerStatus } from '../story/story.ts';

/** Stories that are written at once; further ones wait. */
const SLOTS = 8;
/** One person can hardly ask for more. */
const MAX_WAITING = 64;
const PROGRESS_STEP = 0.01;

export interface BrowserModelRegistryOptions {
  readonly fetchModel: (name: string, onProgress: (share: number) => void) => Promise<Model>;
  /** Where the engine comes from; `reopen` is asked after its device was lost. */
  readonly engines: { open(): Promise<ChosenEngine>; reopen(): Promise<ChosenEngine | undefined> };
  /** Told whenever the status has changed: undefined when what was asked for last could not be had. */
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
   * The storyteller of a model. What failed once is tried again by the next call.
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

  /** Has all storytellers work on a new engine after the device of theirs was lost; however often it is
   * called meanwhile, it is done once. */
  recover(): Promise<void> {
    this.#recovery ??= this.#recover().finally(() => {
      this.#recovery = undefined;
    });
    return this.#recovery;
  }

  async #recover(): Promise<void> {
    this.#storytellers.clear();
    // The models are here still: the next call for a storyteller only has to bring them onto the new engine.
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
      // A status is worth a message when somebody would see the difference.
      if (loaded - told < PROGRESS_STEP && loaded < 1) return;
      told = loaded;
      onStatus({ phase: 'loading', loaded });
    });
    this.#models.set(name, model);
    return model;
  }
}
