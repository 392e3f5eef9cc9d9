import type { Requester } from '../../queue/admission/requester.ts';
import type { ReplyState, StoryRequest, StorytellerStatus } from '../../story/story.ts';

/** What is behind the web server: the replies that people asked for on the page. The queue implements it. */
export interface WebReplies {
  /** Starts a reply. Submitting an id twice is submitting once. Rejects with a `StoryError`, such as `busy`. */
  submit(id: string, request: StoryRequest, requester: Requester | undefined): Promise<void>;
  /** One reply as it stands; undefined when it is unknown or no longer kept. */
  read(id: string): Promise<KnownReply | undefined>;
  /**
   * Calls `listener` with every new state, starting with the current one, until a final state or until the
   * returned function is called. Undefined when the id is unknown.
   */
  follow(id: string, listener: (state: ReplyState) => void): Promise<(() => void) | undefined>;
  /** Asks a reply to stop where it is; false when the id is unknown. */
  stop(id: string): Promise<boolean>;
  /** How ready the storytellers are, and how many stories wait for them. */
  status(): StorytellerStatus & { waiting: number };
}

/** What is known about one reply. */
export interface KnownReply {
  /** The request as it was first submitted, with the seed that was drawn for it. */
  readonly request: StoryRequest;
  readonly state: ReplyState;
}
