/** Choosing one's own path through a story on the page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { until } from '../../helpers/programs.ts';
import { action, browserTests, lastStory, openPage, type } from './browser.ts';

const options = browserTests();

const QUICK = { everyMs: 20, characters: 200 };

const ways = (page: Page) => page.getByRole('group', { name: 'What happens next?' }).getByRole('button');

/** The texts of the ways that are offered, once there are three others than these. */
async function offered(page: Page, before: readonly string[] = []): Promise<string[]> {
  let texts: string[] = [];
  await until(async () => {
    texts = await ways(page).allTextContents();
    return texts.length === 3 && texts.join() !== before.join();
  }, 'three ways on');
  return texts;
}

/** The story's text, without whitespace at its ends. */
const told = async (page: Page) => (await lastStory(page).innerText()).trim();

test('a story is chosen step by step by keyboard, and counts one story a step', options, async (t) => {
  const { page, server, complaints } = await openPage(t, { pace: QUICK });
  await type(page, 'It all began');
  await action(page, 'Choose').focus();
  const first = await told(page);
  await page.keyboard.press('Enter');
  const one = await offered(page);
  assert.equal(new Set(one).size, 3);
  await page
    .locator('#announcements', { hasText: 'Choose one of 3 ways to go on' })
    .waitFor({ state: 'attached' });
  assert.equal(await told(page), first, 'nothing joins the story before it is chosen');
  assert.equal(server.replies.askers.length, 2, 'three ways are one request');

  await ways(page).nth(1).focus();
  await page.keyboard.press('Enter');
  const two = await offered(page, one);
  assert.ok((await told(page)).endsWith(one[1]!), 'the chosen way joins the story');
  // The next one is chosen without a search for it.
  await until(() => page.evaluate(() => document.activeElement?.classList.contains('way')), 'the focus');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await offered(page, two);
  assert.equal(server.replies.askers.length, 4);
  const { request } = server.replies.held.get(server.replies.submitted.at(-1)!)!;
  assert.ok(request.context.endsWith(two[1]!), 'the network reads the whole story');

  await action(page, 'The end').click();
  await action(page, 'Continue').waitFor();
  assert.equal(await ways(page).count(), 0);
  assert.ok((await told(page)).endsWith(two[1]!));
  const whole = await told(page);
  await page.reload();
  await action(page, 'Continue').waitFor();
  assert.equal(await told(page), whole);
  assert.equal(await ways(page).count(), 0);
  await action(page, 'Continue').click();
  await action(page, 'Another').waitFor();
  assert.deepEqual(complaints, []);
});

test('the reader returns to any fork, and what might have been is kept', options, async (t) => {
  const { page, server } = await openPage(t, { pace: QUICK });
  await page.getByText('Options', { exact: true }).click();
  await page.getByLabel('Choose your own path').check();
  await page.getByLabel('Seed').fill('5');
  await type(page, 'It all began');
  const openings = await offered(page);
  assert.equal(await told(page), 'It all began');
  assert.deepEqual(
    [...server.replies.held.values()].map(({ request }) => request.seed),
    [5, 6, 7],
  );
  await ways(page).nth(2).click();
  const next = await offered(page, openings);
  await ways(page).nth(0).click();
  const third = await offered(page, next);
  const asked = server.replies.submitted.length;

  // Undo goes back one fork at a time, and asks for nothing.
  await action(page, 'Undo').click();
  assert.deepEqual(await offered(page, third), next);
  await page.reload();
  assert.deepEqual(await offered(page), next);
  await action(page, 'Undo').click();
  assert.deepEqual(await offered(page, next), openings);
  assert.equal(await told(page), 'It all began');
  // Another way, and from there back to the end of the first one by the tree.
  await ways(page).nth(0).click();
  await offered(page, openings);
  await page.getByText('What might have been (11)').click();
  const tree = page.locator('.tree');
  assert.equal(await tree.locator('[aria-current="true"]').count(), 1);
  await tree.getByRole('button', { name: next[0]!.slice(0, 20) }).press('Enter');
  assert.deepEqual(await offered(page), third, 'the fork after it is open again');
  assert.equal(await told(page), `It all began ${openings[2]} ${next[0]}`);
  assert.equal(await tree.locator('[aria-current="true"]').count(), 2);
  assert.ok(await page.evaluate(() => document.activeElement?.closest('.tree') !== null), 'the focus stays');
  assert.equal(server.replies.submitted.length, asked + 3);

  page.once('dialog', (dialog) => void dialog.accept());
  await action(page, 'Delete').click();
  await until(() => server.replies.held.size === 0, 'the deletion of all ways on the server');
  const stored = () => page.evaluate(() => localStorage.getItem('write-me-a-sci-fi.replies.v1'));
  await until(async () => (await stored()) === null, 'the confirmation of the deletion');
});
