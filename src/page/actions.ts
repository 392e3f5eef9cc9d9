import { isFinal, STORY_BOUNDS } from '../story/story.ts';
import { make } from './browser.ts';
import { hashForThread } from './link.ts';
import { type Reply, textOf } from './reply.ts';

/** A user's action on a story. */
export type Action =
  | 'stop'
  | 'continue'
  | 'another'
  | 'warmer'
  | 'cooler'
  | 'copy'
  | 'download'
  | 'link'
  | 'retry'
  | 'edit';

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
  edit: 'Edit',
};

const HINTS: Partial<Record<Action, string>> = {
  another: 'The same beginning with another seed',
  warmer: 'Again, 0.2 warmer',
  cooler: 'Again, 0.2 cooler',
  download: 'Save as a text file',
  link: 'Copy a link that writes the same story again',
  edit: 'Change the prompt and send it again',
};

/** Errors that a repeated request would meet again. */
const REFUSALS: ReadonlySet<string> = new Set(['bad_request', 'declined', 'too_large']);
/** Actions that keep the story, in their own group. */
const KEEPING: ReadonlySet<Action> = new Set(['copy', 'download', 'link']);

/** The actions available for a thread in its present state. */
export function actionsFor(replies: readonly Reply[]): Action[] {
  const { ask, state } = replies.at(-1)!;
  if (!isFinal(state)) return ['stop'];
  const hasText = replies.some((reply) => textOf(reply.state).trim() !== '');
  const link: Action[] = hashForThread(replies) === undefined ? [] : ['link'];
  const keep: Action[] = hasText ? ['copy', 'download', ...link] : [];
  if (state.status === 'failed') {
    const isRefused = REFUSALS.has(state.error.code);
    // A request with a context is a continuation, which the user did not type.
    const isEditable = state.text === '' && ask.context === '' && (isRefused || ask.prompt !== '');
    return [
      ...(isRefused ? [] : (['retry'] as const)),
      ...(isEditable ? (['edit'] as const) : []),
      ...(hasText && !isRefused ? (['continue'] as const) : []),
      ...keep,
    ];
  }
  const again: Action[] = ['another', 'warmer', 'cooler'];
  return hasText ? ['continue', ...again, ...keep] : [...again, ...link];
}

/** The row of buttons under a story. */
export class ActionRow {
  readonly element = make('div', { class: 'actions', role: 'group', 'aria-label': 'Actions for this story' });
  readonly #onAction: (action: Action, button: HTMLButtonElement) => void;
  #shown = '';

  constructor(onAction: (action: Action, button: HTMLButtonElement) => void) {
    this.#onAction = onAction;
  }

  /** Shows the buttons for a thread's present state. Returns whether the focus was on a removed one. */
  show(replies: readonly Reply[]): boolean {
    const last = replies.at(-1)!;
    const actions = actionsFor(replies);
    const key = `${last.id} ${actions}`;
    if (key === this.#shown) return false;
    this.#shown = key;
    const hadFocus = this.element.contains(document.activeElement);
    const groups = [
      actions.filter((action) => !KEEPING.has(action)),
      actions.filter((action) => KEEPING.has(action)),
    ];
    this.element.replaceChildren(
      ...groups
        .filter((group) => group.length > 0)
        .map((group) =>
          make('div', { class: 'group' }, ...group.map((action) => this.#button(action, last))),
        ),
    );
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

/** How long a button shows its feedback. */
const FEEDBACK_MS = 2_000;

const flashes = new WeakMap<HTMLButtonElement, string>();

/** Shows feedback on a button for a moment. */
export function flash(button: HTMLButtonElement, action: Action, text: string): void {
  button.textContent = text;
  // The page may be translated by then, so the text is remembered and not read from the page.
  flashes.set(button, text);
  setTimeout(() => {
    if (flashes.get(button) === text) button.textContent = LABELS[action];
  }, FEEDBACK_MS);
}
