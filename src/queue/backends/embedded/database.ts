/**
 * The embedded database in the shape that BullMQ's Postgres backend expects: a `pg.Pool`. One thread, one
 * session, any number of clients.
 */
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { importing } from '../../../compiled.ts';
import { StoryError } from '../../../errors.ts';
import { createDatabase } from './create.ts';
import type { Answer, FromThread, ToOpen, ToThread } from './database-thread.ts';
import { type FolderLock, LOCK_FILES, lockFolder } from './folder-lock.ts';
import { closeToOthers, makePrivateFolder } from './private-files.ts';

/** The folder of Postgres' own files, in the data folder. */
const POSTGRES = 'postgres';
/** The schema that BullMQ's migrations create. */
const SCHEMA = 'bullmq';

interface QueryResult<Row = unknown> {
  rows: Row[];
  rowCount: number;
}

/**
 * Releases the jobs that the last process had locked: the folder's lock proves that it has ended. BullMQ's
 * next check for stalled jobs takes them, and counts the loss.
 */
const RELEASE_ALL = `UPDATE job SET locked_until_ms = 0, stalled_marked = true WHERE state = 'active'`;

/** Receives progress of the opening of a database. */
export interface OpeningLog {
  readonly info?: (sentence: string) => void;
  readonly warn?: (sentence: string) => void;
  /** Called when what is left to do is the thread's: the caller may be busy then without delaying it. */
  readonly underWay?: () => void;
}

interface Pending {
  resolve(result: QueryResult): void;
  reject(error: Error): void;
}

/** A client checked out of the pool; all clients share one session. */
class EmbeddedClient extends EventEmitter {
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
  /** Read by BullMQ: there is no socket that could drop silently. */
  readonly options = { keepAlive: true, max: Number.MAX_SAFE_INTEGER };
  readonly #lock: FolderLock;
  readonly #thread: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #clients = new Set<EmbeddedClient>();
  /** Resolves when the database has ended by itself. */
  readonly lost: Promise<Error>;
  /** Messages that are sent together when the present task has ended. */
  #unsent: ToThread[] = [];
  /** The numbers of the texts that were sent. */
  readonly #texts = new Map<string, number>();
  #nextId = 0;
  #closed: Promise<void> | undefined;
  #broken: Error | undefined;
  #lose: (error: Error) => void = () => {};

  private constructor(lock: FolderLock, thread: Worker) {
    super();
    // Every queue, worker and follower adds a listener for errors here.
    this.setMaxListeners(0);
    this.#lock = lock;
    this.#thread = thread;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    thread.on('message', (message: FromThread) => this.#receive(message));
    thread.on('error', (error) => this.#fail(error));
    thread.on('exit', () => this.#fail(new Error('The embedded database has ended.')));
    // Without delay: another process may write to the folder now.
    lock.lost.then((error) => {
      this.#fail(error);
      void thread.terminate();
    });
  }

  /**
   * Opens the database in `folder`, and creates it the first time.
   *
   * @param log receives one sentence for each slow step and for each finding that the operator should check
   * @throws StoryError `configuration` when another live process has the folder open: PGlite itself would let
   *   both in, and they would destroy each other's writes; or when its disk is full.
   */
  static async open(folder: string, log: OpeningLog = {}): Promise<EmbeddedDatabase> {
    await makePrivateFolder(folder).catch((error: NodeJS.ErrnoException) => {
      throw new StoryError(
        'configuration',
        `${folder} cannot be created (${error.code}). Set SCIFI_DATA to a folder that can be written.`,
        { cause: error },
      );
    });
    const thread = startThread();
    let lock: FolderLock | undefined;
    try {
      lock = await lockFolder(folder, {
        onWait: ({ pid, host }) =>
          log.info?.(
            `${folder} was not given back by process ${pid} on ${host}: watching for 15 s if it lives`,
          ),
      });
      const postgres = join(folder, POSTGRES);
      if (!existsSync(join(postgres, 'PG_VERSION'))) {
        log.info?.(`creating the embedded database in ${folder}, once: this takes 5 s to a minute`);
        await createDatabase(folder);
      }
      await closeFolder(folder, log);
      log.info?.('opening the embedded database');
      thread.open(postgres);
      log.underWay?.();
      await thread.ready;
      const database = new EmbeddedDatabase(lock, thread.worker);
      await migrate(database.#client());
      await Promise.all([database.query(`SET search_path TO ${SCHEMA}`), database.query(RELEASE_ALL)]);
      return database;
    } catch (error) {
      await thread.worker.terminate();
      await lock?.release();
      if (error instanceof StoryError) throw error;
      if (isDiskFull(error)) {
        const sentence = `The disk that holds ${folder} is full. Free some space and start again.`;
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

  /** Whether every query that was sent will be answered, however long that takes. */
  get isRunning(): boolean {
    return this.#broken === undefined && this.#closed === undefined;
  }

  query<Row = unknown>(sql: string, params: readonly unknown[] = []): Promise<QueryResult<Row>> {
    const known = this.#texts.get(sql);
    const text = known ?? this.#texts.size;
    this.#texts.set(sql, text);
    const first = known === undefined ? sql : undefined;
    const query = { type: 'query', id: this.#nextId++, text, sql: first, params } as const;
    return this.#request(query) as Promise<QueryResult<Row>>;
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

  /** Closes the database and releases its folder. BullMQ calls it by this name, too. */
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
      this.#unsent.push(message);
      if (this.#unsent.length === 1) queueMicrotask(() => this.#send());
    });
  }

  #send(): void {
    const messages = this.#unsent;
    this.#unsent = [];
    this.#thread.postMessage(messages);
  }

  #receive(message: FromThread): void {
    if (message.type === 'notifications') {
      for (const notification of message.notifications) {
        for (const client of this.#clients) client.emit('notification', notification);
      }
    } else if (message.type === 'answers') {
      for (const answer of message.answers) this.#settle(answer);
    }
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ('error' in answer) pending?.reject(Object.assign(new Error(answer.error.message), answer.error));
    else pending?.resolve(answer);
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

/** Starts the database's thread, which loads its code before it is told which folder to open. */
function startThread(): { worker: Worker; ready: Promise<void>; open(postgres: string): void } {
  const worker = new Worker(importing('queue/backends/embedded/database-thread'), { eval: true });
  const ready = new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`its thread ended with code ${code}`)));
  });
  // Awaited when the folder is locked.
  ready.catch(() => {});
  return { worker, ready, open: (folder) => worker.postMessage({ folder } satisfies ToOpen) };
}

/** Brings BullMQ's schema up to date. That takes a dozen statements, of which a current schema needs none. */
async function migrate(client: EmbeddedClient): Promise<void> {
  const { assertSchemaCompatibility, LATEST_SCHEMA_VERSION, runMigrations, SchemaMigrationRequiredError } =
    await import('bullmq');
  try {
    if ((await assertSchemaCompatibility(client, SCHEMA)) >= LATEST_SCHEMA_VERSION) return;
  } catch (error) {
    // There is no schema yet.
    if (!(error instanceof SchemaMigrationRequiredError)) throw error;
  }
  await runMigrations(client, SCHEMA);
}

/** Denies other users access to the data folder, and to an earlier version's data in it. */
async function closeFolder(folder: string, log: OpeningLog): Promise<void> {
  const names = await readdir(folder);
  // A folder that holds other files, too, may be shared on purpose; then only this program's files are
  // closed.
  const isOurs = names.every((name) => name === POSTGRES || LOCK_FILES.includes(name));
  const paths = isOurs ? [folder] : [POSTGRES, ...LOCK_FILES].map((name) => join(folder, name));
  const refused = (await Promise.all(paths.map((path) => closeToOthers(path)))).flat();
  if (refused.length > 0) {
    log.warn?.(
      `other users of this machine may be able to read ${refused[0]}, which holds prompts and stories ` +
        '(its permissions cannot be changed). Set SCIFI_DATA to a folder of your own',
    );
  }
}

/** Whether an error of the database means that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && /no space left on device/i.test(error.message);
}
