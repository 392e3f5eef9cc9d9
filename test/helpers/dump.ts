/** All data of a store, as text: for tests of data that must not be in it. */
import { Redis } from 'ioredis';
import { EmbeddedDatabase } from '../../src/queue/backends/embedded/database.ts';

/** Every key and every value of a Redis. */
export async function dumpRedis(url: string): Promise<string> {
  const client = new Redis(url);
  const parts: unknown[] = [];
  try {
    for (const key of await client.keys('*')) {
      const type = await client.type(key);
      if (type === 'string') parts.push([key, await client.get(key)]);
      else if (type === 'hash') parts.push([key, await client.hgetall(key)]);
      else if (type === 'list') parts.push([key, await client.lrange(key, 0, -1)]);
      else if (type === 'set') parts.push([key, await client.smembers(key)]);
      else if (type === 'zset') parts.push([key, await client.zrange(key, '0', '-1')]);
      else if (type === 'stream') parts.push([key, await client.xrange(key, '-', '+')]);
      // A key that has expired since it was listed.
      else if (type !== 'none') throw new Error(`${key} is a ${type}`);
    }
  } finally {
    client.disconnect();
  }
  return JSON.stringify(parts);
}

/** Every row of every table of an embedded queue that no process has open. */
export async function dumpEmbedded(folder: string): Promise<string> {
  const database = await EmbeddedDatabase.open(folder);
  const parts: unknown[] = [];
  try {
    const tables = await database.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'`,
    );
    for (const { name } of tables.rows) {
      const { rows } = await database.query(`SELECT t::text FROM ${name} AS t`);
      parts.push([name, rows]);
    }
  } finally {
    await database.end();
  }
  return JSON.stringify(parts);
}
