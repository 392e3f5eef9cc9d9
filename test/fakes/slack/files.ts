/** Files on the fake Slack: announced, uploaded, and then shared, in three steps. */
import { randomBytes } from 'node:crypto';
import { Refusal } from './refusal.ts';

export interface SharedFile {
  readonly id: string;
  readonly name: string;
  readonly workspaceId: string;
  readonly length: number;
  bytes: Buffer | undefined;
  title: string | undefined;
  /** The message that shows it; undefined before. */
  ts: string | undefined;
}

export class Files {
  readonly all = new Map<string, SharedFile>();
  /** The address of the server, which it sets. */
  origin: () => string = () => '';

  /** First step. @throws Refusal `invalid_arguments` */
  announce(workspaceId: string, { filename, length }: Readonly<Record<string, unknown>>) {
    if (typeof filename !== 'string' || filename === '') {
      throw new Refusal('invalid_arguments', ['[ERROR] missing required field: filename']);
    }
    if (!(Number(length) > 0)) throw new Refusal('invalid_arguments', ['[ERROR] length']);
    const id = `F${randomBytes(5).toString('hex').toUpperCase()}`;
    const file = { id, name: filename, workspaceId, length: Number(length) };
    this.all.set(id, { ...file, bytes: undefined, title: undefined, ts: undefined });
    return { upload_url: `${this.origin()}/upload/${id}`, file_id: id };
  }

  /** Second step: whether the file is announced, and has the announced length. */
  receive(id: string, bytes: Buffer): boolean {
    const file = this.all.get(id);
    if (!file || file.bytes || file.length !== bytes.length) return false;
    file.bytes = bytes;
    return true;
  }

  /** Third step. @throws Refusal `file_not_found` for a file that is not uploaded */
  complete(workspaceId: string, given: unknown): { id: string; title: string }[] {
    if (!Array.isArray(given) || given.length === 0) throw new Refusal('invalid_arguments');
    return given.map(({ id, title }) => {
      const file = this.all.get(String(id));
      if (!file?.bytes || file.workspaceId !== workspaceId) throw new Refusal('file_not_found');
      file.title = title ?? file.name;
      return { id: file.id, title: file.title! };
    });
  }

  share(id: string, ts: string): void {
    this.all.get(id)!.ts = ts;
  }

  /** The files that messages of a conversation show. */
  in(messages: ReadonlyMap<string, unknown>): SharedFile[] {
    return [...this.all.values()].filter(({ ts }) => ts !== undefined && messages.has(ts));
  }
}
