import { StoryError } from '../../errors.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a value is a valid client-chosen id of a reply. */
export function isReplyId(id: unknown): id is string {
  return typeof id === 'string' && UUID.test(id);
}

/**
 * The id in the queue's format.
 *
 * @throws StoryError `not_found` for an invalid id
 */
export function replyId(text: string): string {
  if (!isReplyId(text)) throw unknownReply();
  return text.toLowerCase();
}

export function unknownReply(): StoryError {
  return new StoryError('not_found', 'This story is not known here (any more). Ask for a new one.');
}
