/** Takes a story along: as copied text, as a link that writes it again, as a file, or as a page of its own. */
import type { ModelChoice } from '../story/story.ts';
import { type Action, flash } from './actions.ts';
import type { Sharing } from './backend/backend.ts';
import { copyText } from './browser.ts';
import { hashForThread } from './link.ts';
import { load } from './on-demand.ts';
import { type Reply, wholeText } from './reply.ts';

export interface Keeping {
  readonly models: readonly ModelChoice[];
  /** Reads a text to users of screen readers. */
  readonly announce: (text: string) => void;
}

/** Carries out one of the actions that keep a story; the button shows the result. */
export async function keepStory(
  action: 'copy' | 'link' | 'download',
  replies: readonly Reply[],
  button: HTMLButtonElement,
  { models, announce }: Keeping,
): Promise<void> {
  if (action === 'download') {
    const fail = () => {
      flash(button, action, 'The download failed');
      announce('The download failed');
    };
    try {
      const { toggleDownload } = await load('export');
      toggleDownload(button, replies, models, fail);
    } catch {
      fail();
    }
    return;
  }
  const isLink = action === 'link';
  const copied = await copyText(
    isLink ? new URL(hashForThread(replies)!, location.href).href : wholeText(replies),
  );
  const done = isLink ? 'Link copied' : 'Copied';
  const answer = copied ? done : 'The browser does not allow it';
  flash(button, action satisfies Action, answer);
  announce(answer);
}

/** Makes a page of a story, which the panel shows. */
export async function shareStory(
  replies: readonly Reply[],
  button: HTMLButtonElement,
  panel: HTMLElement,
  sharing: Sharing,
  announce: (text: string) => void,
): Promise<void> {
  try {
    const { sharePage } = await load('share');
    await sharePage(replies, button, panel, sharing, announce);
  } catch {
    flash(button, 'share', 'Not shared');
    announce('Not shared');
  }
}
