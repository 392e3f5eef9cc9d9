/**
 * A server that imitates Project Gutenberg's catalogue and a mirror, with network faults: faults are queued
 * for a path and occur once each, in order; afterwards it answers normally.
 */
import { createHash } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { gzipSync } from 'node:zlib';

/**
 * Time, and iterations of the event loop, which a client in the same process shares: a busy machine does not
 * shorten them.
 */
const READ_MS = 50;
const READ_TURNS = 20;

export interface FakeBook {
  readonly id: string;
  readonly title: string;
  readonly text: Buffer;
  /** The mirror's path below its root. */
  readonly paths: readonly string[];
  readonly type?: string;
  readonly language?: string;
  readonly shelves?: string;
  readonly author?: string;
}

export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /**
   * The connection is closed after this number of bytes of the body; `announced` is the length in the header.
   */
  | { readonly kind: 'reset'; readonly after: number }
  /** The body ends early as if it were complete: the header has no length. */
  | {
      readonly kind: 'silent truncation';
      readonly after: number;
      readonly checksum: 'repr-digest' | 'content-md5';
    }
  /** This number of bytes, and then none until the client times out. */
  | { readonly kind: 'stall'; readonly after: number }
  /** Single bytes with pauses. */
  | { readonly kind: 'drip'; readonly everyMs: number }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'web page' }
  /** The file changes between two attempts. */
  | { readonly kind: 'changed'; readonly text: Buffer; readonly next: Fault };

export interface FakeRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly atMs: number;
}

export class FakeGutenberg {
  readonly requests: FakeRequest[] = [];
  readonly #server: Server;
  readonly #files = new Map<string, Buffer>();
  readonly #faults = new Map<string, Fault[]>();
  readonly #versions = new Map<string, number>();

  private constructor(books: readonly FakeBook[], csv: string) {
    this.#files.set('/cache/epub/feeds/pg_catalog.csv.gz', gzipSync(csv));
    this.#files.set('/cache/epub/feeds/pg_catalog.csv', Buffer.from(csv));
    for (const book of books) for (const path of book.paths) this.#files.set(`/${path}`, book.text);
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** @param extraRows further lines of the catalogue, verbatim */
  static async start(books: readonly FakeBook[], extraRows = ''): Promise<FakeGutenberg> {
    const fake = new FakeGutenberg(books, `${catalogueOf(books)}${extraRows}`);
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || !address) throw new Error('It does not listen.');
    return `http://127.0.0.1:${address.port}/`;
  }

  get catalogue(): string {
    return `${this.url}cache/epub/feeds/pg_catalog.csv.gz`;
  }

  /** Sets the faults of the next requests for a path. */
  breaks(path: string, ...faults: readonly Fault[]): void {
    this.#faults.set(`/${path}`, [...(this.#faults.get(`/${path}`) ?? []), ...faults]);
  }

  requestsFor(path: string): FakeRequest[] {
    return this.requests.filter((request) => request.path === `/${path}`);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/';
    this.requests.push({ path, headers: request.headers, atMs: performance.now() });
    let fault = this.#faults.get(path)?.shift();
    if (fault?.kind === 'changed') {
      this.#files.set(path, fault.text);
      this.#versions.set(path, (this.#versions.get(path) ?? 0) + 1);
      fault = fault.next;
    }
    const file = this.#files.get(path);
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, fault.headers).end();
    } else if (fault?.kind === 'redirect') {
      response.writeHead(302, { location: fault.to }).end();
    } else if (fault?.kind === 'web page') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Are you a robot?</html>');
    } else if (!file) {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html>Not found</html>');
    } else {
      this.#send(request, response, path, file, fault);
    }
  }

  #send(request: IncomingMessage, response: ServerResponse, path: string, file: Buffer, fault?: Fault): void {
    const etag = `"${createHash('sha1').update(path).digest('hex').slice(0, 8)}-${this.#versions.get(path) ?? 0}"`;
    const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
    const condition = request.headers['if-range'];
    const from = asked !== undefined && (condition === undefined || condition === etag) ? Number(asked) : 0;
    if (asked !== undefined && from >= file.length) {
      response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end();
      return;
    }
    const body = file.subarray(from);
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.setHeader('accept-ranges', 'bytes');
    response.setHeader('etag', etag);
    if (from > 0) response.setHeader('content-range', `bytes ${from}-${file.length - 1}/${file.length}`);
    response.statusCode = from > 0 ? 206 : 200;
    if (fault?.kind === 'silent truncation') {
      const algorithm = fault.checksum === 'content-md5' ? 'md5' : 'sha256';
      const digest = createHash(algorithm).update(file).digest('base64');
      response.setHeader(fault.checksum, fault.checksum === 'content-md5' ? digest : `sha-256=:${digest}:`);
      response.end(body.subarray(0, fault.after));
      return;
    }
    response.setHeader('content-length', body.length);
    if (fault?.kind === 'reset') {
      // Data that a client has not read when a connection breaks is lost: this gives it time to read.
      response.write(body.subarray(0, fault.after), () => {
        setTimeout(() => afterTurns(READ_TURNS, () => response.destroy()), READ_MS);
      });
    } else if (fault?.kind === 'stall') {
      response.write(body.subarray(0, fault.after));
    } else if (fault?.kind === 'drip') {
      let sent = 0;
      const timer = setInterval(() => {
        if (sent < body.length) response.write(body.subarray(sent, ++sent));
        else response.end();
      }, fault.everyMs);
      response.on('close', () => clearInterval(timer));
    } else {
      response.end(body);
    }
  }
}

function afterTurns(turns: number, act: () => void): void {
  if (turns === 0) act();
  else setImmediate(() => afterTurns(turns - 1, act));
}

/** The catalogue in the format of the real one: a title may span lines and contain commas and quotes. */
function catalogueOf(books: readonly FakeBook[]): string {
  const quoted = (cell: string) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const rows = books.map((book) =>
    [
      book.id,
      book.type ?? 'Text',
      '1999-01-01',
      book.title,
      book.language ?? 'en',
      book.author ?? 'Other, A. N., 1818-1891',
      'Space ships -- Fiction; Cooks',
      'PS',
      book.shelves ?? 'Science Fiction; Browsing: Literature',
    ]
      .map(quoted)
      .join(','),
  );
  return `Text#,Type,Issued,Title,Language,Authors,Subjects,LoCC,Bookshelves\r\n${rows.join('\r\n')}\r\n`;
}
