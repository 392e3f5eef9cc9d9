import type { Verdict } from '../../../story/feedback.ts';
import { DOUBLE_CLICK_MS, type FeedbackStore, type Total } from '../../feedback-store.ts';
import type { EmbeddedDatabase } from './database.ts';

/** Separate from BullMQ's own schema. */
const SCHEMA = 'scifi';
const STORY = `${SCHEMA}.feedback_story`;
const RATINGS = `${SCHEMA}.feedback_vote`;
const TOTAL = `${SCHEMA}.feedback_total`;

/** `grouping` is a story's group; null until its first rating. */
const CREATE = `
CREATE SCHEMA IF NOT EXISTS ${SCHEMA};
CREATE TABLE IF NOT EXISTS ${STORY} (
  story text PRIMARY KEY,
  salt text NOT NULL,
  expires_ms bigint NOT NULL,
  grouping text,
  day int
);
CREATE TABLE IF NOT EXISTS ${RATINGS} (
  story text NOT NULL REFERENCES ${STORY} ON DELETE CASCADE,
  voter text NOT NULL,
  verdict text NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (story, voter)
);
CREATE TABLE IF NOT EXISTS ${TOTAL} (
  day int NOT NULL,
  grouping text NOT NULL,
  verdict text NOT NULL,
  votes int NOT NULL,
  PRIMARY KEY (grouping, verdict)
);`;

const SALT_OF = `
WITH added AS (
  INSERT INTO ${STORY} (story, salt, expires_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
)
SELECT coalesce((SELECT salt FROM ${STORY} WHERE story = $1), $2) AS salt`;

/**
 * One statement, and so one transaction: no other rating can interleave. A rating is the verdict (or `none`) and the time
 * of the last press.
 *
 * $1: the story; $2: its salt; $3: the user's hash; $4: the verdict; $5: its time; $6: whether it is a press; $7: when
 * the ratings expire; $8 and $9: the group and its day.
 */
const RATE = `
WITH story AS (
  SELECT 1 FROM ${STORY} WHERE story = $1 AND salt = $2
), known AS (
  SELECT verdict, at_ms FROM ${RATINGS} WHERE story = $1 AND voter = $3
), last AS (
  SELECT coalesce((SELECT verdict FROM known), 'none') AS before,
         coalesce((SELECT at_ms FROM known), 0) AS at_ms FROM story
), judged AS (
  SELECT before, at_ms,
         $6::boolean AND ($5::bigint <= at_ms OR (before = $4 AND $5::bigint - at_ms < ${DOUBLE_CLICK_MS})) AS is_repeated
    FROM last
), next AS (
  SELECT before, at_ms, is_repeated,
         CASE WHEN is_repeated THEN before WHEN $6::boolean AND before = $4 THEN 'none' ELSE $4 END AS after
    FROM judged
), stored AS (
  INSERT INTO ${RATINGS} (story, voter, verdict, at_ms)
  SELECT $1, $3, after, greatest(at_ms, $5::bigint) FROM next WHERE NOT is_repeated
  ON CONFLICT (story, voter) DO UPDATE SET verdict = excluded.verdict, at_ms = excluded.at_ms
), kept AS (
  UPDATE ${STORY} SET expires_ms = $7, grouping = $8, day = $9
   WHERE story = $1 AND EXISTS (SELECT FROM next WHERE NOT is_repeated)
), counted AS (
  INSERT INTO ${TOTAL} (day, grouping, verdict, votes)
  SELECT $9, $8, change.verdict, change.votes FROM next,
         LATERAL (VALUES (before, -1), (after, 1)) AS change(verdict, votes)
   WHERE before <> after AND change.verdict <> 'none'
  ON CONFLICT (grouping, verdict) DO UPDATE SET votes = feedback_total.votes + excluded.votes
)
SELECT after FROM next`;

/** $1: the story; $2: the user's hash. */
const FORGET = `
WITH gone AS (
  DELETE FROM ${RATINGS} WHERE story = $1 AND voter = $2 RETURNING verdict
)
UPDATE ${TOTAL} AS total SET votes = total.votes - 1 FROM gone, ${STORY} AS story
 WHERE story.story = $1 AND total.grouping = story.grouping AND total.verdict = gone.verdict`;

/** Feedback in the embedded database. */
export async function embeddedFeedback(database: EmbeddedDatabase): Promise<FeedbackStore> {
  await database.query(CREATE);
  return {
    async salt(story, fresh, expiresAt) {
      const { rows } = await database.query<{ salt: string }>(SALT_OF, [story, fresh, expiresAt]);
      return rows[0]!.salt;
    },
    async rate({ story, salt, rater, verdict = 'none', at, isPress, expiresAt, group, day }) {
      const { rows } = await database.query<{ after: Verdict | 'none' }>(RATE, [
        story,
        salt,
        rater,
        verdict,
        Math.round(at),
        isPress,
        expiresAt,
        group,
        day,
      ]);
      const after = rows[0] ? rows[0].after : 'gone';
      return after === 'none' ? undefined : after;
    },
    async forget(story, rater) {
      await database.query(FORGET, [story, rater]);
    },
    async stories() {
      return (await database.query<{ story: string; salt: string }>(`SELECT story, salt FROM ${STORY}`)).rows;
    },
    async remove(story) {
      await database.query(`DELETE FROM ${STORY} WHERE story = $1`, [story]);
    },
    async removeOld(now, firstDay) {
      await database.query(`DELETE FROM ${STORY} WHERE expires_ms <= $1`, [now]);
      await database.query(`DELETE FROM ${TOTAL} WHERE day < $1`, [firstDay]);
    },
    async totals(firstDay) {
      const { rows } = await database.query<Total>(
        `SELECT grouping AS "group", verdict, votes FROM ${TOTAL} WHERE day >= $1 AND votes <> 0`,
        [firstDay],
      );
      return rows;
    },
  };
}
