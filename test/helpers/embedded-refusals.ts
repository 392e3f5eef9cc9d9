import type { QueueConnection } from '../../src/queue/connection.ts';

interface Pool {
  query(sql: string): Promise<unknown>;
}

/**
 * Makes the embedded database refuse inserts that make its jobs grow, and no other statement, with the error
 * of Postgres for a table that cannot grow because the disk is full.
 *
 * @returns a function that ends the refusals
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
