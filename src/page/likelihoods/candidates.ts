/** The panel with the characters that might have stood at one place of a story. */
import { type Candidate, END_OF_WORK } from '../../story/probabilities.ts';
import { make } from '../browser.ts';

const NAMES: Readonly<Record<string, string>> = {
  ' ': 'space',
  '\n': 'line end',
  [END_OF_WORK]: 'end of the story',
};

/** A character's name for a reader: itself in quotation marks, or a word for one that is not visible. */
export function letterName(text: string): string {
  return NAMES[text] ?? `“${text}”`;
}

/** `43%`; below one percent with one digit more. */
export function percent(probability: number): string {
  const share = probability * 100;
  if (share < 0.1) return 'under 0.1%';
  return share < 1 ? `${share.toFixed(1)}%` : `${Math.round(share)}%`;
}

/** What stood at a place, and the candidates for it. */
export interface Place {
  readonly text: string;
  readonly probability: number;
  readonly candidates: readonly Candidate[];
}

/** The candidates of a place, with what stood there as the last one if it is not among the likeliest. */
export function rowsOf({
  text,
  probability,
  candidates,
}: Place): (Candidate & { readonly stood: boolean })[] {
  const isListed = candidates.some((candidate) => candidate.text === text);
  return [...candidates, ...(isListed ? [] : [{ text, probability }])].map((candidate) => ({
    ...candidate,
    stood: candidate.text === text,
  }));
}

/**
 * Makes the panel's content: a heading and one row with a bar for each candidate. A row other than that of what
 * stood there is a button.
 *
 * @param onChoose called with the chosen character
 */
export function candidateRows(place: Place, onChoose: (text: string) => void): HTMLElement[] {
  const rows = rowsOf(place).map(({ text, probability, stood }) => {
    const name = letterName(text);
    const share = percent(probability);
    const bar = make('span', { class: 'bar', 'aria-hidden': 'true' });
    bar.style.setProperty('--share', String(probability));
    const button = make(
      'button',
      { type: 'button', class: stood ? 'candidate stood' : 'candidate' },
      make('span', { class: 'name' }, name),
      bar,
      make('span', { class: 'share' }, share),
    );
    if (stood) button.append(make('span', { class: 'unseen' }, ', stands here'));
    button.disabled = stood || text === END_OF_WORK;
    button.addEventListener('click', () => onChoose(text));
    return make('li', {}, button);
  });
  return [
    make('p', { class: 'place' }, 'Choose another letter, and the story goes on from it.'),
    make('ol', {}, ...rows),
  ];
}
