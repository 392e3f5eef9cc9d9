/**
 * How the embedded Postgres is run, by the process that creates its folder and by the thread that serves it.
 */
import { PGlite } from '@electric-sql/pglite';
import { PrivateNodeFS } from './private-node-fs.ts';

/**
 * All of `postgresql.conf`. A queue of one process is a few megabytes: Postgres's default of 128 MB for
 * buffers alone would be resident from the start.
 */
const SETTINGS: readonly [string, ...string[]] = [
  'shared_buffers = 16MB',
  'max_connections = 10',
  'min_wal_size = 32MB',
  'max_wal_size = 128MB',
  "timezone = 'UTC'",
  "log_timezone = 'UTC'",
  'client_encoding = utf8',
];

/** Opens the database in a folder; creates it where the folder is empty. */
export function openPostgres(folder: string): Promise<PGlite> {
  return PGlite.create({
    fs: new PrivateNodeFS(folder),
    relaxedDurability: false,
    postgresqlconf: [...SETTINGS],
    initDbStartParams: ['-c', SETTINGS[0]],
  });
}
