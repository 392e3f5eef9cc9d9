/**
 * Prepared statements of the embedded database. Postgres parses and plans each text once, and statements that
 * wait at the same time share a transaction: one exchange with WebAssembly, and one commit, for all of them.
 */
import { type DescribeQueryResult, type PGlite, protocol } from '@electric-sql/pglite';

/** One statement with parameters. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** Rows, and how many there are or were changed. */
export interface StatementResult {
  readonly rows: unknown[];
  readonly rowCount: number;
}

export type Outcome = { readonly result: StatementResult } | { readonly error: unknown };

interface Prepared {
  readonly name: string;
  readonly params: DescribeQueryResult['queryParams'];
  readonly fields: DescribeQueryResult['resultFields'];
}

/** The messages of Postgres that are read here. */
type Message =
  | { readonly name: 'dataRow'; readonly fields: readonly (string | null)[] }
  | { readonly name: 'commandComplete'; readonly text: string }
  | { readonly name: 'bindComplete' };

const { serialize } = protocol;

export class Statements {
  readonly #database: PGlite;
  /** By their text. Callers have a fixed number of texts. */
  readonly #prepared = new Map<string, Prepared>();

  /** @param database in which only the caller runs statements, one call after another */
  constructor(database: PGlite) {
    this.#database = database;
  }

  /**
   * Runs statements in their order. They are one transaction if none of them fails; otherwise each is one of
   * its own, so that a failed statement affects no other.
   *
   * @throws an error after which Postgres does not continue, as after a panic
   */
  async run(statements: readonly Statement[]): Promise<Outcome[]> {
    try {
      const results = await this.#runTogether(statements);
      return results.map((result) => ({ result }));
    } catch (error) {
      if (!isSurvived(error)) throw error;
      if (statements.length === 1) return [{ error }];
    }
    const outcomes: Outcome[] = [];
    for (const statement of statements) outcomes.push(...(await this.run([statement])));
    return outcomes;
  }

  /** A transaction ends with the message `sync`; an error in it undoes all of it. */
  async #runTogether(statements: readonly Statement[]): Promise<StatementResult[]> {
    const prepared: Prepared[] = [];
    for (const { sql } of statements) prepared.push(await this.#prepare(sql));
    const messages = statements.flatMap(({ params }, index) => {
      const { name, params: types } = prepared[index]!;
      const values = params.map((value, position) => serialized(value, types[position]?.serializer));
      return [serialize.bind({ statement: name, values }), serialize.execute({})];
    });
    return readResults(await this.#exchange(...messages, serialize.sync()), prepared);
  }

  async #prepare(sql: string): Promise<Prepared> {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const { queryParams: params, resultFields: fields } = await this.#database.describeQuery(sql);
    const prepared = { name: `statement_${this.#prepared.size}`, params, fields };
    await this.#exchange(serialize.parse({ name: prepared.name, text: sql }), serialize.sync());
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  async #exchange(...messages: readonly Uint8Array[]): Promise<readonly Message[]> {
    const { messages: answers } = await this.#database.execProtocol(Buffer.concat(messages));
    return answers as unknown as readonly Message[];
  }
}

/** Whether Postgres continues after an error. After a panic, as on a full disk, its next query never ends. */
export function isSurvived(error: unknown): boolean {
  return (error as { severity?: unknown } | null)?.severity === 'ERROR';
}

function serialized(value: unknown, serializer: ((value: unknown) => string) | undefined): string | null {
  if (value === null || value === undefined) return null;
  return serializer ? serializer(value) : String(value);
}

function readResults(messages: readonly Message[], prepared: readonly Prepared[]): StatementResult[] {
  const results: StatementResult[] = [];
  let rows: unknown[] = [];
  for (const message of messages) {
    if (message.name === 'dataRow') {
      const { fields } = prepared[results.length]!;
      const entries = fields.map(({ name, dataTypeID, parser }, index) => {
        const text = message.fields[index]!;
        return [name, text === null || !parser ? text : parser(text, dataTypeID)];
      });
      rows.push(Object.fromEntries(entries));
    } else if (message.name === 'commandComplete') {
      // The tag ends with the number of rows, such as `SELECT 2`, except where there can be none.
      results.push({ rows, rowCount: Number(/\d+$/.exec(message.text)?.[0] ?? 0) });
      rows = [];
    }
  }
  return results;
}
