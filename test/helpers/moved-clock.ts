/** A clock that shows another time, and goes on. */
export class MovedClock {
  #offset = 0;

  /** @param at in ms since 1970 */
  constructor(at: number) {
    this.set(at);
  }

  set(at: number): void {
    this.#offset = at - Date.now();
  }

  readonly now = (): number => Date.now() + this.#offset;
}
