/** Feedback on stories on the page, and its route. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { StoryError } from '../../../src/errors.ts';
import { until } from '../../helpers/programs.ts';
import { axeFindings } from './axe.ts';
import { action, assertFits, browserTests, openPage, type } from './browser.ts';
import { ask, errorOf, post, startServer } from './helpers.ts';

const options = browserTests();
const QUICK = { everyMs: 20, characters: 300 };

/** Which of the buttons are pressed. */
async function pressed(page: Page): Promise<boolean[]> {
  const states = ['Like', 'Dislike'].map((name) => action(page, name).getAttribute('aria-pressed'));
  return (await Promise.all(states)).map((state) => state === 'true');
}

/** Waits until the page shows a verdict, and with that takes the next one. */
async function shows(page: Page, liked: boolean, disliked: boolean): Promise<void> {
  const isShown = async () => String(await pressed(page)) === String([liked, disliked]);
  await until(isShown, 'the verdict on the page');
}

test(
  'a verdict is given, changed and taken back by keyboard, and is kept over a reload',
  options,
  async (t) => {
    const { page, server, complaints } = await openPage(t, { pace: QUICK });
    await type(page, 'It all began');
    await action(page, 'Like').waitFor();
    const id = server.replies.submitted[0]!;
    assert.deepEqual(await pressed(page), [false, false]);
    await action(page, 'Like').focus();
    await page.keyboard.press('Enter');
    await shows(page, true, false);
    assert.equal(server.replies.verdicts.get(id), 'liked');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await shows(page, false, true);
    assert.equal(server.replies.verdicts.get(id), 'disliked');
    await page.reload();
    await action(page, 'Dislike').waitFor();
    assert.deepEqual(await pressed(page), [false, true]);
    await action(page, 'Dislike').focus();
    await page.keyboard.press('Space');
    await shows(page, false, false);
    assert.equal(server.replies.verdicts.size, 0);
    assert.ok(await action(page, 'Dislike').evaluate((button) => button === document.activeElement));
    assert.deepEqual(complaints, []);
  },
);

test(
  'each part of a story has a verdict of its own; none is asked while one is written',
  options,
  async (t) => {
    const { page, server } = await openPage(t, { pace: QUICK });
    await type(page, 'It all began');
    await action(page, 'Like').click();
    await shows(page, true, false);
    await action(page, 'Continue').click();
    await action(page, 'Stop').waitFor();
    assert.equal(await page.locator('.feedback').isVisible(), false);
    await action(page, 'Another').waitFor();
    assert.deepEqual(await pressed(page), [false, false]);
    await action(page, 'Dislike').click();
    await shows(page, false, true);
    assert.deepEqual([...server.replies.verdicts.values()], ['liked', 'disliked']);
    await action(page, 'Undo').click();
    await shows(page, true, false);
  },
);

test('a verdict that does not count is not shown, but a sentence is', options, async (t) => {
  const { page, server } = await openPage(t, { pace: QUICK });
  await type(page, 'It all began');
  await action(page, 'Like').click();
  const id = server.replies.submitted[0]!;
  await shows(page, true, false);
  server.replies.broken = new StoryError('queue_unavailable', 'Feedback cannot be stored.');
  const note = page.locator('.feedback .note');
  await action(page, 'Dislike').click();
  await until(async () => (await note.textContent()) === 'Feedback cannot be stored.', 'a sentence');
  assert.deepEqual(await pressed(page), [true, false]);
  server.replies.broken = undefined;
  await action(page, 'Like').click();
  await shows(page, false, false);
  assert.ok(!server.replies.verdicts.has(id));
  assert.equal(await note.textContent(), '');
});

test('a double click is one press', options, async (t) => {
  const { page, server } = await openPage(t, { pace: QUICK });
  await type(page, 'It all began');
  await action(page, 'Like').waitFor();
  // The route answers when both clicks are over.
  let answer = () => {};
  const isOver = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route('**/feedback', async (route) => {
    await isOver;
    await route.continue();
  });
  await action(page, 'Like').dblclick();
  answer();
  await shows(page, true, false);
  assert.deepEqual([...server.replies.verdicts.values()], ['liked']);
});

test('the buttons fit a phone and a desktop, dark and light, without findings of axe', options, async (t) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1_000]) {
      const viewport = { width, height: 800 };
      const { page } = await openPage(t, { pace: QUICK, colorScheme, viewport, touch: width === 360 });
      await type(page, 'It all began');
      await action(page, 'Like').click();
      await shows(page, true, false);
      assert.deepEqual(await axeFindings(page), []);
      await assertFits(page);
      for (const name of ['Like', 'Dislike']) {
        const box = (await action(page, name).boundingBox())!;
        assert.ok(box.width >= 24 && box.height >= 24, `${name}: ${box.width} × ${box.height}`);
      }
      const folder = process.env.SCREENSHOTS;
      const path = `${folder}/feedback-${colorScheme}-${width}.png`;
      if (folder) await page.locator('.exchange').last().screenshot({ path });
    }
  }
});

test('the route takes verdicts on replies that have ended, and nothing else', async (t) => {
  const server = await startServer(t);
  const id = await ask(server);
  const send = (body: unknown, of = id) => post(`${server.url}/api/replies/${of}/feedback`, body);
  const refused = async (answer: Promise<Response>, status: number, code: string) => {
    const response = await answer;
    assert.equal(response.status, status);
    assert.equal((await errorOf(response)).code, code);
  };
  await refused(send({ verdict: 'liked' }), 400, 'bad_request');
  server.replies.finish(id, 'It all began with a light in the sky.');
  assert.deepEqual(await (await send({ verdict: 'liked' })).json(), { id, verdict: 'liked' });
  assert.deepEqual(await (await send({ verdict: 'disliked' })).json(), { id, verdict: 'disliked' });
  assert.deepEqual(await (await send({ verdict: null })).json(), { id, verdict: null });
  assert.deepEqual(await (await send({})).json(), { id, verdict: null });
  for (const verdict of ['loved', 5, true, {}, ['liked'], '']) {
    await refused(send({ verdict }), 400, 'bad_request');
  }
  await refused(send([]), 400, 'bad_request');
  await refused(send({ verdict: 'liked' }, 'no-uuid'), 404, 'not_found');
  const unknown = '00000000-0000-4000-8000-000000000000';
  await refused(send({ verdict: 'liked' }, unknown), 404, 'not_found');
  const foreign = { 'sec-fetch-site': 'cross-site' };
  const answer = await post(`${server.url}/api/replies/${id}/feedback`, { verdict: 'liked' }, foreign);
  assert.equal(answer.status, 403);
  await answer.arrayBuffer();
});
