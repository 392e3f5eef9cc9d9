/** The latest replies, stored in the browser across reloads. Pure except for that storage. */
import { currentState } from '../story/story.ts';
import { knownPreset } from './link.ts';
import type { Reply } from './reply.ts';

/** The required part of `Storage`; absent where a browser forbids it. */
export type PageStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Replies kept; at 6,000 characters each, far below browsers' limits. */
export const REPLIES_KEPT = 30;

const KEY = 'write-me-a-sci-fi.replies.v1';

/**
 * The latest replies, oldest first. Several tabs may write, so every change is applied to the currently
 * stored list.
 */
export class ReplyStore {
  readonly #storage: PageStorage | undefined;

  constructor(storage: PageStorage | undefined) {
    this.#storage = storage;
  }

  /** All stored replies, except unreadable ones. */
  all(): Reply[] {
    try {
      const stored: unknown = JSON.parse(this.#storage?.getItem(KEY) ?? '[]');
      return Array.isArray(stored)
        ? stored.filter(isReply).map((reply) => ({ ...reply, state: currentState(reply.state) }))
        : [];
    } catch {
      return [];
    }
  }

  /** Adds a reply and drops the oldest. */
  add(reply: Reply): void {
    this.#write([...this.all().filter(({ id }) => id !== reply.id), reply].slice(-REPLIES_KEPT));
  }

  /** Replaces replies that are still stored; a reply cleared in this or another tab is not restored. */
  update(replies: readonly Reply[]): void {
    const byId = new Map(replies.map((reply) => [reply.id, reply]));
    this.#write(this.all().map((reply) => byId.get(reply.id) ?? reply));
  }

  remove(id: string): void {
    this.#write(this.all().filter((reply) => reply.id !== id));
  }

  clear(): void {
    this.#write([]);
  }

  #write(replies: Reply[]): void {
    try {
      if (replies.length === 0) this.#storage?.removeItem(KEY);
      else this.#storage?.setItem(KEY, JSON.stringify(replies));
    } catch {
      // The storage is full or forbidden: the page works without storing replies.
    }
  }
}

/** Checks the fields that the page needs to show a reply; another version of the page may have stored it. */
function isReply(value: unknown): value is Reply {
  const { id, thread, ask, state, nextSeeds } = Object(value) as Partial<Record<keyof Reply, unknown>>;
  const { prompt, context, preset, temperature, length, seed } = Object(ask) as Record<string, unknown>;
  const { status, text, error } = Object(state) as Record<string, unknown>;
  const hasText = status === 'writing' || status === 'finished' || status === 'failed';
  return (
    typeof id === 'string' &&
    typeof thread === 'string' &&
    typeof prompt === 'string' &&
    typeof context === 'string' &&
    (preset === undefined || knownPreset(preset) !== undefined) &&
    [temperature, length, seed].every((number) => typeof number === 'number') &&
    (nextSeeds === undefined ||
      (Array.isArray(nextSeeds) && nextSeeds.every((number) => typeof number === 'number'))) &&
    (status === 'waiting' || (hasText && typeof text === 'string')) &&
    (status !== 'failed' || typeof Object(error).message === 'string')
  );
}
