/** Tints unlikely characters with the CSS Custom Highlight API, which leaves the page's nodes as they are. */
import type { ProbabilityReader } from '../../story/probabilities.ts';
import type { TextLine } from '../story-text.ts';

/** A character is tinted at a level when its probability is below the level's bound; the last is the strongest. */
export const TINT_BELOW = [0.5, 0.2, 0.05, 0.01] as const;

/** The level of a probability, 1 to the number of bounds; 0 for no tint. */
export function tintLevel(probability: number): number {
  return TINT_BELOW.filter((bound) => probability < bound).length;
}

/** Consecutive characters of one line with one level. */
export interface TintedRun {
  readonly level: number;
  readonly start: number;
  readonly end: number;
}

/** The tinted runs of a line. */
export function runsOf(
  { from, length }: Pick<TextLine, 'from' | 'length'>,
  reader: Pick<ProbabilityReader, 'probabilityAt'>,
): TintedRun[] {
  const runs: TintedRun[] = [];
  let start = 0;
  let level = 0;
  for (let index = 0; index <= length; index++) {
    const probability = index < length ? reader.probabilityAt(from + index) : undefined;
    const next = probability === undefined ? 0 : tintLevel(probability);
    if (next === level && index < length) continue;
    if (level > 0) runs.push({ level, start, end: index });
    start = index;
    level = next;
  }
  return runs;
}

/** Whether the browser can tint text. */
export function canTint(): boolean {
  return typeof Highlight === 'function' && 'highlights' in CSS;
}

/** The tint of one story. All stories share one highlight for each level. */
export class Tint {
  #shown: { readonly highlight: Highlight; readonly range: AbstractRange }[] = [];

  /** Replaces the tint; without lines, removes it. */
  show(lines: readonly TextLine[], readerOf: (reply: number) => ProbabilityReader | undefined): void {
    this.clear();
    if (!canTint()) return;
    for (const line of lines) {
      const reader = readerOf(line.reply);
      if (!reader) continue;
      for (const { level, start, end } of runsOf(line, reader)) {
        // Static: live ranges would slow down every change of the text.
        const range = new StaticRange({
          startContainer: line.node,
          startOffset: start,
          endContainer: line.node,
          endOffset: end,
        });
        const highlight = highlightOf(level);
        highlight.add(range);
        this.#shown.push({ highlight, range });
      }
    }
  }

  clear(): void {
    for (const { highlight, range } of this.#shown) highlight.delete(range);
    this.#shown = [];
  }
}

function highlightOf(level: number): Highlight {
  const name = `unlikely-${level}`;
  const known = CSS.highlights.get(name);
  if (known) return known;
  const highlight = new Highlight();
  CSS.highlights.set(name, highlight);
  return highlight;
}
