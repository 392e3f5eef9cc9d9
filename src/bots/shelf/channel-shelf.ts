/** The shelf of one channel, with the reactions that its platform counts. */
import type { Shelf } from '../../queue/shelf/shelf.ts';
import { bestFirst, type Named, type Work } from '../../story/shelf.ts';
import type { Clock } from '../cooldowns.ts';
import type { ShelfSurface } from './surface.ts';

/** Reactions are counted again after this time. */
const FRESH_MS = 5 * 60_000;
/** Works whose reactions are counted for one list; the others keep the numbers that they have. */
const COUNTED_MAX = 20;

export class ChannelShelf<Address = unknown> {
  readonly #shelf: Shelf<Address>;
  readonly #surface: ShelfSurface<Address>;
  readonly #channelId: string;
  readonly #community: string;
  readonly #clock: Clock;

  /**
   * @param channelId the key of the channel's settings
   * @param community the server or workspace, in the platform's terms
   * @param clock milliseconds since 1970
   */
  constructor(
    shelf: Shelf<Address>,
    surface: ShelfSurface<Address>,
    channelId: string,
    community: string,
    clock: Clock,
  ) {
    this.#shelf = shelf;
    this.#surface = surface;
    this.#channelId = channelId;
    this.#community = community;
    this.#clock = clock;
  }

  /** The works, best first; those whose messages are deleted are removed. */
  async works(isWanted: (work: Work) => boolean = () => true): Promise<Work<Address>[]> {
    const works = new Map((await this.#shelf.works(this.#channelId)).map((work) => [work.id, work]));
    for (const work of works.values()) if (!isWanted(work)) works.delete(work.id);
    const countedAt = ({ reactions }: Work) => reactions?.at ?? 0;
    const due = [...works.values()]
      // A relay is on the shelf just before its end is shown.
      .filter((work) => work.messages.length > 0 && countedAt(work) < this.#clock() - FRESH_MS)
      .sort((one, other) => countedAt(one) - countedAt(other) || other.finishedAt - one.finishedAt)
      .slice(0, COUNTED_MAX);
    const counts = due.length > 0 ? await this.#surface.countReactions(due) : new Map<string, never>();
    for (const work of due) {
      const count = counts.get(work.id);
      if (count === undefined) continue;
      if (count === 'gone') {
        await this.#shelf.removeWork(this.#channelId, work.id);
        works.delete(work.id);
        continue;
      }
      const reactions = { count, at: this.#clock() };
      works.set(work.id, { ...work, reactions });
      await this.#shelf.changeWork(this.#channelId, work.id, (latest) => ({ ...latest, reactions }));
    }
    return bestFirst([...works.values()]);
  }

  /** The works as they are stored, oldest first: their reactions are not counted again. */
  stored(): Promise<Work<Address>[]> {
    return this.#shelf.works(this.#channelId);
  }

  /** The address of a work; undefined where there is none. */
  async linkTo(work: Work<Address>): Promise<string | undefined> {
    if (work.link) return work.link;
    const link = await this.#surface.linkTo(work, this.#community);
    if (link) await this.#shelf.changeWork(this.#channelId, work.id, (latest) => ({ ...latest, link }));
    return link;
  }

  named(): Promise<Named[]> {
    return this.#shelf.named(this.#channelId);
  }

  join(user: Named): Promise<void> {
    return this.#shelf.join(this.#channelId, user);
  }

  leave(person: string): Promise<void> {
    return this.#shelf.leave(this.#channelId, person);
  }
}
