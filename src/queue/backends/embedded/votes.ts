import type { VoteStore } from '../../votes/store.ts';
import type { EmbeddedDatabase } from './database.ts';

/** Separate from BullMQ's own schema. */
const SCHEMA = 'scifi';
const CREATE = `
CREATE SCHEMA IF NOT EXISTS ${SCHEMA};
CREATE TABLE IF NOT EXISTS ${SCHEMA}.vote (
  id text PRIMARY KEY,
  version int NOT NULL,
  record text NOT NULL,
  round int NOT NULL,
  ends_ms bigint,
  at_ms bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS ${SCHEMA}.vote_ballot (
  vote text NOT NULL,
  voter text NOT NULL,
  choice int NOT NULL,
  cast_ms bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (vote, voter)
);
ALTER TABLE ${SCHEMA}.vote_ballot ADD COLUMN IF NOT EXISTS cast_ms bigint NOT NULL DEFAULT 0;`;

const ADD = `
INSERT INTO ${SCHEMA}.vote (id, version, record, round, at_ms) VALUES ($1, 1, $2, 0, $3)
ON CONFLICT DO NOTHING RETURNING id`;

const READ = `
SELECT version, record,
  ARRAY(SELECT choice FROM ${SCHEMA}.vote_ballot WHERE vote = $1 ORDER BY voter) AS ballots,
  ARRAY(SELECT voter FROM ${SCHEMA}.vote_ballot WHERE vote = $1 ORDER BY voter) AS voters
  FROM ${SCHEMA}.vote WHERE id = $1`;

/** One statement, and so one transaction. $4: the open round; $5: its end; $6: now. */
const REPLACE = `
WITH before AS (
  SELECT round FROM ${SCHEMA}.vote WHERE id = $1 AND version = $2
), cleared AS (
  DELETE FROM ${SCHEMA}.vote_ballot WHERE vote = $1 AND EXISTS (SELECT FROM before WHERE round <> $4)
)
UPDATE ${SCHEMA}.vote SET version = version + 1, record = $3, round = $4, ends_ms = $5, at_ms = $6
 WHERE id = $1 AND version = $2 RETURNING id`;

/** $2: the round; $5: now; $6: when the ballot was made. Returns a row if the voter's last ballot counts. */
const CAST = `
WITH open AS (
  SELECT id FROM ${SCHEMA}.vote WHERE id = $1 AND round = $2 AND (ends_ms IS NULL OR $5 < ends_ms)
), put AS (
  INSERT INTO ${SCHEMA}.vote_ballot AS ballot (vote, voter, choice, cast_ms)
  SELECT id, $3, $4, $6 FROM open
  ON CONFLICT (vote, voter) DO UPDATE SET choice = excluded.choice, cast_ms = excluded.cast_ms
   WHERE ballot.cast_ms <= excluded.cast_ms
)
SELECT id FROM open`;

const REMOVE = `
WITH cleared AS (DELETE FROM ${SCHEMA}.vote_ballot WHERE vote = $1) DELETE FROM ${SCHEMA}.vote WHERE id = $1`;

interface Row {
  readonly version: number;
  readonly record: string;
  readonly ballots: readonly number[];
  readonly voters: readonly string[];
}

/** Votes in the embedded database, whose clock is that of its only process. */
export async function embeddedVotes(database: EmbeddedDatabase): Promise<VoteStore> {
  await database.query(CREATE);
  return {
    async add(id, record) {
      const { rows } = await database.query(ADD, [id, JSON.stringify(record), Date.now()]);
      return rows.length === 1;
    },
    async read(id) {
      const { rows } = await database.query<Row>(READ, [id]);
      const [row] = rows;
      if (!row) return undefined;
      const { version, record, ballots, voters } = row;
      return { version, record: JSON.parse(record), ballots, voters, now: Date.now() };
    },
    async replace(id, version, record, { round, endsAt }) {
      const values = [id, version, JSON.stringify(record), round, endsAt ?? null, Date.now()];
      return (await database.query(REPLACE, values)).rows.length === 1;
    },
    async cast(id, { round, voter, choice, at }) {
      const { rows } = await database.query(CAST, [id, round, voter, choice, Date.now(), Math.round(at)]);
      return rows.length === 1;
    },
    async withdraw(id, voter) {
      await database.query(`DELETE FROM ${SCHEMA}.vote_ballot WHERE vote = $1 AND voter = $2`, [id, voter]);
    },
    async remove(id) {
      await database.query(REMOVE, [id]);
    },
    async list(before) {
      const query = `SELECT id FROM ${SCHEMA}.vote WHERE at_ms < $1 ORDER BY at_ms`;
      const { rows } = await database.query<{ id: string }>(query, [before]);
      return rows.map(({ id }) => id);
    },
  };
}
