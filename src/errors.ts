/**
 * Every way in which a request can fail, as stable codes. A code becomes a log label, an HTTP status or a
 * sentence in a chat; the sentence is the error's own message and always says what to do next.
 */
export type ErrorCode =
  | 'bad_request' // the request itself is wrong: the message names the field and the bound
  | 'declined' // the prompt, or what it continues, has a word that is not written on from
  | 'blocked' // this person, channel, server or workspace is on a block list
  | 'busy' // too many stories are waiting
  | 'rate_limited' // this person or place has had its share for now
  | 'model_unavailable' // no such model, or its files are broken
  | 'queue_unavailable' // the queue cannot be reached at the moment
  | 'chat_unavailable' // a chat platform cannot be reached at the moment
  | 'no_progress' // a story was taken over again and again without growing
  | 'not_found' // no such story (any more)
  | 'configuration' // the operator's settings are wrong
  | 'internal'; // everything else: a defect of ours

/** An error whose message may be shown to the person who asked. */
export class StoryError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoryError';
    this.code = code;
  }
}

/** The sentence for a person: our own messages as they are, and nothing of anybody else's. */
export function sentenceFor(error: unknown): { code: ErrorCode; message: string } {
  if (error instanceof StoryError) return { code: error.code, message: error.message };
  return { code: 'internal', message: 'Something broke while writing this story. Please ask again.' };
}
