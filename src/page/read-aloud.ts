/**
 * Reads a story aloud, sentence by sentence, with the browser's own voice; the sentence is highlighted. A script
 * that the page loads when the first story ends.
 */
import { make } from './browser.ts';

/** The name of the highlight in `style.css`. */
const HIGHLIGHT = 'spoken';
/** Marks the paragraph where the browser cannot highlight a part of it. */
const SPOKEN_CLASS = 'spoken';
const LABELS = { silent: 'Read aloud', speaking: 'Pause', paused: 'Go on' } as const;
const NO_VOICE = 'The browser has no voice for this.';

interface Sentence {
  readonly text: string;
  readonly range: Range;
  readonly paragraph: Element;
}

/** The story that is read at the moment: a browser has one voice. */
let current: ReadAloud | undefined;

export class ReadAloud {
  readonly #story: HTMLElement;
  readonly #element: HTMLElement;
  readonly #voice: SpeechSynthesis;
  readonly #toggle = make('button', { type: 'button', class: 'action' }, LABELS.silent);
  readonly #end = make('button', { type: 'button', class: 'action' }, 'Stop reading');
  readonly #problem = make('span', { role: 'status' });
  #phase: keyof typeof LABELS = 'silent';
  #sentences: Sentence[] = [];
  #at = 0;
  /** Counts the spoken sentences. */
  #turn = 0;
  /** What is read, to find out when it has changed. */
  #text = '';

  /**
   * @param story the element with the story's paragraphs
   * @param element receives the buttons
   */
  constructor(story: HTMLElement, element: HTMLElement, voice: SpeechSynthesis) {
    this.#story = story;
    this.#element = element;
    this.#voice = voice;
    element.append(this.#toggle, this.#end, this.#problem);
    this.#end.hidden = true;
    this.#toggle.addEventListener('click', () => this.#next());
    this.#end.addEventListener('click', () => this.stop());
  }

  /** Shows the buttons under a story that has ended. */
  offer(): void {
    const text = this.#story.textContent;
    if (this.#phase !== 'silent' && text !== this.#text) this.stop();
    this.#element.hidden = text.trim() === '';
  }

  /** Ends the reading. */
  stop(): void {
    if (current !== this) return;
    current = undefined;
    this.#show('silent');
    this.#voice.cancel();
    this.#highlight(undefined);
  }

  /** Ends the reading, and hides the buttons. */
  withdraw(): void {
    this.stop();
    this.#element.hidden = true;
  }

  #next(): void {
    if (this.#phase === 'speaking') {
      // The sentence is read again afterwards: browsers do not all pause within one.
      this.#show('paused');
      this.#voice.cancel();
      return;
    }
    if (this.#phase === 'silent') {
      this.#text = this.#story.textContent;
      this.#sentences = sentencesIn(this.#story);
      this.#at = 0;
    }
    if (current && current !== this) current.stop();
    current = this;
    this.#problem.textContent = '';
    this.#show('speaking');
    this.#speak();
  }

  #speak(): void {
    const sentence = this.#sentences[this.#at];
    if (!sentence) {
      this.stop();
      return;
    }
    this.#highlight(sentence);
    const utterance = new SpeechSynthesisUtterance(sentence.text);
    utterance.lang = document.documentElement.lang;
    this.#turn += 1;
    const turn = this.#turn;
    // The events of a cancelled sentence come late, when another one may be spoken already.
    const isCurrent = () => this.#phase === 'speaking' && this.#turn === turn;
    utterance.addEventListener('end', () => {
      if (!isCurrent()) return;
      this.#at += 1;
      this.#speak();
    });
    utterance.addEventListener('error', () => {
      if (!isCurrent()) return;
      this.stop();
      this.#problem.textContent = NO_VOICE;
    });
    this.#voice.speak(utterance);
  }

  #show(phase: keyof typeof LABELS): void {
    this.#phase = phase;
    this.#toggle.textContent = LABELS[phase];
    if (phase === 'silent' && document.activeElement === this.#end) this.#toggle.focus();
    this.#end.hidden = phase === 'silent';
  }

  #highlight(sentence: Sentence | undefined): void {
    for (const marked of this.#story.querySelectorAll(`.${SPOKEN_CLASS}`))
      marked.classList.remove(SPOKEN_CLASS);
    const highlights = globalThis.CSS?.highlights;
    if (!sentence) highlights?.delete(HIGHLIGHT);
    else if (highlights) highlights.set(HIGHLIGHT, new Highlight(sentence.range));
    else sentence.paragraph.classList.add(SPOKEN_CLASS);
  }
}

// A page that is left would be read to its end.
globalThis.addEventListener?.('pagehide', () => current?.stop());

/** The sentences of the paragraphs, as they are shown, also translated. */
function sentencesIn(story: HTMLElement): Sentence[] {
  return [...story.querySelectorAll('p')].flatMap((paragraph) => {
    const nodes = textNodesIn(paragraph);
    return splitSentences(paragraph.textContent).flatMap(({ from, to }) => {
      const text = paragraph.textContent.slice(from, to).trim();
      if (!/[\p{L}\p{N}]/u.test(text)) return [];
      const range = document.createRange();
      range.setStart(...positionIn(nodes, from));
      range.setEnd(...positionIn(nodes, to));
      return [{ text, range, paragraph }];
    });
  });
}

function splitSentences(text: string): { readonly from: number; readonly to: number }[] {
  // Firefox has it since 2024; before that, a paragraph is one sentence.
  if (!('Segmenter' in Intl)) return [{ from: 0, to: (text as string).length }];
  const segmenter = new Intl.Segmenter(document.documentElement.lang, { granularity: 'sentence' });
  return [...segmenter.segment(text)].map(({ index, segment }) => ({
    from: index,
    to: index + segment.length,
  }));
}

function textNodesIn(element: Element): Text[] {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const nodes: Text[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) nodes.push(node as Text);
  return nodes;
}

/** The node and the offset in it of a character in the text of all nodes. */
function positionIn(nodes: readonly Text[], offset: number): [Text, number] {
  let before = 0;
  for (const node of nodes) {
    if (offset <= before + node.length) return [node, offset - before];
    before += node.length;
  }
  const last = nodes.at(-1)!;
  return [last, last.length];
}
