/** Deletes replies here at once, and in the backend as soon as it answers. */
import type { StoryApi } from './backend/backend.ts';
import { later } from './browser.ts';
import type { Reply } from './reply.ts';
import type { ReplyStore } from './store.ts';

/** Pause before an unanswered deletion is sent again. */
const AGAIN_MS = 10_000;

export class Deletions {
  readonly #store: ReplyStore;
  readonly #api: Pick<StoryApi, 'remove'>;
  #cancel = () => {};

  constructor(store: ReplyStore, api: Pick<StoryApi, 'remove'>) {
    this.#store = store;
    this.#api = api;
  }

  /** Deletes replies; the backend's deletion is sent again, also after a reload, until it is confirmed. */
  delete(ids: readonly string[]): void {
    this.#store.delete(ids);
    void this.send();
  }

  /** Deletes replies, and stores others in their place. */
  replace(ids: readonly string[], replies: readonly Reply[]): void {
    this.#store.replace(ids, replies);
    void this.send();
  }

  /** Sends the deletions that the backend has not confirmed. */
  async send(): Promise<void> {
    this.#cancel();
    for (const id of this.#store.deleted()) {
      try {
        await this.#api.remove(id);
        this.#store.confirmDeletion(id);
      } catch {
        this.#cancel = later(AGAIN_MS, () => void this.send());
        return;
      }
    }
  }
}
