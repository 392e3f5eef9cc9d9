/** Several windows of one browser, which share its six connections to one server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { until } from '../../helpers/programs.ts';
import { action, browserTests, grownTo, openPage, pressStop, type } from './browser.ts';

const options = browserTests();

/** Slow enough to grow still when the last window submits. */
const SLOW = { everyMs: 200, characters: 4 };

/** Opens two more windows, requests two stories in each, and stops the last one. */
async function threeWindows(page: Page): Promise<Page[]> {
  const pages = [page];
  while (pages.length < 3) {
    const window = await page.context().newPage();
    await window.goto(page.url());
    pages.push(window);
  }
  for (const [index, window] of pages.entries()) {
    for (const story of [1, 2]) await type(window, `Window ${index + 1}, story ${story},`);
  }
  return pages;
}

test(
  'two stories in each of three windows grow, over one stream, and Stop reaches the server',
  options,
  async (t) => {
    const { page, server, complaints } = await openPage(t, { pace: SLOW });
    server.replies.most = 400;
    const pages = await threeWindows(page);
    for (const window of pages) await grownTo(window, 'Window 1, story 2,'.length + 20);
    const streams = server.log
      .map((line) => JSON.parse(line))
      .filter(({ route, status }) => route === '/api/events' && status === 200);
    assert.ok(streams.length <= 6, 'one stream at a time: those that were replaced have ended');

    const last = pages.at(-1)!;
    await pressStop(last);
    await action(last, 'Continue').waitFor();
    assert.equal(server.replies.listeners(server.replies.submitted.at(-1)!), 0);
    const others = server.replies.submitted.slice(0, 5);
    await until(
      () => others.every((id) => server.replies.listeners(id) === 1),
      'one follower of each other story',
    );
    await last.close();
    await grownTo(page, 120);
    assert.deepEqual(complaints, []);
  },
);

test('without a shared worker every window has its own stream', options, async (t) => {
  const { page, server } = await openPage(t, { pace: SLOW });
  server.replies.most = 400;
  await page.context().addInitScript(() => Reflect.deleteProperty(window, 'SharedWorker'));
  await page.reload();
  const pages = await threeWindows(page);
  for (const window of pages) await grownTo(window, 'Window 1, story 2,'.length + 20);
  await pressStop(pages.at(-1)!);
  await action(pages.at(-1)!, 'Continue').waitFor();
  assert.equal(server.replies.submitted.length, 6);
});

test('each window has its own stream when the shared worker’s script does not load', options, async (t) => {
  const { page } = await openPage(t, { pace: SLOW });
  let refused = 0;
  await page.context().route('**/events.js', (route) => {
    refused++;
    return route.abort();
  });
  await page.reload();
  await type(page, 'A window alone');
  await grownTo(page, 60);
  assert.equal(refused, 1);
});
