/** The messages between the page and the worker that writes its stories. */
import type { ReplyState, StoryRequest, StorytellerStatus } from '../story/story.ts';

/** From the page. */
export type Order =
  /** Prepare this model before a story is requested from it. */
  | { readonly type: 'prepare'; readonly model: string }
  | { readonly type: 'write'; readonly id: string; readonly request: StoryRequest }
  | { readonly type: 'stop'; readonly id: string };

/** From the worker. */
export type Report =
  /** `undefined` when the model could not be prepared. */
  | { readonly type: 'status'; readonly status: StorytellerStatus | undefined }
  | { readonly type: 'state'; readonly id: string; readonly state: ReplyState };
