import { STORY_BOUNDS } from '../../../story.ts';
import { make } from './dom.ts';
import { isOver, type Reply, textOf } from './reply.ts';

/** What a person can do with a story. */
export type Action =
  | 'stop'
  | 'continue'
  | 'another'
  | 'warmer'
  | 'cooler'
  | 'copy'
  | 'download'
  | 'link'
  | 'retry';

const LABELS: Record<Action, string> = {
  stop: 'Stop',
  continue: 'Continue',
  another: 'Another',
  warmer: 'Warmer',
  cooler: 'Cooler',
  copy: 'Copy',
  download: 'Download',
  link: 'Link',
  retry: 'Try again',
};

const HINTS: Partial<Record<Action, string>> = {
  another: 'The same beginning with another seed',
  warmer: 'Again, 0.2 warmer',
  cooler: 'Again, 0.2 cooler',
  download: 'Save as a text file',
  link: 'Copy a link that writes the same story again',
};

/** The actions that make sense now. */
export function actionsFor(last: Reply, hasText: boolean): Action[] {
  if (!isOver(last.state)) return ['stop'];
  const keep: Action[] = hasText ? ['copy', 'download', 'link'] : [];
  if (last.state.status === 'failed') return ['retry', ...(hasText ? (['continue'] as const) : []), ...keep];
  const again: Action[] = ['another', 'warmer', 'cooler'];
  return hasText ? ['continue', ...again, ...keep] : [...again, 'link'];
}

/** The row of buttons under a story. */
export class ActionRow {
  readonly element = make('div', { class: 'actions', role: 'group', 'aria-label': 'With this story' });
  readonly #onAction: (action: Action, button: HTMLButtonElement) => void;
  #shown = '';

  constructor(onAction: (action: Action, button: HTMLButtonElement) => void) {
    this.#onAction = onAction;
  }

  /** Shows the buttons for a story's present state. Returns whether the focus was on one that is gone. */
  show(last: Reply, hasText: boolean): boolean {
    const actions = actionsFor(last, hasText);
    const key = `${last.id} ${actions}`;
    if (key === this.#shown) return false;
    this.#shown = key;
    const hadFocus = this.element.contains(document.activeElement);
    this.element.replaceChildren(...actions.map((action) => this.#button(action, last)));
    return hadFocus;
  }

  #button(action: Action, { ask }: Reply): HTMLButtonElement {
    const button = make('button', { type: 'button', class: `action ${action}` }, LABELS[action]);
    const hint = HINTS[action];
    if (hint) button.title = hint;
    const { min, max } = STORY_BOUNDS.temperature;
    if (action === 'warmer') button.disabled = ask.temperature >= max;
    if (action === 'cooler') button.disabled = ask.temperature <= min;
    button.addEventListener('click', () => this.#onAction(action, button));
    return button;
  }
}

/** How long a button says what it did. */
const FEEDBACK_MS = 2_000;

const flashes = new WeakMap<HTMLButtonElement, string>();

/** Lets a button say for a moment what it did. */
export function flash(button: HTMLButtonElement, action: Action, text: string): void {
  button.textContent = text;
  // The page may be translated by then: its text is no proof of what it was given to say.
  flashes.set(button, text);
  setTimeout(() => {
    if (flashes.get(button) === text) button.textContent = LABELS[action];
  }, FEEDBACK_MS);
}

/** Whether a thread has text to copy, save or continue. */
export function hasText(replies: readonly Reply[]): boolean {
  return replies.some(({ state }) => textOf(state).trim() !== '');
}
