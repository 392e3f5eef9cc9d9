/** What the page and the worker that writes its stories tell each other. */
import type { ReplyState, StoryRequest, StorytellerStatus } from '../story/story.ts';

/** From the page. */
export type Order =
  /** Have this model ready: nobody has asked for a story by it yet. */
  | { readonly type: 'prepare'; readonly model: string }
  | { readonly type: 'write'; readonly id: string; readonly request: StoryRequest }
  | { readonly type: 'stop'; readonly id: string };

/** From the worker. */
export type Report =
  /** `undefined` when what was to be prepared could not be. */
  | { readonly type: 'status'; readonly status: StorytellerStatus | undefined }
  | { readonly type: 'state'; readonly id: string; readonly state: ReplyState };
