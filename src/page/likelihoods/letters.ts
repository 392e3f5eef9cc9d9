/**
 * Lets a reader point at a character of a story, with the pointer, a touch, or the keyboard. One element is the
 * only focus stop: a box around the present character, which arrow keys move and whose value a screen reader
 * speaks.
 */
import { make } from '../browser.ts';
import type { StoryText, TextLine } from '../story-text.ts';
import { candidateRows, letterName, type Place, percent } from './candidates.ts';

/** A character of a thread's text. */
export interface Letter {
  /** Index of the reply in its thread, and the character's offset in the reply's text. */
  readonly reply: number;
  readonly offset: number;
}

interface Stop extends Letter {
  readonly node: Text;
  readonly index: number;
}

export interface LettersOptions {
  readonly story: StoryText;
  /** The element that the box and the panel are placed in; it is positioned. */
  readonly frame: HTMLElement;
  /** What is known of a character; undefined for one that was not drawn. */
  readonly placeAt: (letter: Letter) => Place | undefined;
  readonly onBranch: (letter: Letter, text: string) => void;
}

/** Distance of the panel from the frame's edges, in CSS pixels. */
const MARGIN_PX = 8;

export class Letters {
  readonly #options: LettersOptions;
  readonly #box = make('div', {
    class: 'letter',
    role: 'slider',
    tabindex: '0',
    'aria-label': 'Letters of the story. Enter shows what else might have stood there',
  });
  readonly #panel = make('div', {
    class: 'candidates',
    role: 'dialog',
    tabindex: '-1',
    'aria-label': 'What might have stood here',
  });
  #isOn = false;
  #at: Letter | undefined;

  constructor(options: LettersOptions) {
    this.#options = options;
    this.#panel.hidden = true;
    const { story } = options;
    story.element.addEventListener('click', (event) => this.#press(event));
    this.#box.addEventListener('keydown', (event) => this.#key(event));
    this.#box.addEventListener('focus', () => this.#placeBox());
    this.#panel.addEventListener('keydown', (event) => this.#panelKey(event));
    this.#panel.addEventListener('focusout', (event) => {
      if (!this.#panel.contains(event.relatedTarget as Node | null)) this.#close(false);
    });
  }

  /** Switches the choice of letters on or off. */
  show(isOn: boolean): void {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    if (isOn) {
      this.#options.frame.append(this.#box, this.#panel);
      this.#move(this.#stops()[0]);
    } else {
      this.#close(false);
      this.#box.remove();
      this.#panel.remove();
      this.#at = undefined;
    }
  }

  /** All characters that can be chosen, in reading order. */
  #stops(): Stop[] {
    const stops: Stop[] = [];
    for (const { node, reply, from, length } of this.#options.story.lines()) {
      for (let index = 0; index < length; index++) {
        const letter = { reply, offset: from + index };
        if (this.#options.placeAt(letter)) stops.push({ ...letter, node, index });
      }
    }
    return stops;
  }

  #press(event: MouseEvent): void {
    if (!this.#isOn || getSelection()?.isCollapsed === false) return;
    const stop = this.#stopUnder(event);
    if (!stop) return;
    this.#move(stop);
    this.#open();
  }

  #stopUnder({ clientX, clientY }: MouseEvent): Stop | undefined {
    const found = caretAt(clientX, clientY);
    const line = this.#options.story.lines().find(({ node }) => node === found?.node);
    if (!found || !line) return undefined;
    // The caret may stand on either side of the character.
    return [found.offset, found.offset - 1]
      .filter((index) => index >= 0 && index < line.length)
      .map((index) => stopOf(line, index))
      .find((stop) => {
        const { left, right } = rectOf(stop);
        return clientX >= left - 1 && clientX <= right + 1 && this.#options.placeAt(stop) !== undefined;
      });
  }

  #key(event: KeyboardEvent): void {
    const stops = this.#stops();
    const at = stops.findIndex(
      ({ reply, offset }) => reply === this.#at?.reply && offset === this.#at.offset,
    );
    const next: Readonly<Record<string, () => Stop | undefined>> = {
      ArrowRight: () => stops[Math.min(stops.length - 1, at + 1)],
      ArrowLeft: () => stops[Math.max(0, at - 1)],
      ArrowDown: () => nextRow(stops, at, 1),
      ArrowUp: () => nextRow(stops, at, -1),
      Home: () => stops[0],
      End: () => stops.at(-1),
    };
    if (event.key === 'Enter' || event.key === ' ') this.#open();
    else if (next[event.key]) this.#move(next[event.key]!(), stops);
    else return;
    event.preventDefault();
  }

  #move(stop: Stop | undefined, stops: readonly Stop[] = this.#stops()): void {
    if (!stop) return;
    this.#at = stop;
    const place = this.#options.placeAt(stop)!;
    const position = stops.findIndex(({ reply, offset }) => reply === stop.reply && offset === stop.offset);
    this.#box.setAttribute('aria-valuemin', '1');
    this.#box.setAttribute('aria-valuemax', String(stops.length));
    this.#box.setAttribute('aria-valuenow', String(position + 1));
    const word = wordAround(stop.node.data, stop.index);
    const inWord = word === '' ? '' : `, in ${word}`;
    this.#box.setAttribute(
      'aria-valuetext',
      `${letterName(place.text)}, ${percent(place.probability)}${inWord}`,
    );
    this.#placeBox(stop);
    if (document.activeElement === this.#box) this.#box.scrollIntoView({ block: 'nearest' });
  }

  #placeBox(stop: Stop | undefined = this.#present()): void {
    if (!stop) return;
    const frame = this.#options.frame.getBoundingClientRect();
    const { left, top, width, height } = rectOf(stop);
    const { style } = this.#box;
    style.left = `${left - frame.left}px`;
    style.top = `${top - frame.top}px`;
    style.width = `${width}px`;
    style.height = `${height}px`;
  }

  #present(): Stop | undefined {
    const at = this.#at;
    const lines = this.#options.story.lines();
    const line = lines.find(
      ({ reply, from, length }) => reply === at?.reply && at.offset >= from && at.offset < from + length,
    );
    return line && at && stopOf(line, at.offset - line.from);
  }

  #open(): void {
    const at = this.#at;
    const place = at && this.#options.placeAt(at);
    if (!at || !place) return;
    this.#placeBox();
    const onChoose = (text: string) => {
      this.#close(false);
      this.#options.onBranch(at, text);
    };
    this.#panel.replaceChildren(...candidateRows(place, onChoose));
    this.#panel.hidden = false;
    const { offsetLeft, offsetTop, offsetHeight } = this.#box;
    const most = this.#options.frame.clientWidth - this.#panel.offsetWidth - MARGIN_PX;
    this.#panel.style.left = `${Math.max(MARGIN_PX, Math.min(offsetLeft, most))}px`;
    this.#panel.style.top = `${offsetTop + offsetHeight + 4}px`;
    const first = this.#panel.querySelector<HTMLElement>('button:enabled') ?? this.#panel;
    first.focus({ preventScroll: true });
    this.#panel.scrollIntoView({ block: 'nearest' });
  }

  #panelKey(event: KeyboardEvent): void {
    const buttons = [...this.#panel.querySelectorAll<HTMLElement>('button:enabled')];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    if (event.key === 'Escape') this.#close(true);
    else if (event.key === 'ArrowDown') buttons[(at + 1) % buttons.length]?.focus();
    else if (event.key === 'ArrowUp') buttons.at(at - 1)?.focus();
    else return;
    event.preventDefault();
  }

  /** @param returns whether the focus goes back to the letter */
  #close(returns: boolean): void {
    if (this.#panel.hidden) return;
    this.#panel.hidden = true;
    if (returns) this.#box.focus({ preventScroll: true });
  }
}

function stopOf(line: TextLine, index: number): Stop {
  return { reply: line.reply, offset: line.from + index, node: line.node, index };
}

function rectOf({ node, index }: Stop): DOMRect {
  const range = document.createRange();
  range.setStart(node, index);
  range.setEnd(node, index + 1);
  return range.getBoundingClientRect();
}

/** The nearest character of the next row of text in a direction; the last one where there is no further row. */
function nextRow(stops: readonly Stop[], at: number, direction: 1 | -1): Stop | undefined {
  const start = stops[at];
  if (!start) return stops[0];
  const { left, top, height } = rectOf(start);
  let best = start;
  let distance = Number.POSITIVE_INFINITY;
  let row: number | undefined;
  for (let index = at + direction; stops[index]; index += direction) {
    const rect = rectOf(stops[index]!);
    if (Math.abs(rect.top - top) < height / 2) continue;
    row ??= rect.top;
    if (Math.abs(rect.top - row) > height / 2) break;
    const apart = Math.abs(rect.left - left);
    if (apart < distance) [best, distance] = [stops[index]!, apart];
  }
  return best;
}

/** The word that contains a character; empty for a character between words. */
export function wordAround(text: string, index: number): string {
  if (/\s/.test(text[index] ?? ' ')) return '';
  const start = text.slice(0, index).search(/\S+$/);
  return /^\S*/.exec(text.slice(start < 0 ? index : start))![0];
}

/** The text node and offset at a point of the window. */
function caretAt(x: number, y: number): { node: Node; offset: number } | undefined {
  if ('caretPositionFromPoint' in document) {
    const position = document.caretPositionFromPoint(x, y);
    return position ? { node: position.offsetNode, offset: position.offset } : undefined;
  }
  // Safari has only the older method.
  const range = (document as Document).caretRangeFromPoint?.(x, y);
  return range ? { node: range.startContainer, offset: range.startOffset } : undefined;
}
