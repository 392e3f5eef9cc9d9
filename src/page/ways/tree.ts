/** The tree of what a story is and might have been, as lists of buttons. */
import { neutralise } from '../../story/paragraphs.ts';
import { make } from '../browser.ts';
import { type Reply, textOf } from '../reply.ts';

/** The most characters of a part in the tree. */
const EXCERPT = 110;

/**
 * The tree: a list for each step of the story, one below the other, with the ways that were offered there. What was
 * written on another way is in lists inside its item.
 *
 * @param all replies of the thread
 * @param onGo called with the reply that the story is to lead to
 */
export function treeLists(all: readonly Reply[], onGo: (replyId: string) => void): HTMLElement[] {
  const written = all.filter(({ state }) => textOf(state).trim() !== '');
  const known = new Set(written.map(({ id }) => id));
  // What a reply goes on from may no longer be kept.
  const parentOf = ({ after }: Reply) => (after !== undefined && known.has(after) ? after : undefined);
  const listsAfter = (id: string | undefined, step: number): HTMLElement[] => {
    const ways = written.filter((reply) => parentOf(reply) === id);
    if (ways.length === 0) return [];
    const current = ways.find(({ way }) => way === undefined);
    const items = ways.map((reply) => {
      const item = make('li', {}, buttonOf(reply, onGo));
      if (reply !== current) item.append(...listsAfter(reply.id, step + 1));
      return item;
    });
    const list = make('ul', { 'aria-label': `Step ${step}` }, ...items);
    return [list, ...(current ? listsAfter(current.id, step + 1) : [])];
  };
  return listsAfter(undefined, 1);
}

function buttonOf(reply: Reply, onGo: (replyId: string) => void): HTMLButtonElement {
  const { id, ask, state, way } = reply;
  const button = make(
    'button',
    { type: 'button', dir: 'auto', 'data-id': id },
    excerptOf(textOf(state), ask.prompt),
  );
  if (way === undefined) button.setAttribute('aria-current', 'true');
  button.addEventListener('click', () => onGo(id));
  return button;
}

/** The beginning of what a part adds to a story. */
function excerptOf(text: string, prompt: string): string {
  const added = neutralise(text.slice(prompt.length).trim() || text.trim()).replace(/\s+/g, ' ');
  return added.length <= EXCERPT ? added : `${added.slice(0, EXCERPT).replace(/\s+\S*$/, '')}…`;
}
