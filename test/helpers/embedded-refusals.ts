import type { QueueConnection } from '../../src/queue/connection.ts';

interface Pool {
  query(sql: string): Promise<unknown>;
}

/**
 * Has the embedded database refuse what makes its jobs grow, and nothing else, with the error of Postgres for a table
 * that cannot grow because the disk is full.
 *
 * @returns what ends it
 */
export async function refuseEmbedded(connection: QueueConnection): Promise<() => Promise<void>> {
  const queue = connection.queue('refusals');
  const { pool } = (queue as unknown as { backend: { connection: { pool: Pool } } }).backend.connection;
  await pool.query(`
    CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
    END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON job FOR EACH ROW
      WHEN (OLD.progress IS DISTINCT FROM NEW.progress) EXECUTE FUNCTION refuse();
  `);
  return async () => {
    await pool.query('DROP TRIGGER refuse ON job');
    await queue.close();
  };
}
