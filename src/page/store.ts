/** The latest replies, stored in the browser across reloads. Pure except for that storage. */
import { VERDICTS } from '../story/feedback.ts';
import { currentState } from '../story/story.ts';
import { knownPreset } from './link.ts';
import type { Reply } from './reply.ts';

/** The required part of `Storage`; absent where a browser forbids it. */
export type PageStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Replies kept; at 6,000 characters each, far below browsers' limits. */
export const REPLIES_KEPT = 30;
/** Brief replies kept in addition, of which a story has three at each step. Each has up to 2,000 characters of context, too. */
export const BRIEFS_KEPT = 300;

/** Replies whose probabilities are kept; they take 15 times as much room as the text. */
const PROBABILITIES_KEPT = 8;

const KEY = 'write-me-a-sci-fi.replies.v1';

/** A reply that the user has deleted, until the backend has confirmed that. */
interface Deleted {
  readonly id: string;
  readonly deleted: true;
}

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
    return this.#read()
      .filter(isReply)
      .map((reply) => ({ ...reply, state: currentState(reply.state) }));
  }

  /** Ids of replies that the user has deleted, and whose deletion is not confirmed yet. */
  deleted(): string[] {
    return this.#read()
      .filter(isDeleted)
      .map(({ id }) => id);
  }

  /** Adds replies and drops the oldest. */
  add(...replies: readonly Reply[]): void {
    const all = [...this.all().filter(({ id }) => !replies.some((reply) => reply.id === id)), ...replies];
    const kept = [false, true].flatMap((isBrief) =>
      all.filter(({ ask }) => (ask.brief === true) === isBrief).slice(isBrief ? -BRIEFS_KEPT : -REPLIES_KEPT),
    );
    this.#write(all.filter((reply) => kept.includes(reply)));
  }

  /** Removes replies, and remembers that the backend is to delete them, too. */
  delete(ids: readonly string[]): void {
    const kept = this.all().filter(({ id }) => !ids.includes(id));
    this.#write(kept, [...this.deleted().filter((id) => !ids.includes(id)), ...ids]);
  }

  /** Deletes replies, and stores others in their place. */
  replace(ids: readonly string[], replies: readonly Reply[]): void {
    const all = this.all();
    const at = all.findIndex(({ id }) => ids.includes(id));
    const kept = all.filter(({ id }) => !ids.includes(id));
    kept.splice(at < 0 ? kept.length : at, 0, ...replies);
    this.#write(kept, [...this.deleted(), ...ids]);
  }

  /** The backend has deleted a reply. */
  confirmDeletion(id: string): void {
    this.#write(
      this.all(),
      this.deleted().filter((other) => other !== id),
    );
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

  #read(): unknown[] {
    try {
      const stored: unknown = JSON.parse(this.#storage?.getItem(KEY) ?? '[]');
      return Array.isArray(stored) ? stored : [];
    } catch {
      return [];
    }
  }

  /** Writes both lists at once, so that a page that is closed meanwhile leaves one or the other state. */
  #write(replies: readonly Reply[], deleted = this.deleted()): void {
    const marks = deleted.map((id): Deleted => ({ id, deleted: true }));
    try {
      if (replies.length + marks.length === 0) this.#storage?.removeItem(KEY);
      else this.#store(marks, replies);
    } catch {
      // The storage is full or forbidden: the page works without storing replies.
    }
  }

  /** Stores the replies, of the oldest only the text; of all only that where the storage has no more room. */
  #store(marks: readonly Deleted[], replies: readonly Reply[]): void {
    const recent = replies.length - PROBABILITIES_KEPT;
    const kept = replies.map((reply, index) => (index < recent ? withoutProbabilities(reply) : reply));
    try {
      this.#storage?.setItem(KEY, JSON.stringify([...marks, ...kept]));
    } catch {
      this.#storage?.setItem(KEY, JSON.stringify([...marks, ...replies.map(withoutProbabilities)]));
    }
  }
}

function withoutProbabilities(reply: Reply): Reply {
  if (!('probabilities' in reply.state)) return reply;
  const { probabilities: _, ...state } = reply.state;
  return { ...reply, state };
}

function isDeleted(value: unknown): value is Deleted {
  const { id, deleted } = Object(value) as Partial<Record<keyof Deleted, unknown>>;
  return deleted === true && typeof id === 'string';
}

/** Checks the fields that the page needs to show a reply; another version of the page may have stored it. */
function isReply(value: unknown): value is Reply {
  const { id, thread, ask, state, nextSeeds, parent, verdict, after, fork, way } = Object(value) as Partial<
    Record<keyof Reply, unknown>
  >;
  const { prompt, context, preset, temperature, length, seed } = Object(ask) as Record<string, unknown>;
  const { status, text, error } = Object(state) as Record<string, unknown>;
  const hasText = status === 'writing' || status === 'finished' || status === 'failed';
  return (
    typeof id === 'string' &&
    typeof thread === 'string' &&
    [parent, after, fork].every((other) => other === undefined || typeof other === 'string') &&
    (way === undefined || way === 'open' || way === 'aside') &&
    (verdict === undefined || VERDICTS.some((known) => known === verdict)) &&
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
