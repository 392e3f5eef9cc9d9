import type { StoryApi } from './api.ts';
import type { OpenEvents, StreamGate } from './following.ts';

/** The backend of the page's stories: a server, or the visitor's own browser. */
export interface StoryBackend {
  readonly api: StoryApi;
  readonly openEvents: OpenEvents;
  readonly gate: StreamGate;
  /** Whether a reply submitted before a reload is still known after it. */
  readonly remembers: boolean;
  /** Calls `listener` when the storytellers' status may have changed; absent where the page polls. */
  readonly onStatus?: (listener: () => void) => void;
}
