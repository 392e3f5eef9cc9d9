/**
 * Shares a story. Under it are then its address, whether search engines may list it, and how it is taken down. A
 * script that the page loads when a story is shared.
 */
import { flash } from './actions.ts';
import type { SharedPage, Sharing } from './backend/backend.ts';
import { copyText, make } from './browser.ts';
import type { Reply } from './reply.ts';

const FAILED = 'That did not work. Try again.';

interface SharedStory {
  /** The id of the story's last reply, which is what is shared. */
  readonly last: string;
  readonly page: SharedPage;
  readonly sharing: Sharing;
  /** The button that opened the panel; it gets the focus when the panel is closed. */
  readonly opener: HTMLElement;
  /** Reads a text to users of screen readers. */
  readonly announce: (text: string) => void;
}

function showPage(panel: HTMLElement, { last, page, sharing, opener, announce }: SharedStory): void {
  const { address } = page;
  const link = make('a', { href: address, target: '_blank', rel: 'noopener' }, address);
  const box = make('input', { type: 'checkbox' });
  box.checked = page.isListed;
  const problem = make('p', { class: 'error', hidden: '' }, FAILED);
  const attempt = async (change: Promise<void>, done: string) => {
    problem.hidden = true;
    try {
      await change;
      announce(done);
      return true;
    } catch {
      problem.hidden = false;
      announce(FAILED);
      return false;
    }
  };
  box.addEventListener('change', async () => {
    const wanted = box.checked;
    const done = wanted ? 'Search engines may list it' : 'Search engines may not list it';
    if (!(await attempt(sharing.list(last, wanted), done))) box.checked = !wanted;
  });
  const button = make('button', { type: 'button', class: 'action unshare' }, 'Take it down');
  button.addEventListener('click', async () => {
    if (!(await attempt(sharing.unshare(last), 'The page is gone'))) return;
    const hadFocus = panel.contains(document.activeElement);
    panel.hidden = true;
    if (hadFocus) (opener.isConnected ? opener : panel.closest<HTMLElement>('.exchange'))?.focus();
  });
  panel.replaceChildren(
    make('p', {}, 'This story has a page of its own: ', link),
    make('label', {}, box, ' Search engines may list it'),
    button,
    problem,
  );
  panel.hidden = false;
  panel.scrollIntoView({ block: 'nearest' });
}

/**
 * Makes a page of a story; the button and the panel show the result, and the address is copied.
 *
 * @param panel its `data-last` names the reply that it is about
 */
export async function sharePage(
  replies: readonly Reply[],
  button: HTMLButtonElement,
  panel: HTMLElement,
  sharing: Sharing,
  announce: (text: string) => void,
): Promise<void> {
  const ids = replies.map(({ id }) => id);
  const last = ids.at(-1)!;
  panel.dataset.last = last;
  try {
    const page = await sharing.share(last, ids.slice(0, -1));
    showPage(panel, { last, page, sharing, opener: button, announce });
    const isCopied = await copyText(page.address);
    flash(button, 'share', isCopied ? 'Copied' : 'Shared');
    announce(isCopied ? 'Address copied' : 'Shared');
  } catch (error) {
    const { message } = error as Error;
    flash(button, 'share', 'Not shared');
    panel.replaceChildren(make('p', { class: 'error' }, message));
    panel.hidden = false;
    announce(message);
  }
}
