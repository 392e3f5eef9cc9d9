/** Files that have come in part, and what tells whether the rest is still that of the same file. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';

/** What a file is known by, so that the rest of another is not appended to it. */
export interface Validator {
  readonly url: string;
  readonly etag: string | null;
  readonly modified: string | null;
}

function validatorOf(part: string): string {
  return `${part}.json`;
}

export async function readValidator(part: string, url: string): Promise<Validator | undefined> {
  try {
    const validator = JSON.parse(await readFile(validatorOf(part), 'utf8')) as Validator;
    return validator.url === url ? validator : undefined;
  } catch {
    // None, or one that was torn: the file is fetched from its beginning.
    return undefined;
  }
}

export async function writeValidator(part: string, validator: Validator): Promise<void> {
  await writeFile(validatorOf(part), JSON.stringify(validator));
}

/** What is here is the whole file. */
export async function finished(part: string): Promise<void> {
  await rm(validatorOf(part), { force: true });
}

/** What is here is of no use. */
export async function forget(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(validatorOf(part), { force: true });
}

export async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}
