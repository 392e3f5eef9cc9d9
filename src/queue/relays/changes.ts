/** What users do in relays: each change is stored before the job of the relay is woken (`../records/jobs.ts`). */
import { ask, isDue } from '../../story/relay/drafts.ts';
import { hear, type Judgement, mend, strike } from '../../story/relay/lines.ts';
import { closeRelay, type Relay } from '../../story/relay/relay.ts';
import { sentences } from '../admission/settings.ts';
import { atOnce } from '../job-queue.ts';
import type { Records } from '../records/records.ts';
import { heardBy, type RelayMessage, type RelayRecord } from './record.ts';

export class RelayChanges<Address> {
  readonly #records: Promise<Records<RelayRecord<Address>>>;
  readonly #wake: (id: string) => Promise<void>;
  readonly #clock: () => number;
  /** The last change of each relay that this process makes: changes take place in the order of the events. */
  readonly #tails = new Map<string, Promise<unknown>>();

  /**
   * @param wake makes the job of a relay go on
   * @param clock milliseconds since 1970
   */
  constructor(
    records: Promise<Records<RelayRecord<Address>>>,
    wake: (id: string) => Promise<void>,
    clock: () => number,
  ) {
    this.#records = records;
    this.#wake = wake;
    this.#clock = clock;
  }

  /** Judges a message in the thread of a relay, and adds its line where it is one. */
  async hear(
    id: string,
    message: RelayMessage,
  ): Promise<{ readonly judgement: Judgement; readonly relay?: Relay | undefined }> {
    let judgement: Judgement = { is: 'over' };
    const record = await this.#change(id, (latest) => {
      const heard = hear(latest.relay, heardBy(latest, message));
      judgement = heard.judgement;
      return heard.relay;
    });
    return { judgement, relay: record?.relay };
  }

  /** Mends the line of an edited message; see `mend`. */
  async mend(
    id: string,
    { id: messageId, text, isBlocked }: Pick<RelayMessage, 'id' | 'text' | 'isBlocked'>,
  ): Promise<void> {
    await this.#change(id, ({ relay }) => mend(relay, messageId, text, isBlocked));
  }

  /** Takes the line of a deleted message out. */
  async strike(id: string, messageId: string): Promise<void> {
    await this.#change(id, ({ relay }) => strike(relay, messageId));
  }

  /**
   * Asks the network for a line.
   *
   * @returns `its own` when its last line is not followed by a line yet
   */
  async ask(id: string): Promise<'asked' | 'its own' | 'over'> {
    let isAsked = false;
    const record = await this.#change(id, ({ relay }) => {
      const asked = ask(relay, this.#clock());
      isAsked = asked !== undefined;
      return asked ?? relay;
    });
    if (isAsked) return 'asked';
    return record?.relay.phase === 'open' ? 'its own' : 'over';
  }

  /** Ends a relay; false when it is over. */
  async end(id: string): Promise<boolean> {
    let isUnderWay = false;
    await this.#change(id, ({ relay }) => {
      isUnderWay = relay.phase === 'open';
      return closeRelay(relay, 'ended', this.#clock());
    });
    return isUnderWay;
  }

  /** Changes a relay after the changes before it, and wakes its job when there is something to do. */
  async #change(
    id: string,
    change: (record: RelayRecord<Address>) => Relay,
  ): Promise<RelayRecord<Address> | undefined> {
    const records = await this.#records;
    const update = () =>
      atOnce(
        records.update(id, (record) => {
          const relay = change(record);
          return relay === record.relay ? record : { ...record, relay };
        }),
        sentences.unavailable,
      );
    const changing = (this.#tails.get(id) ?? Promise.resolve()).then(update, update);
    this.#tails.set(id, changing);
    try {
      const record = await changing;
      if (record && (isDue(record.relay) || record.relay.phase !== 'open')) void this.#wake(id);
      return record;
    } finally {
      if (this.#tails.get(id) === changing) this.#tails.delete(id);
    }
  }
}
