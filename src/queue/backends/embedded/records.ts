import type { RecordStore } from '../../records/store.ts';
import type { EmbeddedDatabase } from './database.ts';

/** Separate from BullMQ's own schema. */
const SCHEMA = 'scifi';
const CREATE = `
CREATE SCHEMA IF NOT EXISTS ${SCHEMA};
CREATE TABLE IF NOT EXISTS ${SCHEMA}.record (
  kind text NOT NULL,
  id text NOT NULL,
  version int NOT NULL,
  record text NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (kind, id)
);`;

const ADD = `
INSERT INTO ${SCHEMA}.record (kind, id, version, record, at_ms) VALUES ($1, $2, 1, $3, $4)
ON CONFLICT DO NOTHING RETURNING id`;
const READ = `SELECT version, record FROM ${SCHEMA}.record WHERE kind = $1 AND id = $2`;
const REPLACE = `
UPDATE ${SCHEMA}.record SET version = version + 1, record = $4, at_ms = $5
 WHERE kind = $1 AND id = $2 AND version = $3 RETURNING id`;
const REMOVE = `DELETE FROM ${SCHEMA}.record WHERE kind = $1 AND id = $2`;
const LIST = `SELECT id FROM ${SCHEMA}.record WHERE kind = $1 AND at_ms < $2`;

/**
 * Records in the embedded database, whose clock is that of its only process.
 *
 * @param kind of the records, such as `relays`
 */
export async function embeddedRecords(database: EmbeddedDatabase, kind: string): Promise<RecordStore> {
  await database.query(CREATE);
  return {
    async add(id, record) {
      const { rows } = await database.query(ADD, [kind, id, JSON.stringify(record), Date.now()]);
      return rows.length === 1;
    },
    async read(id) {
      const { rows } = await database.query<{ version: number; record: string }>(READ, [kind, id]);
      const [row] = rows;
      return row && { version: row.version, record: JSON.parse(row.record) };
    },
    async replace(id, version, record) {
      const values = [kind, id, version, JSON.stringify(record), Date.now()];
      return (await database.query(REPLACE, values)).rows.length === 1;
    },
    async remove(id) {
      await database.query(REMOVE, [kind, id]);
    },
    async list(before) {
      const { rows } = await database.query<{ id: string }>(LIST, [kind, before]);
      return rows.map(({ id }) => id);
    },
  };
}
