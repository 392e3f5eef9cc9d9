/**
 * Supplies a worker with an engine: opens the chosen engine, and after its device is lost opens it again or,
 * where the choice is `auto`, opens another.
 */
import { type ChosenEngine, chooseEngine, type EngineName, type EngineOpeners } from './choose.ts';

/** Losses after which `auto` skips an engine. */
const LOSSES_TO_PASS_OVER = 3;
/** Delays before an engine is opened again, by the number of consecutive losses and failures to open. */
const PAUSES_MS = [0, 1_000, 5_000, 30_000];
/** An engine that has run for this long since it was opened resets the count. */
const GOOD_RUN_MS = 600_000;

export interface EngineSupervisorOptions {
  readonly wanted: EngineName | 'auto';
  readonly openers: EngineOpeners;
  /** Receives one line that says what was chosen or what failed. */
  readonly log: (line: string) => void;
  readonly clock: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

export class EngineSupervisor {
  readonly #options: EngineSupervisorOptions;
  readonly #passedOver = new Map<EngineName, string>();
  #engine: ChosenEngine | undefined;
  #openedAt = 0;
  #losses = 0;
  #closed = false;

  constructor(options: EngineSupervisorOptions) {
    this.#options = options;
  }

  /**
   * Opens an engine for the first time.
   *
   * @throws StoryError `configuration` when no engine can run here, or the configured one cannot
   */
  async open(): Promise<ChosenEngine> {
    const { wanted, openers, log, clock } = this.#options;
    const engine = await chooseEngine(wanted, openers, this.#passedOver);
    log(engine.reason);
    this.#engine = engine;
    this.#openedAt = clock();
    return engine;
  }

  /**
   * Opens an engine after the device of the last one was lost; retries until one opens.
   *
   * @returns undefined when the supervisor was closed meanwhile
   */
  async reopen(): Promise<ChosenEngine | undefined> {
    const { wanted, log, clock, wait } = this.#options;
    const lost = this.#engine!;
    if (clock() - this.#openedAt > GOOD_RUN_MS) this.#losses = 0;
    await lost.close().catch(() => {});
    for (;;) {
      this.#losses += 1;
      if (wanted === 'auto' && this.#losses >= LOSSES_TO_PASS_OVER && !this.#passedOver.has(lost.name)) {
        this.#passedOver.set(lost.name, `its device was lost ${this.#losses} times`);
        this.#losses = 0;
      }
      await wait(PAUSES_MS[Math.min(this.#losses, PAUSES_MS.length - 1)]!);
      if (this.#closed) return undefined;
      try {
        return await this.open();
      } catch (error) {
        log((error as Error).message);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#engine?.close();
  }
}
