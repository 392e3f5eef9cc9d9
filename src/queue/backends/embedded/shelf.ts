import type { ShelfStore, Shelved } from '../../shelf/store.ts';
import type { EmbeddedDatabase } from './database.ts';

/** Separate from BullMQ's own schema. */
const SCHEMA = 'scifi';
const CREATE = `
CREATE SCHEMA IF NOT EXISTS ${SCHEMA};
CREATE TABLE IF NOT EXISTS ${SCHEMA}.shelved (
  shelf text NOT NULL,
  id text NOT NULL,
  version int NOT NULL,
  at_ms bigint NOT NULL,
  record text NOT NULL,
  PRIMARY KEY (shelf, id)
);`;

const ADD = `
INSERT INTO ${SCHEMA}.shelved (shelf, id, version, at_ms, record) VALUES ($1, $2, 1, $3, $4)
ON CONFLICT DO NOTHING RETURNING id`;

const TRIM = `
DELETE FROM ${SCHEMA}.shelved WHERE shelf = $1 AND id NOT IN (
  SELECT id FROM ${SCHEMA}.shelved WHERE shelf = $1 ORDER BY at_ms DESC, id LIMIT $2
)`;

const REPLACE = `
UPDATE ${SCHEMA}.shelved SET version = version + 1, record = $4
 WHERE shelf = $1 AND id = $2 AND version = $3 RETURNING id`;

interface Row {
  readonly id: string;
  readonly version: number;
  readonly record: string;
}

/** Shelves in the embedded database, which has one process. */
export async function embeddedShelf(database: EmbeddedDatabase): Promise<ShelfStore> {
  await database.query(CREATE);
  const changes = async (query: string, values: unknown[]) =>
    (await database.query(query, values)).rows.length > 0;
  return {
    async add(shelf, id, at, record, most) {
      const isAdded = await changes(ADD, [shelf, id, at, JSON.stringify(record)]);
      if (isAdded) await database.query(TRIM, [shelf, most]);
      return isAdded;
    },
    async read<Record>(shelf: string, id: string) {
      const query = `SELECT id, version, record FROM ${SCHEMA}.shelved WHERE shelf = $1 AND id = $2`;
      const [row] = (await database.query<Row>(query, [shelf, id])).rows;
      return row && shelved<Record>(row);
    },
    async list<Record>(shelf: string) {
      const query = `SELECT id, version, record FROM ${SCHEMA}.shelved WHERE shelf = $1 ORDER BY at_ms`;
      return (await database.query<Row>(query, [shelf])).rows.map(shelved<Record>);
    },
    replace: (shelf, id, version, record) => changes(REPLACE, [shelf, id, version, JSON.stringify(record)]),
    remove: (shelf, id) =>
      changes(`DELETE FROM ${SCHEMA}.shelved WHERE shelf = $1 AND id = $2 RETURNING id`, [shelf, id]),
    async shelves() {
      const query = `SELECT DISTINCT shelf FROM ${SCHEMA}.shelved`;
      return (await database.query<{ shelf: string }>(query)).rows.map(({ shelf }) => shelf);
    },
    async removeOld(shelf, before) {
      await database.query(`DELETE FROM ${SCHEMA}.shelved WHERE shelf = $1 AND at_ms < $2`, [shelf, before]);
    },
  };
}

function shelved<Record>({ id, version, record }: Row): Shelved<Record> {
  return { id, version, record: JSON.parse(record) };
}
