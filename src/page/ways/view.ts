/** Shows the ways on of which the user chooses one, and the tree of all: a script that the page loads on demand. */
import { neutralise } from '../../story/paragraphs.ts';
import { make } from '../browser.ts';
import { type Reply, textOf } from '../reply.ts';
import { choicesOf } from './path.ts';
import { treeLists } from './tree.ts';

const QUESTION = 'What happens next?';

type OnWay = (replyId: string, goesOn: boolean) => void;

export class WaysView {
  readonly #choices: HTMLElement;
  readonly #tree: HTMLElement;
  readonly #onWay: OnWay;
  readonly #lists = make('div');
  readonly #summary = make('summary');
  /** The choices that are shown. */
  #offered = '';
  /** Whether the user has just chosen by a button, which is gone: the first of the next ones gets the focus. */
  #hasChosen = false;

  /**
   * @param choices the element of what the user chooses from
   * @param tree the element of the tree
   * @param onWay called with a reply that the story is to lead to, and whether it is to go on from there
   */
  constructor(choices: HTMLElement, tree: HTMLElement, onWay: OnWay) {
    this.#choices = choices;
    this.#tree = tree;
    this.#onWay = onWay;
    choices.className = 'ways';
    choices.setAttribute('role', 'group');
    choices.setAttribute('aria-label', QUESTION);
    tree.append(make('details', { class: 'tree' }, this.#summary, this.#lists));
  }

  /** @param all replies of the thread */
  show(all: readonly Reply[]): void {
    this.#showChoices(choicesOf(all));
    const count = all.filter(({ way, state }) => way && textOf(state).trim() !== '').length;
    this.#tree.hidden = count === 0;
    this.#summary.textContent = `What might have been (${count})`;
    const { activeElement } = document;
    const focused = this.#lists.contains(activeElement)
      ? (activeElement as HTMLElement).dataset.id
      : undefined;
    this.#lists.replaceChildren(...treeLists(all, (id) => this.#onWay(id, false)));
    const button = this.#lists.querySelector<HTMLElement>(`[data-id="${focused}"]`);
    button?.focus({ preventScroll: true });
  }

  #showChoices(choices: readonly Reply[]): void {
    const offered = choices.map(({ id }) => id).join();
    if (offered === this.#offered) return;
    this.#offered = offered;
    this.#choices.hidden = choices.length === 0;
    const buttons = choices.map((reply) => this.#buttonOf(reply));
    this.#choices.replaceChildren(
      make('p', { 'aria-hidden': 'true' }, QUESTION),
      make('ol', {}, ...buttons.map((button) => make('li', {}, button))),
    );
    const [first] = buttons;
    if (!first) return;
    // The exchange has had the focus since the button that chose was removed.
    const isFree = document.activeElement === this.#choices.closest('.exchange');
    if (this.#hasChosen && isFree) first.focus({ preventScroll: true });
    this.#hasChosen = false;
  }

  #buttonOf({ id, ask, state }: Reply): HTMLButtonElement {
    const text = neutralise(textOf(state).slice(ask.prompt.length).trim());
    const button = make('button', { type: 'button', class: 'way', dir: 'auto' }, text);
    button.addEventListener('click', () => {
      this.#hasChosen = true;
      this.#onWay(id, true);
    });
    return button;
  }
}
