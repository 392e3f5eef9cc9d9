import { make } from './dom.ts';

/**
 * The details under a story: the model that wrote it, and in a disclosure everything that is needed to
 * reproduce it.
 */
export class Facts {
  readonly element = make('footer', { class: 'facts' });
  #shown = '';

  /** Shows one line for each part of the story; hides itself without any. An open disclosure stays open. */
  show(lines: readonly string[]): void {
    this.element.hidden = lines.length === 0;
    const key = lines.join('\n');
    if (lines.length === 0 || key === this.#shown) return;
    this.#shown = key;
    const wasOpen = this.element.querySelector('details')?.open ?? false;
    const details = make(
      'details',
      {},
      make('summary', {}, 'Written by a neural network'),
      ...lines.map((line) => make('p', {}, line)),
    );
    details.open = wasOpen;
    this.element.replaceChildren(details);
  }
}
