/** All offered models, each with its own storyteller, on the one engine of this process. */
import { join } from 'node:path';
import { StoryError } from '../errors.ts';
import type { ModelChoice } from '../story/story.ts';
import type { ChosenEngine, EngineOptions } from './engines/choose.ts';
import { loadModel } from './model/files.ts';
import type { Model } from './model/model.ts';
import { writerOf } from './model/writer.ts';
import { Storyteller } from './storyteller.ts';

export interface ModelRegistryOptions extends Pick<EngineOptions, 'capacity' | 'threads'> {
  readonly modelsFolder: string;
  readonly choices: readonly ModelChoice[];
  /** Opens the engine; `reopen` is called after its device was lost. */
  readonly engines: {
    open(): Promise<ChosenEngine>;
    reopen(): Promise<ChosenEngine | undefined>;
    close(): Promise<void>;
  };
  /** Stories that may wait for a slot of each model. */
  readonly maxWaiting: number;
  /** Receives a line for each model: which engine runs it, and why another one than was chosen. */
  readonly log?: (line: string) => void;
}

export class ModelRegistry {
  readonly #options: ModelRegistryOptions;
  readonly #models: Model[] = [];
  readonly #storytellers = new Map<string, Storyteller>();
  #loaded = 0;
  #ready = false;
  #recovery: Promise<void> | undefined;

  constructor(options: ModelRegistryOptions) {
    this.#options = options;
  }

  /** Share of the weights of all models that has been read, and whether all models can be used. */
  get status(): { loaded: number; ready: boolean } {
    return { loaded: this.#loaded, ready: this.#ready };
  }

  /** Stories that are being written, by all storytellers. */
  get active(): number {
    return [...this.#storytellers.values()].reduce((sum, { load }) => sum + load.active, 0);
  }

  /**
   * Loads every offered model.
   *
   * @throws StoryError `model_unavailable` that names the missing or broken file; `configuration` when the
   *   configured engine cannot run here
   */
  async open(): Promise<void> {
    const { choices, modelsFolder, engines } = this.#options;
    const engine = await engines.open();
    for (const [index, { name }] of choices.entries()) {
      const model = await loadModel(join(modelsFolder, name), {
        onProgress: (share) => {
          this.#loaded = (index + share) / choices.length;
        },
      });
      this.#models.push(model);
    }
    await this.#open(engine);
  }

  /** The storyteller of a model; throws a StoryError `model_unavailable` for an unknown name. */
  storyteller(name: string): Storyteller {
    const storyteller = this.#storytellers.get(name);
    if (storyteller) return storyteller;
    const names = [...this.#storytellers.keys()].join(', ') || 'none';
    throw new StoryError('model_unavailable', `This writer has no model of that name (it has ${names}).`);
  }

  /** Moves all models to a new engine after the device was lost. Concurrent calls share one recovery. */
  recover(): Promise<void> {
    this.#recovery ??= this.#recover().finally(() => {
      this.#recovery = undefined;
    });
    return this.#recovery;
  }

  async close(): Promise<void> {
    for (const storyteller of this.#storytellers.values()) await storyteller.close();
    await this.#options.engines.close();
  }

  async #recover(): Promise<void> {
    this.#ready = false;
    // The old storytellers stay until there are new ones: a caller meanwhile gets the error that their device
    // is lost.
    const old = [...this.#storytellers.values()];
    for (;;) {
      const engine = await this.#options.engines.reopen();
      if (!engine) return;
      // A device that is lost again while it loads the weights counts as one more loss.
      const isOpen = await this.#open(engine).then(
        () => true,
        () => false,
      );
      if (isOpen) break;
    }
    for (const storyteller of old) if (storyteller.load.active === 0) await storyteller.close();
  }

  async #open(engine: ChosenEngine): Promise<void> {
    const { capacity, threads, maxWaiting, log } = this.#options;
    for (const model of this.#models) {
      let why = '';
      const created = await engine.create(writerOf(model), {
        capacity,
        threads,
        onRefusal: (reason) => {
          why = `, not ${engine.name}, because ${reason}`;
        },
      });
      log?.(`model ${model.name} ${model.version} on ${created.name}${why}`);
      this.#storytellers.set(model.name, new Storyteller(model, created, { maxWaiting }));
    }
    this.#ready = true;
  }
}
