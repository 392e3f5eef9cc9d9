/** Writes replies that grow to the browser's storage, at most once a second. */
import type { Reply } from './reply.ts';
import type { ReplyStore } from './store.ts';

const SAVE_EVERY_MS = 1_000;

export class Saves {
  readonly #store: ReplyStore;
  readonly #unsaved = new Map<string, Reply>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: ReplyStore) {
    this.#store = store;
  }

  /** Notes a changed reply, and writes it soon, or now. */
  note(reply: Reply, isUrgent: boolean): void {
    this.#unsaved.set(reply.id, reply);
    if (isUrgent) this.save();
    else this.#timer ??= setTimeout(() => this.save(), SAVE_EVERY_MS);
  }

  /** Drops the changes of replies that are removed. */
  forget(ids: readonly string[]): void {
    for (const id of ids) this.#unsaved.delete(id);
  }

  clear(): void {
    this.#unsaved.clear();
  }

  /** Writes all changes. */
  save(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#unsaved.size > 0) this.#store.update([...this.#unsaved.values()]);
    this.#unsaved.clear();
  }
}
