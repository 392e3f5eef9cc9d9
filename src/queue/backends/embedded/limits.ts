import { RateLimiterPostgres } from 'rate-limiter-flexible';
import { HOUR_SECONDS, type LimitStore } from '../../admission/store.ts';
import type { EmbeddedDatabase } from './database.ts';

/** Separate from BullMQ's own schema. */
const SCHEMA = 'scifi';
const HOURS = 'limit_hour';
/** `came` orders stories by arrival, independent of the clock. */
const CREATE = `
CREATE SCHEMA IF NOT EXISTS ${SCHEMA};
CREATE TABLE IF NOT EXISTS ${SCHEMA}.limit_under_way (
  key text NOT NULL,
  id text NOT NULL,
  came bigserial,
  at_ms bigint NOT NULL,
  PRIMARY KEY (key, id)
);`;

/**
 * One statement, and so one transaction: no other request can interleave.
 *
 * $1: the id; $2, $3 and $4: all keys, their groups' indices and the most that the group may hold; $5: now.
 */
const TAKE = `
WITH asked AS (
  SELECT key, part, most, row_number() OVER (PARTITION BY part ORDER BY place) = 1 AS is_first
    FROM unnest($2::text[], $3::int[], $4::int[]) WITH ORDINALITY AS a(key, part, most, place)
), there AS (
  SELECT 1 FROM ${SCHEMA}.limit_under_way JOIN asked USING (key) WHERE part = 0 AND id = $1
), fullest AS (
  SELECT part FROM asked JOIN ${SCHEMA}.limit_under_way USING (key)
   WHERE most > 0 GROUP BY part, most HAVING count(*) >= most ORDER BY part LIMIT 1
), added AS (
  INSERT INTO ${SCHEMA}.limit_under_way (key, id, at_ms)
  SELECT key, $1, $5 FROM asked
   WHERE is_first AND NOT EXISTS (SELECT FROM there) AND NOT EXISTS (SELECT FROM fullest)
  ON CONFLICT DO NOTHING
)
SELECT EXISTS (SELECT FROM there) AS there, (SELECT part FROM fullest) AS full,
       (SELECT count(*)::int FROM ${SCHEMA}.limit_under_way JOIN asked USING (key) WHERE part = 0) AS ahead`;

interface Answer {
  readonly there: boolean;
  readonly full: number | null;
  readonly ahead: number;
}

/** Limits in the embedded database. */
export async function embeddedLimits(database: EmbeddedDatabase): Promise<LimitStore> {
  await database.query(CREATE);
  const storeClient = {
    query: ({ text, values = [] }: { text: string; values?: unknown[] }) => database.query(text, values),
  };
  const options = { storeClient, storeType: 'client', schemaName: SCHEMA, tableName: HOURS };
  const limiter = (most: number, tableCreated: boolean, done?: (error?: Error) => void) =>
    new RateLimiterPostgres(
      {
        ...options,
        tableCreated,
        clearExpiredByTimeout: !tableCreated,
        keyPrefix: '',
        points: most,
        duration: HOUR_SECONDS,
      },
      done,
    );
  // The first request creates the table, and sweeps it.
  await new Promise<void>((resolve, reject) => {
    limiter(1, false, (error) => (error ? reject(error) : resolve()));
  });
  return {
    isRunning: () => database.isRunning,
    hourly: (most) => limiter(most, true),
    underWay: {
      async take(id, groups) {
        const rows = groups.flatMap(({ keys, most }, part) => keys.map((key) => ({ key, part, most })));
        const { rows: answers } = await database.query<Answer>(TAKE, [
          id,
          rows.map(({ key }) => key),
          rows.map(({ part }) => part),
          rows.map(({ most }) => most),
          Date.now(),
        ]);
        const { there, full, ahead } = answers[0]!;
        if (there) return 'there';
        return full === null ? { ahead } : { full };
      },
      async leave(id, keys) {
        await database.query(`DELETE FROM ${SCHEMA}.limit_under_way WHERE id = $1 AND key = ANY($2)`, [
          id,
          keys,
        ]);
      },
      async list(keys) {
        const { rows } = await database.query<{ id: string; at_ms: number }>(
          `SELECT id, at_ms FROM ${SCHEMA}.limit_under_way WHERE key = ANY($1) ORDER BY came`,
          [keys],
        );
        return rows.map(({ id, at_ms }) => ({ id, ageMs: Date.now() - Number(at_ms) }));
      },
    },
  };
}
