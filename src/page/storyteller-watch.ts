import type { StoryApi } from './api.ts';
import { type Storytellers, statusLine } from './words.ts';

const EAGER_MS = 1_500;
const CALM_MS = 20_000;

/** Polls the storytellers' status: often while a story waits for them, otherwise rarely. */
export class StorytellerWatch {
  now: Storytellers = { phase: 'unknown' };
  readonly #api: Pick<StoryApi, 'status'>;
  readonly #somebodyWaits: () => boolean;
  readonly #onChange: (line: string) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Pick<StoryApi, 'status'>, somebodyWaits: () => boolean, onChange: (line: string) => void) {
    this.#api = api;
    this.#somebodyWaits = somebodyWaits;
    this.#onChange = onChange;
    document.addEventListener('visibilitychange', () => document.hidden || this.look());
  }

  /** Polls now, and continues to poll. */
  look(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#look();
  }

  async #look(): Promise<void> {
    const before = this.now;
    try {
      this.now = await this.#api.status();
    } catch {
      this.now = { phase: 'offline' };
    }
    if (JSON.stringify(before) !== JSON.stringify(this.now)) this.#onChange(statusLine(this.now));
    const eager = this.now.phase !== 'ready' || this.#somebodyWaits();
    clearTimeout(this.#timer);
    if (!document.hidden) this.#timer = setTimeout(() => this.look(), eager ? EAGER_MS : CALM_MS);
  }
}
