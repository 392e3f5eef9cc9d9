/**
 * Every way in which a request can fail, as stable codes. A code becomes a log label, an HTTP status or a
 * sentence in a chat; the sentence is the error's own message and always says what to do next.
 */
export type ErrorCode =
  | 'bad_request' // the request itself is wrong: the message names the field and the bound
  | 'declined' // the prompt, or the text it continues, contains a word that the filter refuses
  | 'blocked' // this user, channel, server or workspace is on a block list
  | 'busy' // too many stories are waiting
  | 'rate_limited' // the requester or community has used up a limit
  | 'model_unavailable' // the model does not exist, or its files are broken
  | 'queue_unavailable' // the queue cannot be reached
  | 'chat_unavailable' // a chat platform cannot be reached
  | 'no_progress' // a story lost its worker repeatedly without growing
  | 'not_found' // the story does not exist (any more)
  | 'configuration' // the operator's settings are wrong
  | 'internal'; // any other error: a defect of the program

/** An error whose message may be shown to the requester. */
export class StoryError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoryError';
    this.code = code;
  }
}

/** The sentence for a user: a `StoryError`'s message as it is; no text of any other error. */
export function sentenceFor(error: unknown): { code: ErrorCode; message: string } {
  if (error instanceof StoryError) return { code: error.code, message: error.message };
  return { code: 'internal', message: 'Something broke while writing this story. Please ask again.' };
}
