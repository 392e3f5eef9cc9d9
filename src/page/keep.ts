/** Takes a story along: as copied text, as a link that writes it again, or as a file. */
import type { ModelChoice } from '../story/story.ts';
import { type Action, flash } from './actions.ts';
import { copyText, saveFile } from './browser.ts';
import { toggleFormats } from './format-menu.ts';
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
    return toggleFormats(button, (format) => {
      const save = async () => {
        const { storyFile } = await load('export');
        saveFile(storyFile(replies, format, models, Date.now()));
      };
      save().catch(() => {
        flash(button, action, 'The download failed');
        announce('The download failed');
      });
    });
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
