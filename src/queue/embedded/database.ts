/**
 * The embedded database as BullMQ's Postgres backend wants to see it: a `pg.Pool`. One thread, one session,
 * any number of clients over it.
 */
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { runMigrations } from 'bullmq';
import { StoryError } from '../../errors.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import type { FromThread, ThreadOptions, ToThread } from './protocol.ts';

/** The schema that BullMQ's migrations create. */
const SCHEMA = 'bullmq';

/** Node 20 does not hand the loader that reads TypeScript on to a thread: the thread fetches it itself. */
const THREAD_SOURCE = `import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then((tsx) => {
  tsx.register();
  return import(${JSON.stringify(new URL('./database-thread.ts', import.meta.url).href)});
});`;

interface QueryResult<Row = unknown> {
  rows: Row[];
  rowCount: number;
}

interface Pending {
  resolve(result: QueryResult): void;
  reject(error: Error): void;
}

/** A client checked out of the pool; every one of them is the same session. */
export class EmbeddedClient extends EventEmitter {
  readonly #database: EmbeddedDatabase;

  constructor(database: EmbeddedDatabase) {
    super();
    this.#database = database;
  }

  query<Row = unknown>(sql: string, params: readonly unknown[] = []): Promise<QueryResult<Row>> {
    return this.#database.query<Row>(sql, params);
  }

  release(): void {
    this.#database.forget(this);
  }
}

export class EmbeddedDatabase extends EventEmitter {
  /** Read by BullMQ: there is no socket that could drop in silence. */
  readonly options = { keepAlive: true, max: Number.MAX_SAFE_INTEGER };
  readonly #lock: FolderLock;
  readonly #thread: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #clients = new Set<EmbeddedClient>();
  /** Resolves when the database has ended by itself. */
  readonly lost: Promise<Error>;
  #nextId = 0;
  #closed: Promise<void> | undefined;
  #broken: Error | undefined;
  #lose: (error: Error) => void = () => {};

  private constructor(lock: FolderLock, thread: Worker) {
    super();
    // Every queue, worker and follower listens for errors here.
    this.setMaxListeners(0);
    this.#lock = lock;
    this.#thread = thread;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    thread.on('message', (message: FromThread) => this.#receive(message));
    thread.on('error', (error) => this.#fail(error));
    thread.on('exit', () => this.#fail(new Error('The embedded database has ended.')));
  }

  /**
   * Opens the database in `folder`, creating it at the first time.
   *
   * @throws StoryError `configuration` when another live process has the folder open: PGlite itself would
   *   let both in, and they would destroy each other's writes; or when its disk is full.
   */
  static async open(folder: string): Promise<EmbeddedDatabase> {
    await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      throw new StoryError(
        'configuration',
        `${folder} cannot be made (${error.code}). Set SCIFI_DATA to a folder that can be written.`,
        { cause: error },
      );
    });
    const lock = await lockFolder(folder);
    try {
      const postgres = join(folder, 'postgres');
      const isNew = !existsSync(join(postgres, 'PG_VERSION'));
      if (isNew) {
        // A cold initdb leaves half a gigabyte in its thread's memory: create in one thread, serve in another.
        const creator = await EmbeddedDatabase.#start(lock, postgres);
        await creator.#request({ type: 'close', id: creator.#nextId++ });
        await creator.#thread.terminate();
      }
      const database = await EmbeddedDatabase.#start(lock, postgres);
      await runMigrations(database.#client(), SCHEMA);
      await database.query(`SET search_path TO ${SCHEMA}`);
      return database;
    } catch (error) {
      await lock.release();
      if (error instanceof StoryError) throw error;
      if (isDiskFull(error)) {
        const sentence = `The disk that holds ${folder} is full. Make room there and start again.`;
        throw new StoryError('configuration', sentence, { cause: error });
      }
      throw new StoryError(
        'configuration',
        `The embedded queue's data in ${folder} cannot be opened (${(error as Error).message}). ` +
          'Move that folder away to start with an empty queue, or set REDIS_URL.',
        { cause: error },
      );
    }
  }

  static async #start(lock: FolderLock, postgres: string): Promise<EmbeddedDatabase> {
    const workerData: ThreadOptions = { folder: postgres };
    const thread = new Worker(THREAD_SOURCE, { eval: true, workerData });
    await new Promise<void>((resolve, reject) => {
      thread.once('message', () => resolve());
      thread.once('error', reject);
      thread.once('exit', (code) => reject(new Error(`its thread ended with code ${code}`)));
    });
    return new EmbeddedDatabase(lock, thread);
  }

  query<Row = unknown>(sql: string, params: readonly unknown[] = []): Promise<QueryResult<Row>> {
    return this.#request({ type: 'query', id: this.#nextId++, sql, params }) as Promise<QueryResult<Row>>;
  }

  async connect(): Promise<EmbeddedClient> {
    return this.#client();
  }

  forget(client: EmbeddedClient): void {
    this.#clients.delete(client);
  }

  /** Deletes a queue's events from before `before` (ms since 1970): BullMQ itself cannot trim them here. */
  async deleteEvents(queue: string, before: number): Promise<void> {
    await this.query('DELETE FROM event WHERE queue = $1 AND created_at_ms < $2', [queue, before]);
  }

  /** Closes the database and gives its folder back. Called by BullMQ's name for it, too. */
  end(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (!this.#broken) await this.#request({ type: 'close', id: this.#nextId++ }).catch(() => {});
    await this.#thread.terminate();
    await this.#lock.release();
  }

  #client(): EmbeddedClient {
    const client = new EmbeddedClient(this);
    client.setMaxListeners(0);
    this.#clients.add(client);
    return client;
  }

  #request(message: ToThread): Promise<QueryResult> {
    if (this.#broken) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      this.#pending.set(message.id, { resolve, reject });
      this.#thread.postMessage(message);
    });
  }

  #receive(message: FromThread): void {
    if (message.type === 'notification') {
      for (const client of this.#clients) client.emit('notification', message);
      return;
    }
    if (message.type === 'ready') return;
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.type === 'result') pending?.resolve(message);
    else pending?.reject(Object.assign(new Error(message.error.message), message.error));
  }

  #fail(error: Error): void {
    if (this.#broken) return;
    this.#broken = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    if (this.#closed) return;
    this.#lose(error);
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }
}

/** Whether an error of the database says that there is no room for it. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && /no space left on device/i.test(error.message);
}
