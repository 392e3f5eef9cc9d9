/**
 * The embedded database: PGlite (Postgres as WebAssembly) in a thread of its own, so that a query never
 * blocks the event loop that paces replies and renews locks. Started by `database.ts`; the messages are
 * `ToThread` and `FromThread`.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { openPostgres } from './postgres.ts';

/** Messages to the thread. */
export type ToThread =
  | { readonly type: 'query'; readonly id: number; readonly sql: string; readonly params: readonly unknown[] }
  | { readonly type: 'close'; readonly id: number };

/** Messages from the thread. */
export type FromThread =
  | { readonly type: 'ready' }
  | { readonly type: 'result'; readonly id: number; readonly rows: unknown[]; readonly rowCount: number }
  | { readonly type: 'error'; readonly id: number; readonly error: DatabaseErrorFields }
  | { readonly type: 'notification'; readonly channel: string; readonly payload: string };

/** The fields of a Postgres error that BullMQ reads. */
interface DatabaseErrorFields {
  readonly message: string;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
}

export interface ThreadOptions {
  readonly folder: string;
}

const LEADING_COMMENTS = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/;
const LISTEN = /^LISTEN\s+"?(\w+)"?/i;
const UNLISTEN = /^UNLISTEN\s+"?(\w+|\*)"?/i;

const port = parentPort!;
const send = (message: FromThread) => port.postMessage(message);
const { folder } = workerData as ThreadOptions;

const database = await openPostgres(folder);
const listening = new Set<string>();

/**
 * PGlite has its own method for LISTEN; sent as a query, LISTEN would be accepted and no notification would
 * arrive.
 */
async function listen(channel: string): Promise<void> {
  if (listening.has(channel)) return;
  listening.add(channel);
  await database.listen(channel, (payload) => send({ type: 'notification', channel, payload }));
}

async function query(sql: string, params: readonly unknown[]) {
  // BullMQ's command files begin with comments, before the verb that identifies the command.
  const statement = sql.replace(LEADING_COMMENTS, '');
  const channel = LISTEN.exec(statement)?.[1];
  if (channel) {
    await listen(channel);
    return { rows: [], rowCount: 0 };
  }
  // The channels are shared by every queue of the process: one queue's UNLISTEN must not silence the others.
  if (UNLISTEN.test(statement)) return { rows: [], rowCount: 0 };
  if (params.length === 0) {
    // The simple protocol, which takes several statements at once, as migrations need.
    const results = await database.exec(sql);
    const last = results.at(-1);
    return { rows: last?.rows ?? [], rowCount: last?.affectedRows || (last?.rows.length ?? 0) };
  }
  const result = await database.query(sql, params as unknown[]);
  // PGlite counts changed rows; `pg` counts rows that were read, too.
  return { rows: result.rows, rowCount: result.affectedRows || result.rows.length };
}

function errorFields(error: unknown): DatabaseErrorFields {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, detail } = error as Error & { code?: string; detail?: string };
  return { message: error.message, code, detail };
}

/** Whether Postgres continues after an error. After a panic, as on a full disk, its next query never ends. */
function isSurvived(error: unknown): boolean {
  return (error as { severity?: unknown } | null)?.severity === 'ERROR';
}

port.on('message', async (message: ToThread) => {
  try {
    if (message.type === 'close') {
      await database.close();
      send({ type: 'result', id: message.id, rows: [], rowCount: 0 });
      port.close();
      return;
    }
    send({ type: 'result', id: message.id, ...(await query(message.sql, message.params)) });
  } catch (error) {
    // Any thrown error ends this thread, and with it the database.
    if (!isSurvived(error)) throw error;
    send({ type: 'error', id: message.id, error: errorFields(error) });
  }
});

send({ type: 'ready' });
