/**
 * How likely each character of a story was: the tint, the choice of a letter, and the line that explains both. A
 * script that the page loads when it is switched on.
 */
import { ProbabilityReader } from '../../story/probabilities.ts';
import { isFinal, type ReplyState } from '../../story/story.ts';
import { make } from '../browser.ts';
import { type Reply, textOf } from '../reply.ts';
import type { StoryText } from '../story-text.ts';
import { percent } from './candidates.ts';
import { type Letter, Letters } from './letters.ts';
import { canTint, TINT_BELOW, Tint } from './tint.ts';

/** Pause between two tints of a growing story: each covers the whole text. */
const TINT_INTERVAL_MS = 250;

/** The sentence about the last part of a story, or about all of it, whose probabilities are not known. */
export function absenceOf({ ask, state }: Pick<Reply, 'ask' | 'state'>): string {
  if (state.status !== 'finished' || textOf(state) === ask.prompt || probabilitiesOf(state)) return '';
  return ask.probabilities
    ? `The engine that wrote the newest letters, ${state.engine}, does not tell how likely they were.`
    : 'How likely the newest letters were was not recorded. Stories that you ask for from now on have it.';
}

export interface LikelihoodViewOptions {
  readonly story: StoryText;
  /** The element that the choice of a letter is placed in; it is positioned. */
  readonly frame: HTMLElement;
  /** Receives the line that explains the tint. */
  readonly element: HTMLElement;
  /** Called with the letter of the story that another one is to replace. */
  readonly onBranch: (letter: Letter, text: string) => void;
}

export class LikelihoodView {
  readonly #element: HTMLElement;
  readonly #story: StoryText;
  readonly #tint = new Tint();
  readonly #letters: Letters;
  #replies: readonly Reply[] = [];
  /** The reader of each reply's newest probabilities. */
  readonly #readers = new WeakMap<object, ProbabilityReader>();
  #tintedAt = Number.NEGATIVE_INFINITY;
  #explained = '';

  constructor({ story, frame, element, onBranch }: LikelihoodViewOptions) {
    this.#story = story;
    this.#element = element;
    const placeAt = ({ reply, offset }: Letter) => {
      const reader = this.#readerOf(reply);
      const probability = reader?.probabilityAt(offset);
      const text = textOf(this.#replies[reply]!.state)[offset];
      if (!reader || probability === undefined || text === undefined) return undefined;
      return { text, probability, candidates: reader.candidatesAt(offset) };
    };
    this.#letters = new Letters({ story, frame, placeAt, onBranch });
  }

  /**
   * Shows the likelihoods of a thread's text as it is on the page.
   *
   * @param isGrowing whether more of the text is about to be shown
   */
  show(replies: readonly Reply[], isOn: boolean, isGrowing: boolean, nowMs: number): void {
    this.#replies = replies;
    const isKnown = replies.some(({ state }) => probabilitiesOf(state));
    if (!isOn || !isKnown) this.#tint.clear();
    else if (!isGrowing || nowMs - this.#tintedAt >= TINT_INTERVAL_MS) {
      this.#tintedAt = nowMs;
      this.#tint.show(this.#story.lines(), (reply) => this.#readerOf(reply));
    }
    this.#letters.show(isOn && isKnown && !isGrowing && isFinal(replies.at(-1)!.state));
    this.#explain(isOn, isKnown, replies.at(-1)!);
  }

  /** Removes the tint. */
  remove(): void {
    this.#tint.clear();
  }

  #explain(isOn: boolean, isKnown: boolean, last: Reply): void {
    const absence = isOn ? absenceOf(last) : '';
    const explained = isOn && isKnown ? `key ${absence}` : absence;
    this.#element.hidden = explained === '';
    if (explained === this.#explained) return;
    this.#explained = explained;
    this.#element.replaceChildren(...(isKnown ? keyToTint() : []), absence);
  }

  #readerOf(reply: number): ProbabilityReader | undefined {
    const probabilities = probabilitiesOf(this.#replies[reply]!.state);
    if (!probabilities) return undefined;
    const known = this.#readers.get(probabilities) ?? new ProbabilityReader(probabilities);
    this.#readers.set(probabilities, known);
    return known;
  }
}

function keyToTint(): (Node | string)[] {
  if (!canTint()) return ['This browser cannot tint letters. Press one to see its likelihood. '];
  const samples = TINT_BELOW.map((bound, index) =>
    make('span', { class: `sample unlikely-${index + 1}` }, `under ${percent(bound)}`),
  );
  return ['How likely a letter was: ', ...samples, ' Press one to see what else might have stood there. '];
}

function probabilitiesOf(state: ReplyState) {
  return state.status === 'writing' || state.status === 'finished' ? state.probabilities : undefined;
}
