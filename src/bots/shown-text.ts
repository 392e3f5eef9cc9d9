/**
 * The story's text that a reply shows: its posted form, revealed at the reply's pace. It only grows, until the
 * story begins anew.
 */
import { PostedText } from '../story/filter/find.ts';
import { type Probabilities, postedProbabilities } from '../story/probabilities.ts';
import { beginningOf, inBeginning, type ReplyState } from '../story/story.ts';
import type { Clock } from './cooldowns.ts';
import { Pace } from './story-feed.ts';

/** What became of the newest text. */
export interface Advance {
  /** Its posted form, and the field with the probabilities of that. */
  readonly posted: string;
  readonly known: { readonly probabilities?: Probabilities };
  /** Whether all of it is revealed. */
  readonly isWhole: boolean;
  /** Whether there is something to show that was not shown before. */
  readonly isNew: boolean;
}

export class ShownText {
  readonly #prompt: string;
  readonly #charactersPerSecond: number;
  readonly #clock: Clock;
  #pace: Pace;
  #posted: PostedText;
  #text = '';
  #beginning = 0;
  #isWriting: boolean;
  #probabilities: Probabilities | undefined;

  /**
   * @param earlier the state that an earlier processor recorded last
   * @param charactersPerSecond see `Pace`
   */
  constructor(prompt: string, earlier: ReplyState | undefined, charactersPerSecond: number, clock: Clock) {
    this.#prompt = prompt;
    this.#charactersPerSecond = charactersPerSecond;
    this.#clock = clock;
    this.#isWriting = earlier?.status === 'writing';
    if (earlier?.status === 'writing') {
      this.#text = earlier.text;
      this.#beginning = beginningOf(earlier);
      this.#probabilities = earlier.probabilities;
    }
    this.#pace = new Pace(charactersPerSecond, this.#text.length, clock);
    this.#posted = new PostedText(prompt);
  }

  get text(): string {
    return this.#text;
  }

  get beginning(): number {
    return this.#beginning;
  }

  /** Whether a text is shown, empty or not. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  get state(): ReplyState {
    return { status: 'writing', text: this.#text, ...this.probabilities, ...inBeginning(this.#beginning) };
  }

  /** The field with the probabilities of the shown text, if its story has them. They may go on beyond it. */
  get probabilities(): { readonly probabilities?: Probabilities } {
    return this.#probabilities ? { probabilities: this.#probabilities } : {};
  }

  /**
   * Reveals more of the story's newest text.
   *
   * @param beginning of that text
   * @param probabilities of that text
   */
  advance(newest: string, beginning: number, probabilities?: Probabilities): Advance {
    const isAnew = beginning > this.#beginning;
    if (isAnew) {
      this.#beginning = beginning;
      this.#text = '';
      this.#pace = new Pace(this.#charactersPerSecond, 0, this.#clock);
      this.#posted = new PostedText(this.#prompt);
    }
    const posted = this.#posted.of(newest);
    const known = postedProbabilities(probabilities, newest, posted);
    const revealed = this.#pace.reveal(posted, this.#prompt.length);
    // Accepts only a continuation of the shown text: a late snapshot from a lost worker is not one.
    const isLate = beginning < this.#beginning;
    const isMore = !isLate && revealed.length > this.#text.length && revealed.startsWith(this.#text);
    const isNew = !this.#isWriting || isAnew || isMore;
    if (isNew) {
      this.#isWriting = true;
      this.#text = revealed;
      this.#probabilities = known.probabilities;
    }
    return { posted, known, isWhole: revealed.length === posted.length, isNew };
  }
}
