/** Partial files, and the validators that tell whether the rest still belongs to the same file. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';

/** Identifies a file version, so that the rest of another version is not appended to it. */
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
    // The validator is missing or incomplete: the file is fetched from its beginning.
    return undefined;
  }
}

export async function writeValidator(part: string, validator: Validator): Promise<void> {
  await writeFile(validatorOf(part), JSON.stringify(validator));
}

/** The partial file is the whole file. */
export async function finished(part: string): Promise<void> {
  await rm(validatorOf(part), { force: true });
}

/** The partial file is useless. */
export async function forget(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(validatorOf(part), { force: true });
}

export async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}
