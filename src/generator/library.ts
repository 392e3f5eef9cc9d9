/**
 * All the models on offer, each with a storyteller of its own.
 */
import { join } from 'node:path';
import { StoryError } from '../errors.ts';
import type { ModelChoice } from '../story.ts';
import type { Engine } from './engines/engine.ts';
import { loadModel } from './model/files.ts';
import type { Model } from './model/model.ts';
import { Storyteller } from './storyteller.ts';

export interface LibraryOptions {
  readonly modelsFolder: string;
  readonly choices: readonly ModelChoice[];
  readonly createEngine: (model: Model) => Promise<Engine>;
  /** Stories that may wait for a slot of a model. */
  readonly maxWaiting: number;
}

export class Library {
  readonly #options: LibraryOptions;
  readonly #storytellers = new Map<string, Storyteller>();
  #loaded = 0;
  #ready = false;

  constructor(options: LibraryOptions) {
    this.#options = options;
  }

  /** Share of the weights of all models that has been read, and whether all can be used. */
  get status(): { loaded: number; ready: boolean } {
    return { loaded: this.#loaded, ready: this.#ready };
  }

  /**
   * Loads every model on offer.
   *
   * @throws StoryError `model_unavailable` that names the file that is missing or broken
   */
  async open(): Promise<void> {
    const { choices, modelsFolder, createEngine, maxWaiting } = this.#options;
    for (const [index, { name }] of choices.entries()) {
      const model = await loadModel(join(modelsFolder, name), {
        onProgress: (share) => {
          this.#loaded = (index + share) / choices.length;
        },
      });
      const engine = await createEngine(model);
      this.#storytellers.set(name, new Storyteller(model, engine, { maxWaiting }));
    }
    this.#ready = true;
  }

  /** The storyteller of a model; throws a StoryError `model_unavailable` when there is none of that name. */
  storyteller(name: string): Storyteller {
    const storyteller = this.#storytellers.get(name);
    if (storyteller) return storyteller;
    const names = [...this.#storytellers.keys()].join(', ') || 'none';
    throw new StoryError('model_unavailable', `This writer has no model of that name (it has ${names}).`);
  }

  async close(): Promise<void> {
    for (const storyteller of this.#storytellers.values()) await storyteller.close();
  }
}
