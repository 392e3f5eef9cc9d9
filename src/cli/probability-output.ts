/** A story's characters with their probabilities, as `write --show-probabilities` prints them. */
import { type Candidate, type Probabilities, ProbabilityReader } from '../story/probabilities.ts';
import { printColoured, printLine } from './console.ts';

/**
 * Backgrounds for characters below these probabilities, of the terminal's 256 colours: one hue from light to dark,
 * all light enough for black letters.
 */
const COLOURS = [
  { below: 0.01, colour: 208 },
  { below: 0.05, colour: 214 },
  { below: 0.2, colour: 222 },
  { below: 0.5, colour: 230 },
] as const;
const DECIMALS = 5;

/** Whether output is coloured: to a terminal, unless NO_COLOR is set (https://no-color.org). */
export function isColoured(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  return isTerminal && !env.NO_COLOR;
}

/** The background of a character; undefined for a likely one. */
export function colourOf(probability: number): number | undefined {
  return COLOURS.find(({ below }) => probability < below)?.colour;
}

/** A line of the plain form: a character, its probability, and the likeliest characters with theirs. */
export function lineOf(
  text: string,
  probability: number | undefined,
  candidates: readonly Candidate[],
): string {
  const rounded = (share: number) => Number(share.toFixed(DECIMALS));
  return JSON.stringify({
    text,
    ...(probability === undefined
      ? {}
      : {
          probability: rounded(probability),
          likeliest: candidates.map((candidate) => [candidate.text, rounded(candidate.probability)]),
        }),
  });
}

/** Writes the new part of a growing text: as text on a terminal, elsewhere as one JSON object a character. */
export class ProbabilityOutput {
  /** Whether it prints the text as it is, in colours or not. */
  readonly isText: boolean;
  readonly #isColoured: boolean;
  #length = 0;

  constructor(isText: boolean, isColoured: boolean) {
    this.isText = isText;
    this.#isColoured = isColoured;
  }

  show(text: string, probabilities: Probabilities | undefined): void {
    const reader = probabilities && new ProbabilityReader(probabilities);
    for (const character of text.slice(this.#length)) {
      const probability = reader?.probabilityAt(this.#length);
      if (!this.isText) {
        printLine(lineOf(character, probability, reader?.candidatesAt(this.#length) ?? []));
      } else {
        const isPlain = !this.#isColoured || probability === undefined;
        printColoured(character, isPlain ? undefined : colourOf(probability));
      }
      this.#length += character.length;
    }
  }
}
