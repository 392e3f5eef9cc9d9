/**
 * Creates an embedded database and ends. A process of its own: creating takes half a gigabyte, which a thread would
 * not give back to the system. Started by `create.ts`; prints nothing, and ends with 1 and a sentence on standard
 * error when it fails.
 */
import { writeSync } from 'node:fs';
import { openPostgres } from './postgres.ts';
import { closeToOthers } from './private-files.ts';

const STANDARD_ERROR = 2;

const [, , folder = ''] = process.argv;
try {
  const database = await openPostgres(folder);
  await database.close();
  // What Postgres' own creator has made on its way.
  await closeToOthers(folder);
} catch (error) {
  // The parent reads it.
  writeSync(STANDARD_ERROR, `${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
