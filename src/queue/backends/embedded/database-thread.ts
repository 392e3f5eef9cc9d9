/**
 * The embedded database: PGlite (Postgres as WebAssembly) in a thread of its own, so that a query never
 * blocks the event loop that paces replies and renews locks. Started by `database.ts`; the messages are
 * `ToThread` and `FromThread`.
 */
import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';
import { openPostgres } from './postgres.ts';
import { isSurvived, type Statement, type StatementResult, Statements } from './statements.ts';

/** The first message to the thread. It loads its code meanwhile, before the folder's lock is held. */
export interface ToOpen {
  readonly folder: string;
}

/** A later message to the thread. */
export type ToThread = Query | { readonly type: 'close'; readonly id: number };

export interface Query {
  readonly type: 'query';
  readonly id: number;
  /** The number of its text. The text is sent once: those of BullMQ have many comments. */
  readonly text: number;
  /** The text, in the first message that has this number. */
  readonly sql: string | undefined;
  readonly params: readonly unknown[];
}

/** A message from the thread: answers to several queries, or what Postgres has notified. */
export type FromThread =
  | { readonly type: 'ready' }
  | { readonly type: 'answers'; readonly answers: readonly Answer[] }
  | { readonly type: 'notifications'; readonly notifications: readonly Notification[] };

/** The answer to one message. */
export type Answer = { readonly id: number } & (StatementResult | { readonly error: DatabaseErrorFields });

export interface Notification {
  readonly channel: string;
  readonly payload: string;
}

/** The fields of a Postgres error that BullMQ reads. */
interface DatabaseErrorFields {
  readonly message: string;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
}

const LEADING_COMMENTS = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/;
const LISTEN = /^LISTEN\s+"?(\w+)"?/i;
const UNLISTEN = /^UNLISTEN\s+"?(\w+|\*)"?/i;

/** Statements with parameters that are run together: a bound on the memory and the time of a transaction. */
const MAX_TOGETHER = 64;

const port = parentPort!;
const send = (message: FromThread) => port.postMessage(message);
const [{ folder }] = (await once(port, 'message')) as [ToOpen];
const database = await openPostgres(folder);
const statements = new Statements(database);
const listening = new Set<string>();
/** The texts of queries by their numbers. */
const texts: string[] = [];
let notifications: Notification[] = [];

/**
 * PGlite has its own method for LISTEN; sent as a query, LISTEN would be accepted and no notification would
 * arrive.
 */
async function listen(channel: string): Promise<void> {
  if (listening.has(channel)) return;
  listening.add(channel);
  await database.listen(channel, (payload) => notifications.push({ channel, payload }));
}

/** Runs a query without parameters, in the simple protocol, which takes several statements at once. */
async function runSimple(sql: string): Promise<StatementResult> {
  // BullMQ's command files begin with comments, before the verb that identifies the command.
  const statement = sql.replace(LEADING_COMMENTS, '');
  const channel = LISTEN.exec(statement)?.[1];
  if (channel) {
    await listen(channel);
    return { rows: [], rowCount: 0 };
  }
  // The channels are shared by every queue of the process: one queue's UNLISTEN must not silence the others.
  if (UNLISTEN.test(statement)) return { rows: [], rowCount: 0 };
  const last = (await database.exec(sql)).at(-1);
  return { rows: last?.rows ?? [], rowCount: last?.affectedRows || (last?.rows.length ?? 0) };
}

function textOf({ text, sql }: Query): string {
  if (sql !== undefined) texts[text] = sql;
  return texts[text]!;
}

function errorFields(error: unknown): DatabaseErrorFields {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, detail } = error as Error & { code?: string; detail?: string };
  return { message: error.message, code, detail };
}

/** Answers the message at the front, or several queries from there on that have parameters. */
async function answer(messages: ToThread[]): Promise<Answer[]> {
  const first = messages[0]!;
  if (first.type === 'close') {
    messages.shift();
    await database.close();
    return [{ id: first.id, rows: [], rowCount: 0 }];
  }
  if (first.params.length === 0) {
    messages.shift();
    try {
      return [{ id: first.id, ...(await runSimple(textOf(first))) }];
    } catch (error) {
      if (!isSurvived(error)) throw error;
      return [{ id: first.id, error: errorFields(error) }];
    }
  }
  const other = messages.findIndex((message) => message.type !== 'query' || message.params.length === 0);
  const count = Math.min(other < 0 ? messages.length : other, MAX_TOGETHER);
  const queries = messages.splice(0, count) as Query[];
  const outcomes = await statements.run(
    queries.map((query): Statement => ({ sql: textOf(query), params: query.params })),
  );
  return outcomes.map((outcome, index) => {
    const { id } = queries[index]!;
    return 'error' in outcome ? { id, error: errorFields(outcome.error) } : { id, ...outcome.result };
  });
}

const waiting: ToThread[] = [];
let isAnswering = false;

/** Any error that is thrown here ends this thread, and with it the database. */
async function answerAll(): Promise<void> {
  while (waiting.length > 0) {
    const isLast = waiting[0]!.type === 'close';
    send({ type: 'answers', answers: await answer(waiting) });
    // A message of its own after the answers: a query's caller that found nothing listens by then.
    if (notifications.length > 0) send({ type: 'notifications', notifications });
    notifications = [];
    if (isLast) port.close();
    // Queries that have come meanwhile are run with the next ones.
    await new Promise(setImmediate);
  }
  isAnswering = false;
}

port.on('message', (messages: readonly ToThread[]) => {
  waiting.push(...messages);
  if (isAnswering) return;
  isAnswering = true;
  setImmediate(() => void answerAll());
});

send({ type: 'ready' });
