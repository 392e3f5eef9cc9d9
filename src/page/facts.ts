import { make } from './dom.ts';

/** Under a story: who wrote it, and behind that all that is needed to get it again. */
export class Facts {
  readonly element = make('footer', { class: 'facts' });
  #shown = '';

  /** Shows one line for each part of the story; hides itself without any. What is open stays open. */
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
