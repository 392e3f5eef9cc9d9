/** Under a story that has ended: two buttons that say whether one likes it. Pressing one again takes it back. */
import { isRatable, VERDICT_LABELS, VERDICTS, type Verdict } from '../story/feedback.ts';
import { make, setText } from './browser.ts';
import type { Reply } from './reply.ts';

export class FeedbackButtons {
  readonly element = make('div', {
    class: 'feedback',
    role: 'group',
    'aria-label': 'Your opinion of this story',
  });
  readonly #buttons = new Map<Verdict, HTMLButtonElement>();
  readonly #note = make('span', { class: 'note error' });
  #given: Verdict | undefined;
  #isSending = false;
  #refused: { readonly id: string; readonly sentence: string } | undefined;

  /**
   * @param onVerdict called with the user's verdict; undefined takes it back. Until it resolves, presses have no
   *   effect: a double click is one press
   */
  constructor(onVerdict: (verdict: Verdict | undefined) => Promise<void>) {
    for (const verdict of VERDICTS) {
      const label = VERDICT_LABELS[verdict];
      const button = make('button', { type: 'button', class: `action ${verdict}`, 'aria-label': label });
      button.title = label;
      button.append(thumb());
      button.addEventListener('click', async () => {
        if (this.#isSending) return;
        this.#isSending = true;
        await onVerdict(this.#given === verdict ? undefined : verdict);
        this.#isSending = false;
      });
      this.#buttons.set(verdict, button);
    }
    this.element.append(...this.#buttons.values(), this.#note);
    this.show(undefined);
  }

  /** Shows what the user says of a reply; nothing where that is not asked, or the reply cannot be rated. */
  show(reply: Reply | undefined): void {
    this.element.hidden = !reply || !isRatable(reply.state, reply.ask);
    this.#given = reply?.verdict;
    for (const [verdict, button] of this.#buttons) {
      button.setAttribute('aria-pressed', String(verdict === this.#given));
    }
    setText(this.#note, this.#refused && this.#refused.id === reply?.id ? this.#refused.sentence : '');
  }

  /** Notes why the last verdict on a reply does not count; undefined when it does. */
  refuse(id: string, sentence: string | undefined): void {
    this.#refused = sentence === undefined ? undefined : { id, sentence };
  }
}

const SVG = 'http://www.w3.org/2000/svg';
/** A cuff, and a hand with its thumb up, in a square of 24. */
const THUMB = 'M3 10h4v10H3zM9 20V10l4-8q3 0 2 3l-1 4h7q1 0 0 3l-2 8z';

/** A picture of a thumb: not every machine has a font with emoji. */
function thumb(): SVGElement {
  const picture = document.createElementNS(SVG, 'svg');
  picture.setAttribute('viewBox', '0 0 24 24');
  picture.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', THUMB);
  picture.append(path);
  return picture;
}

/** The reply with another verdict of its user. */
export function withVerdict(reply: Reply, verdict: Verdict | undefined): Reply {
  const { verdict: _, ...rest } = reply;
  return verdict === undefined ? rest : { ...rest, verdict };
}
