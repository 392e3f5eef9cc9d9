/** A story that goes on from another letter of a story. Pure. */
import { STORY_BOUNDS } from '../story/story.ts';
import { endOf } from '../story/variations.ts';
import { type Ask, type Reply, textOf } from './reply.ts';

/** Characters that a branch has for the network at least. */
const LEAST_ROOM = 200;

/**
 * The request of a branch: the text before a letter and the letter that replaces it are the prompt, and the
 * settings are the story's own. What a prompt cannot hold of a long text becomes context.
 *
 * @param offset of the replaced letter in the reply's text
 */
export function branchAsk({ ask, state }: Pick<Reply, 'ask' | 'state'>, offset: number, letter: string): Ask {
  const whole = textOf(state).slice(0, offset) + letter;
  const prompt = endOf(whole, STORY_BOUNDS.prompt.max);
  const context = endOf(ask.context + whole.slice(0, whole.length - prompt.length));
  const length = Math.min(STORY_BOUNDS.length.max, Math.max(ask.length, prompt.length + LEAST_ROOM));
  const { brief: _, ...settings } = ask;
  return { ...settings, prompt, context, length, continuesWord: true };
}
