/** What else a reader does with a story that is chosen step by step: shares and saves it, writes a line, and tries again. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { StoryError } from '../../../src/errors.ts';
import { FakeWebReplies } from '../../fakes/web-replies.ts';
import { until } from '../../helpers/programs.ts';
import { action, browserTests, lastStory, openPage, type } from './browser.ts';
import { openShares, PUBLIC_URL } from './sharing.ts';

const options = browserTests();

const QUICK = { everyMs: 20, characters: 200 };

const ways = (page: Page) => page.getByRole('group', { name: 'What happens next?' }).getByRole('button');

/** Begins a story whose openings are chosen. */
async function begin(page: Page): Promise<void> {
  await page.getByText('Options', { exact: true }).click();
  await page.getByLabel('Choose your own path').check();
  await page.getByText('Options', { exact: true }).click();
  await type(page, 'It all began');
}

test('a chosen story is shared, saved and rated like any other', options, async (t) => {
  const shares = await openShares(t);
  const sharing = { shares, publicUrl: PUBLIC_URL };
  const { page, server, complaints } = await openPage(t, { pace: QUICK, sharing });
  await begin(page);
  await ways(page).nth(1).click();
  await ways(page).filter({ hasText: 'door 4.' }).waitFor();
  await ways(page).nth(2).click();
  await ways(page).filter({ hasText: 'door 7.' }).waitFor();
  const told = (await lastStory(page).innerText()).replace(/\s+/g, ' ').trim();
  assert.match(told, /^It all began They took door 2\..* They took door 6\./);

  // What is open is not a part of it yet.
  await action(page, 'Share').click();
  const link = page.locator('.shared').getByRole('link');
  await link.waitFor();
  const shared = await (await fetch(`${server.url}/s/${(await link.innerText()).slice(-27)}`)).text();
  assert.match(shared, /They took door 2\.[\s\S]*They took door 6\./);
  assert.doesNotMatch(shared, /door [134579]\./);
  await action(page, 'Download').click();
  const [saved] = await Promise.all([page.waitForEvent('download'), action(page, 'Plain text').click()]);
  const text = await readFile(await saved.path(), 'utf8');
  assert.match(text.replace(/\s+/g, ' '), /door 2\..* They took door 6\./);
  assert.doesNotMatch(text, /door [134579]\./);

  await action(page, 'The end').click();
  await action(page, 'Like').click();
  await until(() => server.replies.verdicts.size === 1, 'the verdict');
  // Taken back, the choice is made anew, and the page of the longer story stays with its replies.
  await action(page, 'Undo').click();
  await ways(page).nth(2).waitFor();
  assert.deepEqual(complaints, []);
});

test('a line of the reader’s own has three ways on', options, async (t) => {
  const { page, server } = await openPage(t, { pace: QUICK });
  await begin(page);
  await ways(page).nth(0).click();
  await ways(page).filter({ hasText: 'door 4.' }).waitFor();
  await action(page, 'My line').click();
  await type(page, 'Then it rained.');
  await ways(page).filter({ hasText: 'door 7.' }).waitFor();
  assert.match(
    (await lastStory(page).innerText()).trim(),
    /^It all began They took door 1\..* Then it rained\.$/s,
  );
  const { request } = server.replies.held.get(server.replies.submitted.at(-1)!)!;
  assert.equal(request.prompt, 'Then it rained.');
  await ways(page).nth(1).click();
  await ways(page).filter({ hasText: 'door 10.' }).waitFor();
  assert.match((await lastStory(page).innerText()).trim(), / Then it rained\. They took door 8\./);
});

test('refused and failed ways are asked for again', options, async (t) => {
  const replies = new FakeWebReplies();
  const { page } = await openPage(t, { replies });
  replies.broken = new StoryError('rate_limited', 'You have had many stories. Wait a minute.');
  await begin(page);
  await page.locator('.note.error').getByText('You have had many stories. Wait a minute.').waitFor();
  replies.broken = undefined;
  await action(page, 'Try again').click();
  await until(() => replies.submitted.length === 3, 'the second request');
  const error = { code: 'internal', message: 'This story failed. Ask for another.' };
  const [one, two, three] = replies.submitted as [string, string, string];
  replies.set(one, { status: 'failed', text: '', error });
  replies.finish(two, 'It all began at last.');
  replies.finish(three, 'It all began');
  // What was written can be chosen, although the others failed.
  await ways(page).nth(0).click();
  await until(() => replies.submitted.length === 6, 'the next ways');
  assert.equal(await lastStory(page).innerText(), 'It all began at last.');
  for (const id of replies.submitted.slice(-3)) replies.set(id, { status: 'failed', text: '', error });
  await action(page, 'Try again').click();
  await until(() => replies.submitted.length === 9, 'the third request');
  await action(page, 'Stop').click();
  await action(page, 'The end').click();
  await action(page, 'Choose').click();
  await until(() => replies.submitted.length === 12, 'a request in place of what was stopped');
});

test('ways that are written go on after a reload', options, async (t) => {
  const replies = new FakeWebReplies();
  const { page } = await openPage(t, { replies });
  await begin(page);
  await until(() => replies.submitted.length === 3, 'the request');
  await page.reload();
  await action(page, 'Stop').waitFor();
  for (const [index, id] of replies.submitted.entries()) replies.finish(id, `It all began in year ${index}.`);
  await ways(page).nth(2).waitFor();
  assert.deepEqual(await ways(page).allTextContents(), ['in year 0.', 'in year 1.', 'in year 2.']);
  page.once('dialog', (dialog) => void dialog.accept());
  await action(page, 'Delete').click();
  await until(() => replies.held.size === 0, 'the deletion of all');
});
