/** The interface between the page and the backend of its stories: a server, or a worker in the browser. */
import type { Verdict } from '../../story/feedback.ts';
import type { ModelChoice, ReplyState, StoryRequest, StorytellerStatus } from '../../story/story.ts';
import type { Ask } from '../reply.ts';

/** The backend of the page's stories. */
export interface StoryBackend {
  readonly api: StoryApi;
  readonly openEvents: OpenEvents;
  readonly gate: StreamGate;
  /** Whether a reply submitted before a reload is still known after it. */
  readonly remembers: boolean;
  /** Calls `listener` when the storytellers' status may have changed; absent where the page polls. */
  readonly onStatus?: (listener: () => void) => void;
}

/** Requests to a backend. Refusals are an `ApiError`. */
export interface StoryApi {
  /** Starts a reply. Idempotent for one id. */
  submit(id: string, ask: Ask): Promise<StoryRequest>;
  /**
   * Starts replies of which the user chooses one, and which count as one: `ask` under different seeds, of which it has
   * the first. Idempotent for their ids, of which there are `CHOICES`.
   */
  offer(ids: readonly string[], ask: Ask): Promise<readonly StoryRequest[]>;
  /** A reply's request and current state; undefined when it is unknown. */
  read(id: string): Promise<{ request: StoryRequest; state: ReplyState } | undefined>;
  stop(id: string): Promise<void>;
  /** Deletes a reply and all that is kept of it; one that is unknown is deleted already. */
  remove(id: string): Promise<void>;
  /** Gives, changes or takes back the user's verdict on a reply; absent where none is counted. */
  rate?(id: string, verdict: Verdict | undefined): Promise<void>;
  models(): Promise<readonly ModelChoice[]>;
  /** Undefined where stories cannot be shared; to be asked after the models. */
  sharing?(): Sharing | undefined;
  status(): Promise<StorytellerStatus>;
}

/** Shared stories, on a server that has a public address. A reply's id permits to change what was made of it. */
export interface Sharing {
  /** Makes a page of a reply and of the parts before it. Idempotent. */
  share(id: string, before: readonly string[]): Promise<SharedPage>;
  /** Allows or forbids search engines to list a page. */
  list(id: string, isListed: boolean): Promise<void>;
  /** Takes a page down. */
  unshare(id: string): Promise<void>;
  /** The end of a shared story and its settings; undefined when it is not shared. */
  read(shareId: string): Promise<SharedEnd | undefined>;
}

export interface SharedPage {
  readonly address: string;
  /** Whether search engines may list it. */
  readonly isListed: boolean;
}

export interface SharedEnd {
  readonly title: string;
  readonly context: string;
  readonly settings: Omit<Ask, 'prompt' | 'context'>;
}

/**
 * A refusal with a sentence. `offline`: the backend was not reached, and the same request may be sent again.
 */
export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Opens the events of a reply; the returned function closes them. */
export type OpenEvents = (id: string, listener: EventListener) => () => void;

/** Receives the events of a reply. */
export interface EventListener {
  onState(state: ReplyState): void;
  /** A keep-alive without a new state. */
  onAlive(): void;
  /** The stream ended, failed or does not know the reply. */
  onLoss(): void;
}

/** Decides when events may be used: a hidden window polls instead. */
export interface StreamGate {
  /** Returns the function that releases the events; undefined when events are not available. */
  enter(onRevoke: () => void): (() => void) | undefined;
}
