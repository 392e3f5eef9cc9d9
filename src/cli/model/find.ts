import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../config.ts';

/** The path of a model that the user named: a file, a folder, or the name of one in the models folder. */
export function findModel(named: string): string {
  if (existsSync(named)) return named;
  const inFolder = join(readConfig(process.env).modelsFolder, named);
  return existsSync(inFolder) ? inFolder : named;
}
