import { isFinal } from '../story/story.ts';
import {
  AGAIN_LABELS,
  type Again,
  againActions,
  CHANGE_LABELS,
  type Line,
  type Own,
} from '../story/variations.ts';
import { make } from './browser.ts';
import { hashForThread } from './link.ts';
import { type Reply, wholeText } from './reply.ts';

/** A user's action on a story. */
export type Action = Again | Line | Own | 'choose' | 'end' | 'stop' | 'copy' | 'download' | 'link' | 'retry';

const LABELS: Record<Action, string> = {
  ...AGAIN_LABELS,
  ...CHANGE_LABELS,
  choose: 'Choose',
  end: 'The end',
  stop: 'Stop',
  copy: 'Copy',
  download: 'Download',
  link: 'Link',
  retry: 'Try again',
};

const HINTS: Partial<Record<Action, string>> = {
  choose: 'Choose one of three ways to go on',
  end: 'The story ends here',
  another: 'The same beginning with another seed',
  warmer: 'Again with the same seed, from less likely words',
  cooler: 'Again with the same seed, from likelier words',
  download: 'Save as a file: EPUB, HTML, Markdown or text',
  link: 'Copy a link that writes the same story again',
  line: 'Write a sentence, and the story goes on after it',
  edit: 'Change the opening and the settings, and write it anew',
  undo: 'Take the last part back',
  delete: 'Delete this story here and on the server',
  share: 'Make a page of it that you can send to others',
};

/** Errors that a repeated request would meet again. */
const REFUSALS: ReadonlySet<string> = new Set(['bad_request', 'declined', 'too_large']);
/** Actions that change the story, and those that keep it, in groups of their own. */
const CHANGING: ReadonlySet<Action> = new Set(['choose', 'line', 'edit', 'undo', 'delete']);
const KEEPING: ReadonlySet<Action> = new Set(['copy', 'download', 'link', 'share']);

/**
 * The actions available for a thread in its present state.
 *
 * @param isSharing whether stories can be shared
 */
export function actionsFor(replies: readonly Reply[], isSharing = false): Action[] {
  const { ask, state, way, fork } = replies.at(-1)!;
  const isOpen = way === 'open';
  // One of several openings is chosen again.
  const hasBefore = replies.length > 1 || (fork !== undefined && !isOpen);
  const remove: Action[] = hasBefore ? ['undo', 'delete'] : ['delete'];
  if (!isFinal(state)) return ['stop', ...remove];
  const told = isOpen ? replies.slice(0, -1) : replies;
  const text = wholeText(told);
  const hasText = text.trim() !== '';
  const link: Action[] = hashForThread(told) === undefined ? [] : ['link'];
  const keep: Action[] = hasText ? ['copy', 'download', ...link] : [];
  if (state.status === 'failed') {
    const isRefused = REFUSALS.has(state.error.code);
    // A request with a context is a continuation, which the user did not type.
    const isEditable = state.text === '' && ask.context === '' && (isRefused || ask.prompt !== '');
    return [
      ...(isRefused ? [] : (['retry'] as const)),
      ...(isEditable ? (['edit'] as const) : []),
      ...(hasText && !isRefused && !isOpen ? (['continue'] as const) : []),
      ...keep,
      ...remove,
    ];
  }
  const line: Action[] = hasText ? (isOpen ? ['line'] : ['choose', 'line']) : [];
  const share: Action[] = hasText && isSharing ? ['share'] : [];
  if (isOpen) return [...(hasText ? (['end'] as const) : []), ...keep, ...share, ...line, 'edit', ...remove];
  // A step that was chosen is varied by its alternatives.
  const again: Action[] = ask.brief ? ['continue'] : againActions(text, ask);
  return [...again, ...(hasText ? keep : link), ...share, ...line, 'edit', ...remove];
}

/** The row of buttons under a story. */
export class ActionRow {
  readonly element = make('div', { class: 'actions', role: 'group', 'aria-label': 'Actions for this story' });
  readonly #onAction: (action: Action, button: HTMLButtonElement) => void;
  #shown = '';

  constructor(onAction: (action: Action, button: HTMLButtonElement) => void) {
    this.#onAction = onAction;
  }

  /** Shows the buttons for a thread's present state. */
  show(replies: readonly Reply[], isSharing = false): void {
    const last = replies.at(-1)!;
    const actions = actionsFor(replies, isSharing);
    const key = `${last.id} ${actions}`;
    if (key === this.#shown) return;
    this.#shown = key;
    // Under a request that was refused, Edit is the action to choose first.
    const isFailed = last.state.status === 'failed';
    const isChanging = (action: Action) => CHANGING.has(action) && !(isFailed && action === 'edit');
    const groups = [
      actions.filter((action) => !KEEPING.has(action) && !isChanging(action)),
      actions.filter(isChanging),
      actions.filter((action) => KEEPING.has(action)),
    ];
    this.element.replaceChildren(
      ...groups
        .filter((group) => group.length > 0)
        .map((group) => make('div', { class: 'group' }, ...group.map((action) => this.#button(action)))),
    );
  }

  #button(action: Action): HTMLButtonElement {
    const button = make('button', { type: 'button', class: `action ${action}` }, LABELS[action]);
    const hint = HINTS[action];
    if (hint) button.title = hint;
    // Opens a choice below the buttons.
    if (action === 'download') button.ariaExpanded = 'false';
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
