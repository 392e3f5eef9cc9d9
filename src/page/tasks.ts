/** What the composer asks for besides a new story. */
import { isFinal } from '../story/story.ts';
import { endOf, jointBefore } from '../story/variations.ts';
import type { SharedEnd } from './backend/backend.ts';
import type { Task } from './composer.ts';
import { type Ask, continuationContext, type Reply } from './reply.ts';

/**
 * A line with which a story goes on.
 *
 * @param read the story's parts when the line is sent; undefined when it is gone
 */
export function lineTask(read: () => readonly Reply[] | undefined, onAsk: (ask: Ask) => void): Task {
  return {
    note: 'Your line, and the story goes on',
    needsWords: true,
    placeholder: 'Then the door opened',
    onSend: ({ prompt, seed }) => {
      const replies = read();
      const last = replies?.at(-1);
      if (!replies || !last || !isFinal(last.state)) return;
      onAsk({ ...last.ask, prompt, context: continuationContext(replies, undefined, prompt), seed });
    },
  };
}

/** An ending of the visitor's own for a story that another user shared. */
export function endingTask({ title, context, settings }: SharedEnd, onAsk: (ask: Ask) => void): Task {
  return {
    note: `Your own ending of “${title}”: write a line, or let the network go on`,
    placeholder: 'Then the door opened',
    onSend: ({ prompt, seed }) => {
      const end = endOf(context + jointBefore(prompt, context));
      onAsk({ ...settings, prompt, context: end, seed });
    },
  };
}

/** A story's request, to be changed. */
export function editTask(ask: Ask, onAsk: (ask: Ask) => void): Task {
  return {
    note: 'Edit the story: it is written anew in its place',
    ask,
    onSend: (edited) => onAsk({ ...edited, context: ask.context }),
  };
}

/** Stops a reply; the button shows that until the story has ended. */
export async function stopWith(button: HTMLButtonElement, stop: () => Promise<void>): Promise<void> {
  if (button.ariaDisabled === 'true') return;
  // Not `disabled`, which would remove the focus from the button during a press.
  button.ariaDisabled = 'true';
  button.textContent = 'Stopping…';
  try {
    await stop();
  } catch {
    button.ariaDisabled = null;
    button.textContent = 'Stop';
  }
}
