/** The page below a path of a site, behind a proxy that removes the path and sends no header about it. */
import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { test } from 'node:test';
import { FakeWebReplies } from '../../fakes/web-replies.ts';
import { action, browserTests, grownTo, launch, pressStop, type } from './browser.ts';
import { startServer } from './helpers.ts';

const options = browserTests();

const PREFIX = '/stories/scifi';

/** A site that has our page below `PREFIX` only. */
async function startSite(t: { after(clean: () => unknown): void }, target: string): Promise<string> {
  const { hostname, port } = new URL(target);
  const site = createServer((incoming, outgoing) => {
    const { method, headers, url = '' } = incoming;
    if (!url.startsWith(`${PREFIX}/`)) return void outgoing.writeHead(404).end();
    const path = url.slice(PREFIX.length);
    const forwarded = request({ hostname, port, path, method, headers }, (response) => {
      outgoing.writeHead(response.statusCode!, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    site.closeAllConnections();
    site.close();
  });
  return `http://127.0.0.1:${(site.address() as { port: number }).port}`;
}

test('the page works below any path', options, async (t) => {
  const replies = new FakeWebReplies({ everyMs: 60, characters: 12 });
  replies.most = 400;
  const server = await startServer(t, { replies });
  const site = await startSite(t, server.url);
  const page = await (await launch()).newPage();
  t.after(() => page.close());
  const lost: string[] = [];
  page.on('response', (response) => {
    if (response.status() >= 400) lost.push(response.url());
  });
  await page.goto(`${site}${PREFIX}/`);
  await type(page, '/scifi It all began with');
  await grownTo(page, 80);
  await pressStop(page);
  await action(page, 'Continue').waitFor();
  await page.reload();
  await action(page, 'Continue').waitFor();
  assert.deepEqual(lost, []);
});
