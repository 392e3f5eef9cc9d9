/** Keys, buttons and links: the requests they send, and where they leave the focus. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { StoryError } from '../../../src/errors.ts';
import { FakeWebReplies } from '../../fakes/web-replies.ts';
import { until } from '../../helpers/programs.ts';
import { action, browserTests, grownTo, lastStory, launch, openPage, pressStop, type } from './browser.ts';
import { watchFocus } from './focus.ts';
import { parseRequest } from './helpers.ts';

const options = browserTests();

const QUICK = { everyMs: 20, characters: 200 };
const field = (page: Page) => page.getByLabel('How the story begins');

test('Stop keeps the focus while it waits, then moves it to the story', options, async (t) => {
  const { page, server } = await openPage(t);
  server.replies.most = 400;
  await type(page, 'It all began with');
  await grownTo(page, 40);
  const lost = await watchFocus(page);
  await page.context().route('**/stop', async (route) => {
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Stopping…');
    await page.keyboard.press('Enter');
    await route.continue();
  });
  await action(page, 'Stop').focus();
  await page.keyboard.press('Enter');
  await action(page, 'Continue').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.className), 'exchange');
  assert.equal(await lost(), 0);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Continue');
  assert.equal(await page.locator('.exchange .note:not(.error)').textContent(), 'Stopped.');
});

test('Enter in an empty field submits; a double press submits once', options, async (t) => {
  const { page, server } = await openPage(t, { pace: QUICK });
  await field(page).focus();
  await page.keyboard.press('Enter');
  await action(page, 'Continue').waitFor();
  assert.equal(server.replies.held.get(server.replies.submitted[0]!)?.request.prompt, '');

  await field(page).fill('It all');
  await field(page).evaluate((element) => {
    for (const repeat of [false, false, true]) {
      element.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', repeat, bubbles: true, cancelable: true }),
      );
    }
  });
  await page.locator('.exchange').nth(1).getByRole('button', { name: 'Continue' }).waitFor();
  assert.equal(server.replies.submitted.length, 2);
});

test('the Enter that ends a composition submits nothing, in Safari too', options, async (t) => {
  const { page, server } = await openPage(t, { pace: QUICK });
  await field(page).fill('\u661f');
  await field(page).evaluate((element) => {
    for (const how of [{ isComposing: true }, { keyCode: 229 }]) {
      element.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...how }),
      );
    }
  });
  assert.equal(await page.locator('.exchange').count(), 0);
  await page.keyboard.press('Enter');
  await action(page, 'Continue').waitFor();
  assert.equal(server.replies.submitted.length, 1);
});

test('a refused opening is offered for editing, and is restored with its options', options, async (t) => {
  const replies = new FakeWebReplies(QUICK);
  const refusing = (input: unknown) => {
    const request = parseRequest(input);
    if (request.prompt.includes('bad')) throw new StoryError('declined', 'Please try other words.');
    return request;
  };
  const { page } = await openPage(t, { replies, parseRequest: refusing });
  await page.getByText('Options', { exact: true }).click();
  await page.getByLabel('Length, in characters').fill('300');
  await type(page, 'A bad thing');
  await page.locator('.exchange').getByText('Please try other words.').waitFor();
  assert.equal(await action(page, 'Try again').count(), 0, 'the same text would be refused again');
  await page.getByLabel('Length, in characters').fill('400');
  await field(page).fill('A draft');
  await action(page, 'Edit').click();
  assert.equal(await field(page).inputValue(), 'A bad thing');
  assert.equal(await page.getByLabel('Length, in characters').inputValue(), '300');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'beginning');
  assert.equal(await page.locator('.exchange').count(), 0);
  await page.keyboard.press('Control+z');
  assert.equal(await field(page).inputValue(), 'A draft', 'Undo brings back what stood there');
  await field(page).fill('A good thing');
  await page.keyboard.press('Enter');
  await action(page, 'Continue').waitFor();
  await page.reload();
  assert.equal(await page.locator('.exchange').count(), 1);
});

test('a request that failed can be tried again or edited', options, async (t) => {
  const replies = new FakeWebReplies(QUICK);
  replies.broken = new StoryError('busy', 'Too many stories are waiting.');
  const { page } = await openPage(t, { replies });
  await type(page, 'It all');
  await action(page, 'Edit').waitFor();
  replies.broken = undefined;
  await action(page, 'Try again').click();
  await action(page, 'Continue').waitFor();
});

test('the link of a continued story opens all of its parts again', options, async (t) => {
  const { page, server, complaints } = await openPage(t, {
    hash: '#prompt=It%20all&length=200&seed=5',
    pace: QUICK,
  });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  for (const parts of [2, 3]) {
    await action(page, 'Continue').click();
    await until(() => server.replies.submitted.length === parts, 'the request of the part');
    await action(page, 'Continue').waitFor();
  }
  const whole = await lastStory(page).textContent();
  await action(page, 'Link').click();
  await page.getByText('Link copied').first().waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());

  const visitor = await (await launch()).newContext();
  t.after(() => visitor.close());
  const other = await visitor.newPage();
  await other.goto(link);
  await until(() => server.replies.submitted.length === 6, 'the requests of all parts');
  await action(other, 'Continue').waitFor();
  assert.equal(await other.locator('.exchange').count(), 1);
  assert.equal(await lastStory(other).textContent(), whole);
  const requests = server.replies.submitted.map((id) => server.replies.held.get(id)!.request);
  assert.deepEqual(requests.slice(3), requests.slice(0, 3), 'the same parts, with the same contexts');
  assert.deepEqual(complaints, []);
});

test('a link of several parts continues after a reload, and not after Stop', options, async (t) => {
  const hash = '#prompt=It%20all&length=400&seed=5&then=6&then=7';
  const { page, server } = await openPage(t, { hash, pace: { everyMs: 60, characters: 12 } });
  await grownTo(page, 60);
  await page.reload();
  await until(() => server.replies.submitted.length === 2, 'the request of the second part');
  server.replies.most = 100;
  await pressStop(page);
  await action(page, 'Continue').waitFor();
  await page.reload();
  await action(page, 'Continue').waitFor();
  assert.equal(server.replies.submitted.length, 2);
  assert.equal(await action(page, 'Link').count(), 1, 'the second part is the last');
});
