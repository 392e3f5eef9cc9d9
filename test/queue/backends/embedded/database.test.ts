import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EmbeddedDatabase } from '../../../../src/queue/backends/embedded/database.ts';
import { embeddedFolder } from '../../../helpers/embedded-folder.ts';

/** More queries than one transaction takes. */
const MANY = 150;

describe('the embedded database', () => {
  let folder: Awaited<ReturnType<typeof embeddedFolder>>;
  let database: EmbeddedDatabase;

  before(async () => {
    folder = await embeddedFolder();
    database = await EmbeddedDatabase.open(folder.folder);
    await database.query('CREATE TABLE numbers (number int PRIMARY KEY, name text)');
  });

  after(async () => {
    await database.end();
    await folder.remove();
  });

  const insert = (number: number, name: string | null = null) =>
    database.query('INSERT INTO numbers VALUES ($1, $2)', [number, name]);
  const read = async (from: number, to: number) => {
    const between = 'SELECT number FROM numbers WHERE number BETWEEN $1 AND $2 ORDER BY number';
    return (await database.query<{ number: number }>(between, [from, to])).rows.map(({ number }) => number);
  };

  it('runs queries of the same moment in one transaction', async () => {
    const number = 'SELECT txid_current()::text AS id, $1::int AS number';
    const ask = (count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, index) =>
          database.query<{ id: string; number: number }>(number, [index]),
        ),
      );
    const results = (await ask(MANY)).map(({ rows }) => rows[0]!);
    assert.deepEqual(
      results.map((row) => row.number),
      Array.from({ length: MANY }, (_, index) => index),
    );
    assert.equal(new Set(results.map(({ id }) => id)).size, 3);
    const [one] = await ask(1);
    const [other] = await ask(1);
    assert.notEqual(one!.rows[0]!.id, other!.rows[0]!.id);
  });

  it('keeps the other queries when one of the same moment fails', async () => {
    await insert(1);
    const outcomes = await Promise.allSettled([insert(2), insert(1), insert(3), read(1, 9), insert(4)]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
    );
    const refused = (outcomes[1] as PromiseRejectedResult).reason as { message: string; code: string };
    assert.match(refused.message, /duplicate key/);
    assert.equal(refused.code, '23505');
    assert.deepEqual((outcomes[3] as PromiseFulfilledResult<number[]>).value, [1, 2, 3]);
    assert.deepEqual(await read(1, 9), [1, 2, 3, 4]);
  });

  it('tells a query that Postgres cannot parse from its neighbours', async () => {
    const outcomes = await Promise.allSettled([
      insert(11),
      database.query('SELEKT $1', [1]),
      database.query('SELECT 1/$1::int', [0]),
      insert(12),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(await read(11, 19), [11, 12]);
  });

  it('gives rows, nothing for a null, and counts of rows', async () => {
    assert.equal((await insert(21, 'one')).rowCount, 1);
    await insert(22);
    const all =
      'SELECT number, name, ARRAY[number] AS list, $3::jsonb AS json FROM numbers WHERE number IN ($1, $2)';
    const { rows, rowCount } = await database.query(all, [21, 22, JSON.stringify({ a: [1] })]);
    assert.deepEqual(rows, [
      { number: 21, name: 'one', list: [21], json: { a: [1] } },
      { number: 22, name: null, list: [22], json: { a: [1] } },
    ]);
    assert.equal(rowCount, 2);
    const rename = await database.query('UPDATE numbers SET name = $1 WHERE number > $2', ['x', 20]);
    assert.deepEqual([rename.rows, rename.rowCount], [[], 2]);
    const none = await database.query('DELETE FROM numbers WHERE number = $1', [99]);
    assert.deepEqual([none.rows, none.rowCount], [[], 0]);
  });

  it('runs queries without parameters in their order among the others', async () => {
    const [, , after] = await Promise.all([
      insert(31),
      database.query('DELETE FROM numbers WHERE number = 31'),
      read(31, 31),
      insert(32),
    ]);
    assert.deepEqual(after, []);
    assert.deepEqual(await read(31, 39), [32]);
  });

  it('notifies once per transaction, after the answers of its queries', async () => {
    const client = await database.connect();
    await client.query('LISTEN "moments"');
    const heard: string[] = [];
    let isAnswered = false;
    const first = new Promise<void>((resolve) => {
      // As BullMQ reads events: nothing was found, so it listens from now on.
      void database.query('SELECT $1::int', [1]).then(() => {
        isAnswered = true;
        client.on('notification', ({ payload }) => {
          heard.push(payload);
          resolve();
        });
      });
    });
    const notify = () => database.query('SELECT pg_notify($1, $2)', ['moments', 'now']);
    await Promise.all([notify(), notify(), notify(), first]);
    assert.equal(isAnswered, true);
    // A later transaction is a later notification: the earlier ones have arrived by then.
    const second = new Promise((resolve) => client.once('notification', resolve));
    await Promise.all([notify(), second]);
    assert.deepEqual(heard, ['now', 'now']);
    client.release();
  });
});
