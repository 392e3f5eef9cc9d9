import type { Verdict } from '../story/feedback.ts';
import { neutralise, paragraphsOf, type Segment } from '../story/paragraphs.ts';
import { isFinal, type ModelChoice } from '../story/story.ts';
import { type Action, ActionRow } from './actions.ts';
import { keepFocus, make, prefersReducedMotion, setText } from './browser.ts';
import { FeedbackButtons } from './feedback-buttons.ts';
import type { Letter } from './likelihoods/letters.ts';
import { Likelihoods } from './likelihoods/likelihoods.ts';
import { type Reply, segmentsOf, textOf } from './reply.ts';
import { Reveal } from './reveal.ts';
import { SharePanel } from './share-panel.ts';
import { StoryText } from './story-text.ts';
import { Voice } from './voice.ts';
import {
  beginningLine,
  endingLine,
  footerLines,
  type Storytellers,
  settingsLine,
  waitingLine,
  wordCount,
} from './words.ts';

/** The view context of an exchange, in addition to its replies. */
export interface ViewContext {
  readonly storytellers: Storytellers;
  readonly models: readonly ModelChoice[];
  /** Whether stories can be shared. */
  readonly isSharing?: boolean;
  /** Whether stories can be rated. */
  readonly isRating?: boolean;
  /** Whether it shows how likely each letter was. */
  readonly showsLikelihoods: boolean;
  /** Called after the exchange became taller. */
  readonly onGrow: () => void;
}

/** What an exchange reports. */
export interface ExchangeEvents {
  readonly onAction: (action: Action, button: HTMLButtonElement) => void;
  /** Called with the letter of the story that another one is to replace. */
  readonly onBranch: (letter: Letter, text: string) => void;
  /** Called to show the story that this one branched from. */
  readonly onParent: () => void;
  /** Called with what the user says of the story; undefined takes it back. */
  readonly onVerdict: (verdict: Verdict | undefined) => Promise<void>;
}

/** Characters of the continued text in the heading. */
const CONTEXT_SHOWN = 90;

/** One prompt and the story under it; a story's parts form one text. */
export class Exchange {
  readonly element: HTMLElement;
  readonly sharePanel = new SharePanel();
  readonly feedback: FeedbackButtons;
  readonly #text = new StoryText();
  readonly #note = make('p', { class: 'note' });
  readonly #actions: ActionRow;
  readonly #likelihoods: Likelihoods;
  readonly #voice = new Voice(this.#text.element);
  readonly #facts = new Facts();
  #replies: readonly Reply[] = [];
  #context: ViewContext | undefined;
  #reveal = new Reveal();
  #revealed = '';
  #frame = 0;

  constructor(first: Reply, { onAction, onBranch, onParent, onVerdict }: ExchangeEvents) {
    this.#actions = new ActionRow(onAction);
    this.feedback = new FeedbackButtons(onVerdict);
    const headingId = `asked-${first.id}`;
    const heading = make('h2', { class: 'asked', id: headingId }, ...headingLine(first));
    const settings = make('p', { class: 'settings' }, settingsLine(first.ask));
    if (first.parent !== undefined) {
      const parent = make('button', { type: 'button', class: 'parent' }, 'branched from another story');
      parent.addEventListener('click', onParent);
      settings.append(' · ', parent);
    }
    const body = make('div', { class: 'reply' });
    this.#likelihoods = new Likelihoods({ story: this.#text, frame: body, onBranch });
    body.append(
      this.#text.element,
      this.#note,
      this.#likelihoods.element,
      this.#actions.element,
      this.#voice.element,
      this.feedback.element,
      this.sharePanel.element,
      this.#facts.element,
    );
    // Focusable by script only: receives the focus when the focused button is removed.
    const attributes = { class: 'exchange', tabindex: '-1', 'aria-labelledby': headingId };
    this.element = make('article', attributes, make('header', {}, heading, settings), body);
  }

  /** Shows the present replies. `isDisconnected`: the connection is lost at the moment. */
  show(replies: readonly Reply[], context: ViewContext, isDisconnected: boolean): void {
    const last = replies.at(-1)!;
    const text = textOf(last.state);
    const now = performance.now();
    if (this.#revealed !== last.id) {
      // Text from before this page was opened, or before a part was taken back, appears at once, and so does a
      // prompt.
      const isOld = (this.#replies.length === 0 && text !== '') || replies.length < this.#replies.length;
      this.#reveal = new Reveal(isOld ? text : last.ask.prompt);
      this.#revealed = last.id;
    }
    this.#replies = replies;
    this.#context = context;
    if (last.state.status !== 'waiting') this.#reveal.aim(text, now);
    this.sharePanel.hideUnless(replies);
    if (prefersReducedMotion()) this.#reveal.finish();
    setText(this.#note, this.#noteLine(last, isDisconnected));
    this.#note.classList.toggle('error', last.state.status === 'failed');
    if (this.#frame === 0) this.#draw(now);
  }

  /** Redraws everything; a focus on what is gone then is kept by the exchange. */
  #draw(now: number): void {
    keepFocus(this.element, () => this.#drawAt(now));
  }

  /** Focuses the exchange itself. */
  focus(): void {
    this.element.focus({ preventScroll: true });
  }

  /** Focuses the exchange, and scrolls to it. */
  reveal(): void {
    this.element.focus();
    this.element.scrollIntoView({ block: 'start' });
  }

  /** Stops drawing. */
  remove(): void {
    cancelAnimationFrame(this.#frame);
    this.#likelihoods.remove();
    this.#voice.withdraw();
    this.element.remove();
  }

  #drawAt(now: number): void {
    this.#frame = 0;
    const last = this.#replies.at(-1)!;
    const shown = last.state.status === 'waiting' ? '' : this.#reveal.at(now);
    this.#showText(paragraphsOf(segmentsOf(this.#replies, shown)));
    const flowing = last.state.status !== 'waiting' && !this.#reveal.done;
    this.#likelihoods.show(this.#replies, this.#context?.showsLikelihoods ?? false, flowing, now);
    if (flowing) this.#frame = requestAnimationFrame((time) => this.#draw(time));
    else if (isFinal(last.state)) this.#end();
    if (!isFinal(last.state)) this.#run();
    this.#context?.onGrow();
  }

  /** Draws the story. A failed drawing is rebuilt, and does not affect the buttons or the footer. */
  #showText(paragraphs: readonly (readonly Segment[])[]): void {
    try {
      this.#text.show(paragraphs);
    } catch (error) {
      reportError(error);
      this.#text.reset();
      try {
        this.#text.show(paragraphs);
      } catch {
        // The failure was already reported; the next state is drawn from nothing.
        this.#text.reset();
      }
    }
  }

  #run(): void {
    this.#text.element.setAttribute('aria-busy', 'true');
    this.#voice.withdraw();
    this.feedback.show(undefined);
    this.#facts.show([]);
    this.#showActions();
  }

  #end(): void {
    this.#text.element.removeAttribute('aria-busy');
    this.#voice.offer();
    this.feedback.show(this.#context?.isRating ? this.#replies.at(-1) : undefined);
    this.#facts.show(footerLines(this.#replies, this.#context?.models ?? []));
    this.#showActions();
  }

  #showActions(): void {
    this.#actions.show(this.#replies, this.#context?.isSharing);
  }

  #noteLine(last: Reply, isDisconnected: boolean): string {
    const { state } = last;
    if (isFinal(state)) return endingLine(state, wordCount(textOf(state)));
    if (isDisconnected) return 'The connection is lost. Trying again…';
    return state.status === 'waiting'
      ? waitingLine(state, this.#context!.storytellers)
      : beginningLine(state);
  }
}

function headingLine({ ask }: Reply): (Node | string)[] {
  const slash = make('span', { class: 'slash' }, '/scifi');
  if (ask.prompt !== '') return [slash, ' ', make('bdi', {}, neutralise(ask.prompt))];
  if (ask.context === '') return [slash];
  const end = neutralise(ask.context)
    .replace(/\s+/g, ' ')
    .slice(-CONTEXT_SHOWN)
    .replace(/^\S*\s/, '');
  return [slash, ' ', make('i', {}, 'continues'), ' ', make('bdi', {}, `“…${end}”`)];
}

/**
 * The details under a story: the model that wrote it, and in a disclosure everything that is needed to
 * reproduce it.
 */
class Facts {
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
