/** The works of the channels of one platform, and the users who want to be named with them. */
import type { Named, Work } from '../../story/shelf.ts';
import type { QueueConnection } from '../connection.ts';
import { atOnce } from '../job-queue.ts';
import { outlast } from '../outage.ts';
import type { ShelfStore } from './store.ts';

/** Works of one channel; an older one is removed for a new one. */
export const WORKS_MAX = 100;
/** Users of one channel who are named. */
const NAMED_MAX = 500;
/** Digests of one channel that are remembered. */
const DIGESTS_MAX = 4;
const UNREACHABLE = 'The shelf cannot be reached at the moment. Try again in a minute.';

export interface DigestState {
  /** When the first attempt to post it began, in ms since 1970. */
  readonly begunAt: number;
  readonly isOver: boolean;
}

/** A user who is forgotten. */
export interface ForgottenUser<Address> {
  /** As limits name requesters. */
  readonly person: string;
  /** Whether the user has started a work. */
  readonly isHost: (work: Work<Address>) => boolean;
}

const KINDS = ['works', 'named', 'digests'] as const;
type Kind = (typeof KINDS)[number];

export class Shelf<Address> {
  readonly name: string;
  readonly #platform: string;
  readonly #store: Promise<ShelfStore>;
  readonly #clock: () => number;

  /** @param clock milliseconds since 1970 */
  constructor(connection: QueueConnection, platform: string, clock: () => number) {
    this.name = `shelf-${platform}`;
    this.#platform = platform;
    this.#clock = clock;
    this.#store = outlast(() => connection.shelf());
    this.#store.catch(() => {});
  }

  async ready(): Promise<void> {
    await this.#store;
  }

  /** Adds a finished work to its channel's shelf, once. */
  finishWork(work: Work<Address>): Promise<boolean> {
    const { id, channelId, finishedAt } = work;
    return this.#ask((store) => store.add(this.#nameOf('works', channelId), id, finishedAt, work, WORKS_MAX));
  }

  /** The works of a channel, oldest first. */
  async works(channelId: string): Promise<Work<Address>[]> {
    const all = await this.#ask((store) => store.list<Work<Address>>(this.#nameOf('works', channelId)));
    return all.map(({ record }) => record);
  }

  /**
   * Changes a work, also while other processes change it.
   *
   * @returns the work as it is then; undefined when there is none
   */
  async changeWork(
    channelId: string,
    id: string,
    change: (work: Work<Address>) => Work<Address>,
  ): Promise<Work<Address> | undefined> {
    const name = this.#nameOf('works', channelId);
    for (;;) {
      const stored = await this.#ask((store) => store.read<Work<Address>>(name, id));
      if (!stored) return undefined;
      const next = change(stored.record);
      if (next === stored.record) return next;
      if (await this.#ask((store) => store.replace(name, id, stored.version, next))) return next;
    }
  }

  /**
   * Gives a work one of its titles.
   *
   * @returns the title; undefined when the work has none of this index, or is not on the shelf
   */
  async chooseTitle(channelId: string, id: string, title: number): Promise<string | undefined> {
    const changed = await this.changeWork(channelId, id, (work) =>
      work.titles[title] === undefined || title === (work.title ?? 0) ? work : { ...work, title },
    );
    return changed?.titles[title];
  }

  /** Removes the works of a channel that some messages show. */
  async removeShown(channelId: string, messages: readonly string[]): Promise<void> {
    for (const work of await this.works(channelId)) {
      if (work.messages.some((message) => messages.includes(message)))
        await this.removeWork(channelId, work.id);
    }
  }

  /** Removes a work; false when there is none. */
  removeWork(channelId: string, id: string): Promise<boolean> {
    return this.#ask((store) => store.remove(this.#nameOf('works', channelId), id));
  }

  /** The users who want to be named with the works of a channel. */
  async named(channelId: string): Promise<Named[]> {
    const all = await this.#ask((store) => store.list<Named>(this.#nameOf('named', channelId)));
    return all.map(({ record }) => record);
  }

  /** Names a user from now on. */
  async join(channelId: string, user: Named): Promise<void> {
    const name = this.#nameOf('named', channelId);
    await this.#ask((store) => store.add(name, user.person, this.#clock(), user, NAMED_MAX));
  }

  /** Names a user no more, and removes what the user has contributed. */
  async leave(channelId: string, person: string): Promise<void> {
    await this.#ask((store) => store.remove(this.#nameOf('named', channelId), person));
    for (const { id } of await this.works(channelId)) {
      await this.changeWork(channelId, id, (work) => withoutCredit(work, person));
    }
  }

  /** Removes the works that a user has started, and everything else that names the user. */
  async forget({ person, isHost }: ForgottenUser<Address>): Promise<void> {
    for (const channelId of await this.#channels(['works', 'named'])) {
      await this.leave(channelId, person);
      for (const work of await this.works(channelId)) {
        if (isHost(work)) await this.removeWork(channelId, work.id);
      }
    }
  }

  /** Removes everything of a channel. */
  async forgetChannel(channelId: string): Promise<void> {
    for (const kind of KINDS) await this.#removeOld(kind, channelId, Number.MAX_SAFE_INTEGER);
  }

  /** Removes everything of a community's channels that have works, or users who want to be named. */
  async forgetCommunity(community: string): Promise<void> {
    for (const channelId of await this.#channels(['works', 'named'])) {
      const records = [...(await this.works(channelId)), ...(await this.named(channelId))];
      if (records.some((record) => record.community === community)) await this.forgetChannel(channelId);
    }
  }

  /** What is known of a week's digest; undefined before it is begun. */
  async digestOf(channelId: string, week: number): Promise<DigestState | undefined> {
    const name = this.#nameOf('digests', channelId);
    return (await this.#ask((store) => store.read<DigestState>(name, String(week))))?.record;
  }

  /**
   * Notes that a week's digest is about to be posted.
   *
   * @returns when that was noted first, in ms since 1970
   */
  async beginDigest(channelId: string, week: number): Promise<number> {
    const name = this.#nameOf('digests', channelId);
    const state: DigestState = { begunAt: this.#clock(), isOver: false };
    await this.#ask((store) => store.add(name, String(week), week, state, DIGESTS_MAX));
    return (await this.digestOf(channelId, week))?.begunAt ?? state.begunAt;
  }

  /** Notes that a week's digest is posted, or that there is none. */
  async endDigest(channelId: string, week: number): Promise<void> {
    const begunAt = await this.beginDigest(channelId, week);
    const name = this.#nameOf('digests', channelId);
    // Only the process that has the digest's job changes it.
    await this.#ask((store) => store.replace(name, String(week), 1, { begunAt, isOver: true }));
  }

  /** Removes works that were finished longer than `ageMs` ago. */
  async removeOlderThan(ageMs: number): Promise<void> {
    for (const channelId of await this.#channels(['works'])) {
      await this.#removeOld('works', channelId, this.#clock() - ageMs);
    }
  }

  #ask<Answer>(act: (store: ShelfStore) => Promise<Answer>): Promise<Answer> {
    return atOnce(this.#store.then(act), UNREACHABLE);
  }

  #removeOld(kind: Kind, channelId: string, before: number): Promise<void> {
    return this.#ask((store) => store.removeOld(this.#nameOf(kind, channelId), before));
  }

  #nameOf(kind: Kind, channelId: string): string {
    return `${this.#platform}-${kind}-${channelId}`;
  }

  /** The channels that have a shelf of one of these kinds. */
  async #channels(kinds: readonly Kind[]): Promise<string[]> {
    const names = await this.#ask((store) => store.shelves());
    const channels = kinds.flatMap((kind) => {
      const prefix = this.#nameOf(kind, '');
      return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    });
    return [...new Set(channels)];
  }
}

/** A record without what a user has contributed to it. */
export function withoutCredit<Each extends Pick<Partial<Work>, 'credits'>>(
  record: Each,
  person: string,
): Each {
  if (record.credits?.[person] === undefined) return record;
  const { [person]: _, ...credits } = record.credits;
  return { ...record, credits };
}
