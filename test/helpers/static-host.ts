/** A static host: the files of one folder below a path, and nothing else. */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.ico': 'image/x-icon',
  '.png': 'image/png',
  '.txt': 'text/plain',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
};

export interface StaticHost {
  /** Address of the folder, ending in a slash. */
  readonly url: string;
  /** Requested paths, relative to the folder. */
  readonly asked: readonly string[];
  /** How the next answers are sent: `undefined` unchanged. */
  behave: Behaviour | undefined;
  close(): Promise<void>;
}

export interface Behaviour {
  readonly paths: readonly string[];
  /**
   * `held`: its first half, and the rest after `behave` was changed; `missing`: 404; `damaged`: with a changed
   * last byte.
   */
  readonly how: 'held' | 'missing' | 'damaged';
}

/** Serves `folder` below `prefix`, which begins and ends with a slash. */
export async function startStaticHost(folder: string, prefix: string): Promise<StaticHost> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://host');
    const path = normalize(pathname.slice(prefix.length)) || '.';
    const file = path === '.' ? 'index.html' : path;
    const how = host.behave?.paths.includes(file) ? host.behave.how : undefined;
    const isServed = pathname.startsWith(prefix) && !path.startsWith('..') && how !== 'missing';
    const found = isServed ? await stat(join(folder, file)).catch(() => undefined) : undefined;
    if (!found?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    asked.push(file);
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'content-length': found.size });
    if (how === undefined) {
      createReadStream(join(folder, file)).pipe(response);
      return;
    }
    const content = await readFile(join(folder, file));
    if (how === 'damaged') content[content.length - 1]! ^= 1;
    const half = how === 'held' ? Math.floor(content.length / 2) : 0;
    response.write(content.subarray(0, half));
    while (how === 'held' && host.behave?.paths.includes(file)) await sleep(10);
    response.write(content.subarray(half));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const host: StaticHost = {
    url: `http://127.0.0.1:${port}${prefix}`,
    asked,
    behave: undefined,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return host;
}
