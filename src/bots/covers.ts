/** Covers as they are sent: each is drawn once while it is in use, one at a time. */
import { StoryError } from '../errors.ts';

/** Covers that are kept in memory, about half a megabyte each. */
const KEPT = 40;
const WAITING_MAX = 50;

export class CoverPictures {
  /** From the longest unused to the last used. */
  readonly #known = new Map<string, Promise<Buffer>>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /**
   * The cover of a story as a PNG; see `coverPng`.
   *
   * @throws StoryError `busy` when too many are being drawn
   */
  of(title: string, seed: number): Promise<Buffer> {
    const key = `${seed} ${title}`;
    const known = this.#known.get(key) ?? this.#draw(key, title, seed);
    this.#known.delete(key);
    this.#known.set(key, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KEPT) break;
      this.#known.delete(oldest);
    }
    return known;
  }

  #draw(key: string, title: string, seed: number): Promise<Buffer> {
    if (this.#waiting >= WAITING_MAX) {
      throw new StoryError('busy', 'Too many covers are drawn at the moment. Try again in a minute.');
    }
    this.#waiting++;
    const drawn = this.#last.then(async () => {
      // The renderer is loaded by the first cover only.
      const { coverPng } = await import('../share/cover-png.ts');
      return coverPng(title, seed);
    });
    this.#last = drawn
      .catch(() => this.#known.delete(key))
      .finally(() => {
        this.#waiting--;
      });
    return drawn;
  }
}
