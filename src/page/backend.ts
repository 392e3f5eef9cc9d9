import type { StoryApi } from './api.ts';
import type { OpenEvents, StreamGate } from './following.ts';

/** Where the page's stories are written: a server, or the visitor's own browser. */
export interface StoryBackend {
  readonly api: StoryApi;
  readonly openEvents: OpenEvents;
  readonly gate: StreamGate;
  /** Whether what was submitted before a reload is still known after it. */
  readonly remembers: boolean;
  /** Has `listener` called when the storytellers' status may have changed; absent where one has to ask. */
  readonly onStatus?: (listener: () => void) => void;
}
