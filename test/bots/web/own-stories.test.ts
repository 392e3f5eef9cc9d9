/** What a visitor does to stories on the page: deletes them and takes parts back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { StoryError } from '../../../src/errors.ts';
import { until } from '../../helpers/programs.ts';
import { action, browserTests, lastStory, openPage, type } from './browser.ts';

const options = browserTests();

const QUICK = { everyMs: 20, characters: 200 };
const SLOW = { everyMs: 100, characters: 5 };

/** Presses Delete by key, and answers the question. */
async function press(page: Page, name: string, answer = true): Promise<void> {
  page.once('dialog', (dialog) => void (answer ? dialog.accept() : dialog.dismiss()));
  await action(page, name).focus();
  await page.keyboard.press('Enter');
}

test('a story is deleted here and on the server, after a question', options, async (t) => {
  const { page, server, complaints } = await openPage(t, { pace: QUICK });
  await type(page, 'It all began');
  await action(page, 'Continue').click();
  await action(page, 'Undo').waitFor();
  await action(page, 'Another').waitFor();
  await press(page, 'Delete', false);
  assert.equal(await page.locator('.exchange').count(), 1);
  await press(page, 'Delete');
  await page.locator('#welcome').waitFor();
  assert.equal(await page.locator('.exchange').count(), 0);
  await page.locator('#announcements', { hasText: 'Story deleted' }).waitFor({ state: 'attached' });
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'beginning');
  await until(() => server.replies.held.size === 0, 'the deletion of both parts');
  await page.reload();
  assert.equal(await page.locator('.exchange').count(), 0);
  assert.deepEqual(complaints, []);
});

test('a story is deleted while it is written, and another one has the focus', options, async (t) => {
  const { page, server } = await openPage(t, { pace: SLOW });
  await type(page, 'It all began');
  await action(page, 'Stop').waitFor();
  await type(page, 'Another one');
  await page.locator('.exchange').nth(1).getByRole('button', { name: 'Delete' }).waitFor();
  await press(page, 'Delete');
  await until(() => server.replies.held.size === 1, 'the deletion');
  assert.ok(await page.evaluate(() => document.activeElement?.matches('.exchange')));
});

test('a deletion that the server did not hear is sent again after a reload', options, async (t) => {
  const { page, server } = await openPage(t, { pace: QUICK });
  await type(page, 'It all began');
  await action(page, 'Another').waitFor();
  server.replies.broken = new StoryError('queue_unavailable', 'The queue is away.');
  await press(page, 'Delete');
  await page.locator('#welcome').waitFor();
  assert.equal(server.replies.held.size, 1);
  server.replies.broken = undefined;
  await page.reload();
  await until(() => server.replies.held.size === 0, 'the deletion');
  assert.equal(await page.locator('.exchange').count(), 0);
});

test('Undo takes the last part back, also while it is written', options, async (t) => {
  const { page, server } = await openPage(t, { pace: QUICK });
  await type(page, 'It all began');
  await action(page, 'Another').waitFor();
  const first = await lastStory(page).textContent();
  assert.equal(await action(page, 'Undo').count(), 0);
  for (const round of ['finished', 'written']) {
    await action(page, 'Continue').click();
    await action(page, 'Undo').waitFor();
    if (round === 'finished') await action(page, 'Another').waitFor();
    await action(page, 'Undo').click();
    await action(page, 'Another').waitFor();
    await until(() => server.replies.held.size === 1, 'the deletion of the part');
    assert.equal(await lastStory(page).textContent(), first);
  }
  await page.reload();
  await action(page, 'Another').waitFor();
  assert.equal(await lastStory(page).textContent(), first);
});

test('Edit shows the request and writes the story anew in its place', options, async (t) => {
  const { page, server, complaints } = await openPage(t, { pace: QUICK });
  await type(page, 'Above');
  await action(page, 'Another').waitFor();
  await page.getByText('Options', { exact: true }).click();
  await page.getByLabel('Seed').fill('41');
  await page.getByRole('radio', { name: /^wild /i }).check();
  await type(page, 'It all began');
  await action(page, 'Continue').click();
  await action(page, 'Undo').waitFor();
  await action(page, 'Another').waitFor();
  await page.getByLabel('Seed').fill('');
  await page.getByRole('radio', { name: /^calm /i }).check();
  await page.getByLabel('How the story begins').fill('a draft');

  await action(page, 'Edit').click();
  const prompt = page.getByLabel('How the story begins');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'beginning');
  assert.equal(await prompt.inputValue(), 'It all began');
  assert.equal(await page.getByLabel('Seed').inputValue(), '41');
  assert.ok(await page.getByRole('radio', { name: /^wild /i }).isChecked());
  // Cancelled by key, the form is as before.
  await page.keyboard.press('Escape');
  assert.equal(await prompt.inputValue(), 'a draft');
  assert.ok(await page.getByRole('radio', { name: /^calm /i }).isChecked());
  assert.equal(await page.locator('#task').isVisible(), false);

  const before = [...server.replies.held.keys()];
  await action(page, 'Edit').click();
  await prompt.fill('It all ended');
  await page.getByLabel('Length').fill('300');
  await page.keyboard.press('Enter');
  await page.locator('.exchange').last().locator('h2', { hasText: 'It all ended' }).waitFor();
  await action(page, 'Another').waitFor();
  assert.equal(await page.locator('.exchange').count(), 2);
  assert.match((await lastStory(page).textContent())!, /^It all ended/);
  const newest = server.replies.held.get(server.replies.submitted.at(-1)!)!.request;
  assert.deepEqual([newest.preset, newest.length, newest.seed], ['wild', 300, 41]);
  await until(
    () => !server.replies.held.has(before[1]!) && !server.replies.held.has(before[2]!),
    'the deletion',
  );
  assert.equal(await prompt.inputValue(), 'a draft');
  await page.reload();
  await action(page, 'Another').waitFor();
  assert.equal(await page.locator('.exchange').count(), 2);
  assert.equal(await page.locator('#summary').textContent(), 'calm · 1,200 characters');
  assert.deepEqual(complaints, []);
});

test('My line continues the story, told apart from the network’s text', options, async (t) => {
  const { page, server } = await openPage(t, { pace: QUICK });
  await type(page, 'It all began');
  await action(page, 'My line').click();
  assert.equal(await page.locator('#options').isVisible(), false);
  await page.getByRole('button', { name: 'Write' }).click();
  await page.locator('#problem', { hasText: 'Write a line first.' }).waitFor();
  await page.keyboard.type('Then I woke up');
  await page.keyboard.press('Enter');
  await action(page, 'Undo').waitFor();
  await action(page, 'Another').waitFor();
  assert.equal(await page.locator('.exchange').count(), 1);
  const prompts = await page.locator('.story .prompt').allTextContents();
  assert.deepEqual(prompts, ['It all began', ' Then I woke up']);
  const { request } = server.replies.held.get(server.replies.submitted.at(-1)!)!;
  assert.equal(request.prompt, 'Then I woke up');
  assert.match(request.context, /knock\." $/);
});
