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
import { StoryText } from './story-text.ts';
import { Voice } from './voice.ts';
import { choicesOf, shownOf, toldOf } from './ways/path.ts';
import { Ways } from './ways/ways.ts';
import {
  beginningLine,
  endingLine,
  footerLines,
  type Storytellers,
  settingsLine,
  WRITING_WAYS,
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
  /** Called with a reply that the story is to lead to; `goesOn`: it is to go on from there. */
  readonly onWay: (replyId: string, goesOn: boolean) => void;
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
  /** Shows the page of this story, once it is shared; `data-last` is the last reply of what is shared. */
  readonly sharePanel = make('div', {
    class: 'shared',
    role: 'group',
    'aria-label': 'The page of this story',
    hidden: '',
  });
  readonly feedback: FeedbackButtons;
  readonly #text = new StoryText();
  readonly #note = make('p', { class: 'note' });
  readonly #actions: ActionRow;
  readonly #likelihoods: Likelihoods;
  readonly #voice = new Voice(this.#text.element);
  readonly #ways: Ways;
  readonly #facts = new Facts();
  /** All replies of the thread, and those that are shown. */
  #all: readonly Reply[] = [];
  #replies: readonly Reply[] = [];
  #context: ViewContext | undefined;
  #reveal = new Reveal();
  #revealed = '';
  #frame = 0;

  constructor(first: Reply, { onAction, onBranch, onWay, onParent, onVerdict }: ExchangeEvents) {
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
    this.#ways = new Ways(onWay);
    this.#likelihoods = new Likelihoods({ story: this.#text, frame: body, onBranch });
    body.append(
      this.#text.element,
      this.#note,
      this.#likelihoods.element,
      this.#ways.choices,
      this.#actions.element,
      this.#voice.element,
      this.feedback.element,
      this.sharePanel,
      this.#ways.tree,
      this.#facts.element,
    );
    // Focusable by script only: receives the focus when the focused button is removed.
    const attributes = { class: 'exchange', tabindex: '-1', 'aria-labelledby': headingId };
    this.element = make('article', attributes, make('header', {}, heading, settings), body);
  }

  /**
   * Shows the present replies of a thread, also those aside.
   *
   * @param isDisconnected whether the connection is lost at the moment
   */
  show(all: readonly Reply[], context: ViewContext, isDisconnected: boolean): void {
    const replies = shownOf(all);
    this.#all = all;
    const last = replies.at(-1)!;
    const text = textOf(last.state);
    const now = performance.now();
    const revealed = `${last.id} ${last.way}`;
    if (this.#revealed !== revealed) {
      // Text from before this page was opened, or before a part was taken back, appears at once, and so does a
      // prompt.
      const isOld = (this.#replies.length === 0 && text !== '') || replies.length < this.#replies.length;
      this.#reveal = new Reveal(isOld ? text : last.ask.prompt);
      this.#revealed = revealed;
    }
    this.#replies = replies;
    this.#context = context;
    if (last.state.status !== 'waiting') this.#reveal.aim(text, now);
    // When the reply that is shared is no longer one of the story's, its page is gone, too.
    if (!replies.some(({ id }) => id === this.sharePanel.dataset.last)) this.sharePanel.hidden = true;
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
    this.#ways.show(this.#all);
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
    const told = toldOf(this.#all);
    if (told.length > 0) this.#voice.offer();
    else this.#voice.withdraw();
    const isOpen = told.length < this.#replies.length;
    this.feedback.show(this.#context?.isRating && !isOpen ? told.at(-1) : undefined);
    this.#facts.show(footerLines(told, this.#context?.models ?? []));
    this.#showActions();
  }

  #showActions(): void {
    this.#actions.show(this.#replies, this.#context?.isSharing);
  }

  #noteLine(last: Reply, isDisconnected: boolean): string {
    const { state, way } = last;
    if (choicesOf(this.#all).length > 0) return '';
    if (isFinal(state)) return endingLine(state, wordCount(textOf(state)));
    if (isDisconnected) return 'The connection is lost. Trying again…';
    if (state.status === 'waiting') return waitingLine(state, this.#context!.storytellers);
    return way === 'open' ? WRITING_WAYS : beginningLine(state);
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
