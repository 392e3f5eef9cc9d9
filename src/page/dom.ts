/** The few DOM helpers that the page needs. Text is only ever set as text, never as markup. */

/** Makes an element with attributes and children; strings become text. */
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

/** The element with this id, which `index.html` is known to hold. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`Expected #${id} to be a ${kind.name}`);
  return element;
}

/** What elements were last given to say: a translated page shows something else. */
const said = new WeakMap<HTMLElement, string>();

/** Sets an element's text, and hides it when there is none. What is said already is not touched again. */
export function say(element: HTMLElement, text: string): void {
  if (said.get(element) !== text) element.textContent = text;
  said.set(element, text);
  element.hidden = text === '';
}

/** Puts text on the clipboard; false when the browser does not let us. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Over plain http from another machine there is no clipboard, only this older way.
    const area = make('textarea', { readonly: '', class: 'unseen', 'aria-hidden': 'true' });
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
  }
}

/** Saves text as a file. */
export function downloadText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  make('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
