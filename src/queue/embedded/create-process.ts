/**
 * Creates an embedded database and ends. A process of its own: creating takes half a gigabyte, which a thread would
 * not give back to the system. Started by `create.ts`; prints nothing, and ends with 1 and a sentence on standard
 * error when it fails.
 */

import { openPostgres } from './postgres.ts';
import { closeToOthers } from './private-files.ts';

const [, , folder = ''] = process.argv;
try {
  const database = await openPostgres(folder);
  await database.close();
  // What Postgres' own creator has made on its way.
  await closeToOthers(folder);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
