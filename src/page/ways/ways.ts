/** The ways on that a story has, and those that it might have gone. The code is loaded for the first story with some. */
import { make } from '../browser.ts';
import { load } from '../on-demand.ts';
import type { Reply } from '../reply.ts';
import type { WaysView } from './view.ts';

export class Ways {
  readonly choices = make('div', { hidden: '' });
  readonly tree = make('div', { hidden: '' });
  readonly #onWay: (replyId: string, goesOn: boolean) => void;
  #view: WaysView | undefined;
  #isLoading = false;
  #shown: readonly Reply[] = [];

  /** @param onWay called with a reply that the story is to lead to, and whether it is to go on from there */
  constructor(onWay: (replyId: string, goesOn: boolean) => void) {
    this.#onWay = onWay;
  }

  /** @param all replies of the thread */
  show(all: readonly Reply[]): void {
    if (all === this.#shown) return;
    this.#shown = all;
    if (this.#view) this.#view.show(all);
    else if (!this.#isLoading && all.some(({ ask }) => ask.brief)) void this.#load();
  }

  async #load(): Promise<void> {
    this.#isLoading = true;
    try {
      const { WaysView } = await load('ways');
      this.#view = new WaysView(this.choices, this.tree, this.#onWay);
      this.#view.show(this.#shown);
    } catch {
      // The next change tries again.
      this.#isLoading = false;
      this.choices.textContent = 'The ways on could not be loaded. Reload the page.';
      this.choices.hidden = false;
    }
  }
}
