/** Under a shared story: its address, whether search engines may list it, and how it is taken down. */
import { flash } from './actions.ts';
import type { Sharing } from './backend/backend.ts';
import { copyText, make } from './browser.ts';
import type { Reply } from './reply.ts';

export class SharePanel {
  readonly element = make('div', { class: 'shared', role: 'group', 'aria-label': 'The page of this story' });

  constructor() {
    this.element.hidden = true;
  }

  /** @param last the id of the story's last reply, which is what is shared */
  show(address: string, last: string, sharing: Sharing, announce: (text: string) => void): void {
    const link = make('a', { href: address, target: '_blank', rel: 'noopener' }, address);
    const box = make('input', { type: 'checkbox' });
    box.addEventListener('change', () => {
      const wanted = box.checked;
      sharing.list(last, wanted).then(
        () => announce(wanted ? 'Search engines may list it' : 'Search engines may not list it'),
        () => {
          box.checked = !wanted;
          announce('That did not work. Try again.');
        },
      );
    });
    const button = make('button', { type: 'button', class: 'action unshare' }, 'Take it down');
    button.addEventListener('click', () => {
      sharing.unshare(last).then(
        () => {
          this.element.hidden = true;
          announce('The page is gone');
        },
        () => announce('That did not work. Try again.'),
      );
    });
    this.element.replaceChildren(
      make('p', {}, 'This story has a page of its own: ', link),
      make('label', {}, box, ' Search engines may list it'),
      button,
    );
    this.element.hidden = false;
  }
}

/** Makes a page of a story; the button and the panel show the result, and the address is copied. */
export async function shareStory(
  replies: readonly Reply[],
  button: HTMLButtonElement,
  panel: SharePanel,
  sharing: Sharing,
  announce: (text: string) => void,
): Promise<void> {
  const ids = replies.map(({ id }) => id);
  const last = ids.at(-1)!;
  try {
    const address = await sharing.share(last, ids.slice(0, -1));
    panel.show(address, last, sharing, announce);
    const done = (await copyText(address)) ? 'Address copied' : 'Shared';
    flash(button, 'share', done);
    announce(done);
  } catch (error) {
    const { message } = error as Error;
    flash(button, 'share', 'Not shared');
    announce(message);
  }
}
