/** Messages with files: `multipart/form-data`, with the message as JSON beside its files. */
import { INVALID_FORM, Refusal } from './refusals.ts';

export interface FakeFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A message's body as the routes read it; files are attached under this key, which no client sends. */
export const FILES = Symbol('files');

/** Discord's limit for all files of a message without a boost. */
const FILES_MAX_BYTES = 10 * 1024 * 1024;

/** Parses a request's body, whose type its header names. */
export async function parseBody(bytes: Buffer, type: string | undefined): Promise<unknown> {
  if (bytes.length === 0) return undefined;
  if (!type?.startsWith('multipart/form-data')) return JSON.parse(bytes.toString('utf8'));
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData();
  const json = form.get('payload_json');
  const files = new Map<string, FakeFile>();
  for (const [key, value] of form) {
    const [, id] = /^files\[(\d+)\]$/.exec(key) ?? [];
    if (id === undefined || !(value instanceof Blob)) continue;
    files.set(id, { name: (value as File).name, bytes: Buffer.from(await value.arrayBuffer()) });
  }
  return Object.assign(JSON.parse(String(json)), { [FILES]: files });
}

/**
 * The files of a message, as its `attachments` name them.
 *
 * @throws Refusal when a named file is missing, or all files are too large
 */
export function filesOf(body: unknown): FakeFile[] {
  const { attachments = [] } = body as { attachments?: { id: string | number }[] };
  const sent = (body as { [FILES]?: Map<string, FakeFile> })[FILES] ?? new Map<string, FakeFile>();
  const files = attachments.map(({ id }) => {
    const file = sent.get(String(id));
    if (!file) throw INVALID_FORM(`attachments: there is no file ${id}`);
    return file;
  });
  const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (size > FILES_MAX_BYTES) throw new Refusal(413, 40_005, 'Request entity too large');
  return files;
}
