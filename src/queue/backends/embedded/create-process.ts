/**
 * Creates an embedded database and exits. This is a separate process because creating takes half a gigabyte,
 * which a thread would not return to the system. Started by `create.ts`; prints nothing to standard output,
 * and exits with 1 and a sentence on standard error when it fails.
 */
import { writeSync } from 'node:fs';
import { openPostgres } from './postgres.ts';
import { closeToOthers } from './private-files.ts';

const STANDARD_ERROR = 2;

const [, , folder = ''] = process.argv;
try {
  const database = await openPostgres(folder);
  await database.close();
  // Includes files that Postgres's own creator has made.
  await closeToOthers(folder);
} catch (error) {
  // The parent reads it.
  writeSync(STANDARD_ERROR, `${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
