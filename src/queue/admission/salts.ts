/**
 * Pseudonyms for users and communities: hashes under a salt that changes every day (UTC), is the same for all
 * processes, and is deleted a day later. Without the salts, names of different days cannot be linked to one
 * user.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Queue } from 'bullmq';
import type { QueueConnection } from '../connection.ts';

const DAY_MS = 24 * 3_600_000;
const SALT_BYTES = 32;
/** How long a salt is cached: a store that lost its data has another one. */
const KNOWN_MS = 60_000;
/**
 * Salts are jobs of a queue without a worker, as settings are: the first process that adds a day's job
 * determines the salt.
 */
const QUEUE = 'salts';
const ID_PREFIX = 'day-';

interface Salt {
  readonly salt: string;
}

export class DailySalts {
  readonly #queue: Queue<Salt, never>;
  readonly #clock: () => number;
  readonly #known = new Map<number, { readonly at: number; readonly salt: Promise<Buffer | undefined> }>();

  /** @param clock milliseconds since 1970 */
  constructor(connection: QueueConnection, clock: () => number = Date.now) {
    this.#queue = connection.queue(QUEUE);
    this.#clock = clock;
  }

  async ready(): Promise<void> {
    await this.#queue.waitUntilReady();
  }

  /**
   * The names of a user or community: today's, and yesterday's if a salt existed yesterday. Counts from
   * before midnight are found under the second.
   */
  async namesOf(who: string): Promise<readonly string[]> {
    const today = Math.floor(this.#clock() / DAY_MS);
    const salts = await Promise.all([this.#salt(today, true), this.#salt(today - 1, false)]);
    return salts
      .filter((salt) => salt !== undefined)
      .map((salt) => createHmac('sha256', salt).update(who).digest('base64url'));
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  #salt(day: number, make: boolean): Promise<Buffer | undefined> {
    const at = this.#clock();
    const known = this.#known.get(day);
    if (known && Math.abs(at - known.at) < KNOWN_MS) return known.salt;
    const salt = make ? this.#make(day) : this.#read(day);
    this.#known.set(day, { at, salt });
    for (const old of this.#known.keys()) if (old < day - 1) this.#known.delete(old);
    // A failed read is not cached.
    salt.catch(() => this.#known.delete(day));
    return salt;
  }

  async #make(day: number): Promise<Buffer | undefined> {
    const salt = await this.#read(day);
    if (salt) return salt;
    // Adding a job whose id exists changes nothing.
    const mine = { salt: randomBytes(SALT_BYTES).toString('hex') };
    await this.#queue.add('salt' as never, mine as never, { jobId: ID_PREFIX + day });
    await this.#forgetBefore(day - 1);
    return this.#read(day);
  }

  async #read(day: number): Promise<Buffer | undefined> {
    const job = await this.#queue.getJob(ID_PREFIX + day);
    return job && Buffer.from(job.data.salt, 'hex');
  }

  async #forgetBefore(day: number): Promise<void> {
    const ids = await this.#queue.getRanges(['wait'], 0, -1);
    const old = ids.filter((id) => Number(id.slice(ID_PREFIX.length)) < day);
    await Promise.all(old.map((id) => this.#queue.remove(id)));
  }
}
