/** How likely each character of a story was. The code of it is loaded when it is shown for the first time. */
import { make } from '../browser.ts';
import { load } from '../on-demand.ts';
import type { LikelihoodView, LikelihoodViewOptions } from './view.ts';

export class Likelihoods {
  /** The line that explains them. */
  readonly element = make('div', { class: 'likelihoods', hidden: '' });
  readonly #options: Omit<LikelihoodViewOptions, 'element'>;
  #view: LikelihoodView | undefined;
  #isLoading = false;
  /** What is to be shown; undefined when the story was removed. */
  #shown: Parameters<LikelihoodView['show']> | undefined;

  constructor(options: Omit<LikelihoodViewOptions, 'element'>) {
    this.#options = options;
  }

  /** See `LikelihoodView.show`. */
  show(...shown: Parameters<LikelihoodView['show']>): void {
    this.#shown = shown;
    const [, isOn] = shown;
    if (this.#view) this.#view.show(...shown);
    else if (isOn && !this.#isLoading) void this.#load();
  }

  /** Removes the tint. */
  remove(): void {
    this.#shown = undefined;
    this.#view?.remove();
  }

  async #load(): Promise<void> {
    this.#isLoading = true;
    try {
      const { LikelihoodView } = await load('likelihoods');
      this.#view = new LikelihoodView({ ...this.#options, element: this.element });
      if (this.#shown) this.#view.show(...this.#shown);
    } catch {
      this.element.textContent = 'The likelihoods could not be loaded. Reload the page.';
      this.element.hidden = false;
    }
  }
}
