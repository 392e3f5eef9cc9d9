/** A server that shares stories, with a store of its own, and stories on it. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import type { WebServerOptions } from '../../../src/bots/web/server.ts';
import { openConnection } from '../../../src/queue/open.ts';
import { Shares } from '../../../src/queue/shares.ts';
import type { FakeWebReplies } from '../../fakes/web-replies.ts';
import { embeddedFolder } from '../../helpers/embedded-folder.ts';
import { ask, post, startServer, type TestServer } from './helpers.ts';

export const PUBLIC_URL = 'https://scifi.example.org/';

/** Texts that try to break out of a page. */
export const HOSTILE = [
  '</title><script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '\u202egnp.reverse\u2066 \u0000\u0007',
  '<!-- --> <![CDATA[ ]]> &amp; &#x3c;script> {{7*7}} javascript:alert(1)',
  `${'e\u0301\u0302\u0303\u0304\u0305\u0306'.repeat(50)}`,
  'W'.repeat(1_900),
];

export interface Sharing extends TestServer {
  shares: Shares;
}

/** Opens a store of shared stories; it is closed when the test ends. */
export async function openShares(t: Pick<TestContext, 'after'>): Promise<Shares> {
  const { folder, remove } = await embeddedFolder();
  const connection = await openConnection(
    { redisUrl: undefined, dataFolder: folder, prefix: '' },
    pino({ level: 'silent' }),
  );
  const shares = new Shares(connection);
  await shares.ready();
  t.after(async () => {
    await shares.close();
    await connection.close();
    await remove();
  });
  return shares;
}

/** Starts a server that shares stories; it is closed when the test ends. */
export async function openSharing(
  t: TestContext,
  options: Partial<WebServerOptions> & { replies?: FakeWebReplies } = {},
): Promise<Sharing> {
  const shares = await openShares(t);
  const server = await startServer(t, { ...options, sharing: { shares, publicUrl: PUBLIC_URL } });
  return { ...server, shares };
}

/** Has a story written, and returns its reply's id. */
export async function written(server: TestServer, prompt: string, rest: string): Promise<string> {
  const id = await ask(server, prompt);
  server.replies.finish(id, prompt + rest);
  return id;
}

/** Shares a story; returns the id in its address. */
export async function share(server: TestServer, id: string, before: readonly string[] = []): Promise<string> {
  const response = await post(`${server.url}/api/replies/${id}/share`, { before });
  assert.equal(response.status, 201, await response.clone().text());
  const answer = (await response.json()) as { id: string; address: string };
  assert.equal(answer.address, `${PUBLIC_URL}s/${answer.id}`);
  return answer.id;
}
