/** Offers to read a story aloud, where the browser can speak. The code is loaded when the first story ends. */
import { make } from './browser.ts';
import { load } from './on-demand.ts';
import type { ReadAloud } from './read-aloud.ts';

export class Voice {
  readonly element = make('div', {
    class: 'aloud',
    role: 'group',
    'aria-label': 'Read this story aloud',
    hidden: '',
  });
  readonly #story: HTMLElement;
  #reader: ReadAloud | undefined;
  #isLoading = false;
  #isOffered = false;

  /** @param story the element with the story's paragraphs */
  constructor(story: HTMLElement) {
    this.#story = story;
  }

  /** Shows the buttons under a story that has ended, unless the browser cannot speak. */
  offer(): void {
    this.#isOffered = true;
    if (this.#reader) this.#reader.offer();
    else if (globalThis.speechSynthesis && !this.#isLoading) void this.#load(globalThis.speechSynthesis);
  }

  /** Ends the reading, and hides the buttons. */
  withdraw(): void {
    this.#isOffered = false;
    this.#reader?.withdraw();
  }

  async #load(synthesis: SpeechSynthesis): Promise<void> {
    this.#isLoading = true;
    try {
      const { ReadAloud } = await load('read-aloud');
      this.#reader = new ReadAloud(this.#story, this.element, synthesis);
      if (this.#isOffered) this.#reader.offer();
    } catch {
      // The next end of a story tries again.
      this.#isLoading = false;
    }
  }
}
