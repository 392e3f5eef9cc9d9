/**
 * Settings that users make in a chat, kept with the queue so that they outlive every process. A setting is a
 * job of a queue without a worker: the same on Redis and embedded.
 */
import type { Queue } from 'bullmq';
import type { QueueConnection } from './connection.ts';
import { atOnce } from './job-queue.ts';

const UNREACHABLE = 'The settings cannot be reached at the moment. Try again in a minute.';
/** BullMQ refuses ids that look like numbers, as many chat ids do. */
const ID_PREFIX = 'k';
/** The longest delay until a change by another process is known here. */
const REFRESH_MS = 30_000;

export class Settings<Value> {
  readonly #queue: Queue<Value, never>;

  /** @param name the queue is called `settings-<name>` */
  constructor(connection: QueueConnection, name: string) {
    this.#queue = connection.queue(`settings-${name}`);
  }

  async ready(): Promise<void> {
    await this.#queue.waitUntilReady();
  }

  /** One setting; undefined when the key has none. */
  async read(key: string): Promise<Value | undefined> {
    return (await atOnce(this.#queue.getJob(ID_PREFIX + key), UNREACHABLE))?.data;
  }

  async write(key: string, value: Value): Promise<void> {
    const job = await atOnce(this.#queue.getJob(ID_PREFIX + key), UNREACHABLE);
    if (job) await atOnce(job.updateData(value as never), UNREACHABLE);
    else
      await atOnce(
        this.#queue.add('setting' as never, value as never, { jobId: ID_PREFIX + key }),
        UNREACHABLE,
      );
  }

  async remove(key: string): Promise<void> {
    await atOnce(this.#queue.remove(ID_PREFIX + key), UNREACHABLE);
  }

  /** All settings by their keys. */
  async all(): Promise<Map<string, Value>> {
    const jobs = await atOnce(this.#queue.getJobs(['wait']), UNREACHABLE);
    // A job that is removed during the read is missing in the middle.
    return new Map(jobs.filter(Boolean).map((job) => [job.id!.slice(ID_PREFIX.length), job.data as Value]));
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}

/** Settings that are looked up too often to ask the queue each time. */
export class KnownSettings<Value> extends Settings<Value> {
  #known: Map<string, Value> = new Map();
  #timer: NodeJS.Timeout | undefined;
  /** Number of changes made by this process. */
  #changes = 0;

  override async ready(): Promise<void> {
    await super.ready();
    this.#known = await this.all();
    // While the queue is unreachable, the known values stay valid.
    this.#timer = setInterval(() => this.#refresh().catch(() => {}), REFRESH_MS);
  }

  /** The last known value, without asking the queue. */
  known(key: string): Value | undefined {
    return this.#known.get(key);
  }

  override async write(key: string, value: Value): Promise<void> {
    await super.write(key, value);
    this.#changes++;
    this.#known.set(key, value);
  }

  override async remove(key: string): Promise<void> {
    await super.remove(key);
    this.#changes++;
    this.#known.delete(key);
  }

  override close(): Promise<void> {
    clearInterval(this.#timer);
    return super.close();
  }

  async #refresh(): Promise<void> {
    const before = this.#changes;
    const all = await this.all();
    // Values that were read before a change may lack it.
    if (before === this.#changes) this.#known = all;
  }
}
