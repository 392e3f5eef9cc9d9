/** Silent event streams: a proxy that buffers them, a connection that is lost without an error. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { FakeWebReplies } from '../../fakes/web-replies.ts';
import { until } from '../../helpers/programs.ts';
import { browserTests, grownTo, lastStory, openPage, type } from './browser.ts';

const options = browserTests();

/** A reverse proxy; `holds` says of each answer whether its body is buffered from now on. */
async function startProxy(t: TestContext, target: string, holds: () => boolean): Promise<string> {
  const proxy = createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const onward = request(new URL(url!, target), { method: method!, headers }, (answer) => {
      const isStream = answer.headers['content-type']?.startsWith('text/event-stream') ?? false;
      outgoing.writeHead(answer.statusCode!, answer.headers).flushHeaders();
      answer.on('data', (chunk) => {
        if (!isStream || !holds()) outgoing.write(chunk);
      });
      answer.on('end', () => outgoing.end());
    });
    incoming.pipe(onward);
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/`;
}

test('a story grows behind a proxy that buffers events', options, async (t) => {
  const { page, server } = await openPage(t, { pace: { everyMs: 200, characters: 1 } });
  await page.goto(await startProxy(t, server.url, () => true));
  await type(page, 'It all began with');
  await until(async () => ((await lastStory(page).textContent()) ?? '').length > 40, 'growth');
  const before = (await lastStory(page).textContent())!.length;
  await until(async () => (await lastStory(page).textContent())!.length > before, 'more growth');
});

test('a stream that becomes silent is replaced soon', options, async (t) => {
  let isDead = false;
  const { page, server } = await openPage(t, { replies: new FakeWebReplies() });
  await page.goto(await startProxy(t, server.url, () => isDead));
  await type(page, 'It all began with');
  await until(() => server.replies.submitted.length === 1, 'the request');
  const id = server.replies.submitted[0]!;
  server.replies.set(id, { status: 'writing', text: 'It all began with a light.' });
  await grownTo(page, 26);
  isDead = true;
  server.replies.set(id, { status: 'writing', text: 'It all began with a light. It went out.' });
  await page.getByText('It went out.').waitFor();
  isDead = false;
  server.replies.finish(id, 'It all began with a light. It went out. The end.');
  await page.getByText('The end.').waitFor();
});
