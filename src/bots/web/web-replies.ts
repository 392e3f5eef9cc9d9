import type { Requester } from '../../queue/admission/requester.ts';
import type { ReplyState, StoryRequest, StorytellerStatus } from '../../story/story.ts';

/** The replies behind the web server: those requested on the page. The queue implements it. */
export interface WebReplies {
  /** Starts a reply. Idempotent for one id. Rejects with a `StoryError`, such as `busy`. */
  submit(id: string, request: StoryRequest, requester: Requester | undefined): Promise<void>;
  /** A reply's request and current state; undefined when it is unknown or no longer kept. */
  read(id: string): Promise<KnownReply | undefined>;
  /**
   * Calls `listener` with every new state, starting with the current one, until a final state or until the
   * returned function is called. Returns undefined when the id is unknown.
   */
  follow(id: string, listener: (state: ReplyState) => void): Promise<(() => void) | undefined>;
  /** Requests that a reply stops; false when the id is unknown. */
  stop(id: string): Promise<boolean>;
  /** Whether the story workers are ready, and how many stories wait for them. */
  status(): StorytellerStatus & { waiting: number };
}

/** The stored request and state of one reply. */
export interface KnownReply {
  /** The request as first submitted, with the seed drawn for it. */
  readonly request: StoryRequest;
  readonly state: ReplyState;
}
