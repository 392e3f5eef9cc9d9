/** The parts of a story as they are shared, from the replies that show them. */
import { StoryError } from '../errors.ts';
import type { SharedPart } from '../share/share.ts';
import { beginsWith, joinOf } from '../story/parts.ts';
import type { ReplyState, StoryRequest } from '../story/story.ts';
import { clean } from './text.ts';

/** A reply with its request and state. */
export interface KnownReply {
  readonly request: StoryRequest;
  readonly state: ReplyState;
}

/**
 * Makes the parts of a share.
 *
 * @param replies of one story, in their order
 * @throws StoryError `bad_request` when one has not ended, or there is no text
 */
export function sharedParts(replies: readonly KnownReply[]): SharedPart[] {
  let before = '';
  const parts = replies.map(({ request, state }): SharedPart => {
    if (state.status !== 'finished') {
      throw new StoryError('bad_request', 'Only a finished story can be shared. Wait for its end.');
    }
    const { prompt, preset, temperature, length, seed, model } = request;
    const ownWords = beginsWith(state.text, prompt) ? clean(state.text.slice(0, prompt.length)) : '';
    const text = clean(state.text);
    // The cleaned beginning of a text is the beginning of the cleaned text.
    const { joint, promptLength } = joinOf(before, text, ownWords);
    before = text;
    return {
      text: joint + text,
      promptLength: promptLength > 0 ? joint.length + promptLength : 0,
      settings: { ...(preset && { preset }), temperature, length, seed, model },
      modelVersion: state.modelVersion,
      engine: state.engine,
      ending: state.ending,
    };
  });
  if (before.trim() === '') throw new StoryError('bad_request', 'There is no text to share.');
  return parts;
}
