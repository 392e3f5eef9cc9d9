/** The page's use of the browser: elements, clipboard, random numbers, timers, storage, scrolling. */
import type { ExportedFile } from '../export/export.ts';
import type { PageStorage } from './store.ts';

/**
 * Creates an element with attributes and children; strings become text. Text is only set as text, never as
 * markup.
 */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The element with this id, which `index.html` contains. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`Expected #${id} to be a ${kind.name}`);
  return element;
}

/** The last text set on each element: a translated page shows a different text. */
const lastTexts = new WeakMap<HTMLElement, string>();

/** Sets an element's text, and hides it when the text is empty. An unchanged text is not set again. */
export function setText(element: HTMLElement, text: string): void {
  if (lastTexts.get(element) !== text) element.textContent = text;
  lastTexts.set(element, text);
  element.hidden = text === '';
}

/**
 * Makes a change to an element. If the focus was in it and is lost by that, because what had it was removed or
 * hidden, the element itself gets it.
 */
export function keepFocus(element: HTMLElement, change: () => void): void {
  const hadFocus = element.contains(document.activeElement);
  change();
  const { activeElement: now } = document;
  // Until the next frame, a hidden element still has the focus.
  const isLost = !element.contains(now) || now?.closest('[hidden]') != null;
  if (hadFocus && isLost) element.focus({ preventScroll: true });
}

/** Copies text to the clipboard; false when the browser refuses. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Over plain http from another machine the clipboard API is missing, and only this older method works.
    const { activeElement } = document;
    const area = make('textarea', { readonly: '', class: 'unseen', 'aria-hidden': 'true' });
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    (activeElement as HTMLElement | null)?.focus({ preventScroll: true });
    return copied;
  }
}

/** Saves a file. */
export function saveFile({ name, mediaType, bytes }: ExportedFile): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: mediaType }));
  make('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Calls `run` after `ms`, unless the returned function was called before. */
export function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** Resolves after `ms`. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A random UUID, also where `crypto.randomUUID` is missing (plain http from another machine). */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** A random seed. */
export function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/** The browser's storage; undefined where the browser forbids it. */
export function openStorage(): PageStorage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}

/** Whether text should appear at once instead of gradually. */
export function prefersReducedMotion(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** Announces a text to a screen reader, politely; a repeated text is announced again. */
export function announcer(region: HTMLElement): (text: string) => void {
  return (text) => {
    region.textContent = '';
    setTimeout(() => {
      region.textContent = text;
    }, 50);
  };
}

/** How far from its end a page still counts as scrolled to the end, in CSS pixels. */
const NEAR_END_PX = 64;

/** Space below the end of the stories when it is kept in view, in CSS pixels. */
const BELOW_END_PX = 16;

/**
 * Keeps the end in view while the page grows, for a reader at the end. That is the page's end, with the form
 * below the stories; where the form does not stick to the window, it is the end of the stories, or the form
 * while it is being filled in.
 */
export function endKeeper(stories: HTMLElement, form: HTMLElement): { grown(): void; jump(): void } {
  const root = document.documentElement;
  let atEnd = true;
  let jumpedToPx = 0;
  let formTopPx = 0;
  const sticks = () => getComputedStyle(form).position === 'sticky';
  const endPx = () =>
    sticks() ? root.scrollHeight : scrollY + stories.getBoundingClientRect().bottom + BELOW_END_PX;
  const isFilledIn = () => {
    const { activeElement } = document;
    if (activeElement instanceof HTMLTextAreaElement) return activeElement.value !== '';
    return form.contains(activeElement) && !(activeElement instanceof HTMLButtonElement);
  };
  const noteForm = () => {
    formTopPx = form.getBoundingClientRect().top;
  };
  const keepForm = () => {
    const isInView = formTopPx >= 0 && formTopPx < innerHeight;
    if (isInView) scrollBy({ top: form.getBoundingClientRect().top - formTopPx, behavior: 'instant' });
  };
  const jump = () => {
    atEnd = true;
    scrollTo({ top: endPx() - innerHeight, behavior: 'instant' });
    jumpedToPx = scrollY;
  };
  addEventListener(
    'scroll',
    () => {
      // The scroll event of a jump comes late, when the story may have grown beyond it.
      const isJump = Math.abs(scrollY - jumpedToPx) < 1;
      atEnd = isJump || scrollY + innerHeight >= endPx() - NEAR_END_PX;
      noteForm();
    },
    { passive: true },
  );
  form.addEventListener('focusin', noteForm);
  const grown = () => {
    if (!sticks() && isFilledIn()) keepForm();
    else if (atEnd && stories.childElementCount > 0) jump();
  };
  // Options, a long prompt or a message about it make the form taller, so that it covers the end of the last
  // story.
  new ResizeObserver(() => {
    // What is scrolled into view is not to lie under the form.
    root.style.setProperty('--covered', `${sticks() ? form.offsetHeight + BELOW_END_PX : 0}px`);
    if (sticks()) grown();
  }).observe(form);
  return { jump, grown };
}
