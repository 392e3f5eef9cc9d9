/** All that a visitor does with stories, by keyboard alone: where the focus goes, and that it is never lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { FakeWebReplies } from '../../fakes/web-replies.ts';
import { until } from '../../helpers/programs.ts';
import { action, browserTests, type OpenPage, openPage, type } from './browser.ts';
import { focused, tabTo, watchFocus } from './focus.ts';
import { letterBox, PROMPT, READER, story } from './likely-stories.ts';
import { openShares, PUBLIC_URL } from './sharing.ts';
import { endSentence, highlighted, VOICE } from './voice.ts';

const options = browserTests();

const QUICK = { everyMs: 20, characters: 400 };

/** Waits until an element has the focus. */
const focusOn = (page: Page, name: string) =>
  until(async () => (await focused(page)) === name, `the focus on ${name}`);

/** Opens the page with a finished story; the focus is in the field. */
async function withStory(t: Parameters<typeof openPage>[0]): Promise<OpenPage> {
  const opened = await openPage(t, { pace: QUICK });
  await type(opened.page, 'It all began');
  await action(opened.page, 'Another').waitFor();
  return opened;
}

test('the choice of a format, and a line of a visitor', options, async (t) => {
  const { page, complaints } = await withStory(t);
  const lost = await watchFocus(page);
  await tabTo(page, 'Download', true);
  await page.keyboard.press('Enter');
  await focusOn(page, 'EPUB');
  await page.keyboard.press('Escape');
  assert.equal(await focused(page), 'Download');

  await tabTo(page, 'My line', true);
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'beginning');
  await page.keyboard.press('Escape');
  assert.equal(await focused(page), 'My line');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Cancel', true);
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'My line');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Then I woke up');
  await page.keyboard.press('Enter');
  await action(page, 'Undo').waitFor();
  await action(page, 'Another').waitFor();
  assert.equal(await focused(page), 'beginning');
  assert.equal(await lost(), 0);
  assert.deepEqual(complaints, []);
});

test('Edit, Undo and Delete', options, async (t) => {
  const { page, complaints } = await withStory(t);
  const lost = await watchFocus(page);
  await tabTo(page, 'Edit', true);
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'beginning');
  await page.keyboard.press('Escape');
  assert.equal(await focused(page), 'Edit');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('It all ended');
  await page.keyboard.press('Enter');
  await focusOn(page, 'exchange');
  await action(page, 'Another').waitFor();

  await tabTo(page, 'Continue');
  await page.keyboard.press('Enter');
  await focusOn(page, 'exchange');
  await action(page, 'Another').waitFor();
  await tabTo(page, 'Undo');
  await page.keyboard.press('Enter');
  await focusOn(page, 'exchange');
  assert.equal(await action(page, 'Undo').count(), 0);

  await tabTo(page, 'Another');
  await page.keyboard.press('Enter');
  await page.locator('.exchange').nth(1).waitFor();
  await action(page, 'Another').waitFor();
  page.on('dialog', (dialog) => void dialog.accept());
  await tabTo(page, 'Delete');
  await page.keyboard.press('Enter');
  await focusOn(page, 'exchange');
  assert.equal(await page.locator('.exchange').count(), 1);
  await tabTo(page, 'Delete');
  await page.keyboard.press('Enter');
  await focusOn(page, 'beginning');
  assert.equal(await page.locator('.exchange').count(), 0);
  assert.equal(await lost(), 0);
  assert.deepEqual(complaints, []);
});

test('the page of a shared story', options, async (t) => {
  const shares = await openShares(t);
  const { page, server, complaints } = await openPage(t, {
    pace: QUICK,
    sharing: { shares, publicUrl: PUBLIC_URL },
  });
  await type(page, 'It all began');
  await action(page, 'Share').waitFor();
  const lost = await watchFocus(page);
  const panel = page.locator('.shared');
  const share = async () => {
    await tabTo(page, 'Share', true);
    await page.keyboard.press('Enter');
    await panel.waitFor();
    await action(page, 'Share').waitFor();
    return (await panel.getByRole('link').innerText()).slice(-27);
  };
  const id = await share();
  assert.equal(await focused(page), 'Share');
  await page.keyboard.press('Tab');
  if ((await focused(page)) !== `${PUBLIC_URL}s/${id}`) await tabTo(page, `${PUBLIC_URL}s/${id}`);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  const isListed = async () => (await shares.read(id))?.isListed === true;
  await until(isListed, 'the permission');
  // After a reload, the panel shows what was chosen.
  await page.reload();
  const lostAfter = await watchFocus(page);
  await action(page, 'Share').waitFor();
  assert.equal(await share(), id);
  assert.ok(await panel.getByLabel('Search engines may list it').isChecked());

  await tabTo(page, 'Take it down');
  await page.keyboard.press('Enter');
  await focusOn(page, 'Share');
  assert.equal(await panel.isVisible(), false);
  assert.equal((await fetch(`${server.url}/s/${id}`)).status, 404);
  assert.deepEqual([await lost().catch(() => 0), await lostAfter()], [0, 0]);
  assert.deepEqual(complaints, []);
});

test('the page of a part that is taken back is no longer shown', options, async (t) => {
  const shares = await openShares(t);
  const { page } = await openPage(t, { pace: QUICK, sharing: { shares, publicUrl: PUBLIC_URL } });
  await type(page, 'It all began');
  await action(page, 'Continue').click();
  await action(page, 'Undo').waitFor();
  await action(page, 'Share').click();
  await page.locator('.shared').waitFor();
  await action(page, 'Undo').click();
  await page.locator('.shared').waitFor({ state: 'hidden' });
});

test('reading aloud', options, async (t) => {
  const { page } = await openPage(t, { pace: QUICK });
  await page.addInitScript(VOICE);
  await page.reload();
  await type(page, 'It all began');
  await action(page, 'Another').waitFor();
  const lost = await watchFocus(page);
  await tabTo(page, 'Read aloud', true);
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'Pause');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'Read aloud');
  // The story is read to its end while the other button has the focus.
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Stop reading');
  for (let sentence = 0; sentence < 100 && (await highlighted(page)) !== ''; sentence++)
    await endSentence(page);
  assert.equal(await focused(page), 'Read aloud');
  assert.equal(await lost(), 0);
});

test('the likelihood of a letter, and a branch from it', options, async (t) => {
  const replies = new FakeWebReplies();
  const { page, complaints } = await openPage(t, { replies, parseRequest: READER });
  const lost = await watchFocus(page);
  await tabTo(page, 'Options lively · 1,200 characters');
  await page.keyboard.press('Enter');
  await tabTo(page, 'likelihoods');
  await page.keyboard.press('Space');
  await story(page, replies, `${PROMPT} began at night.`);
  const letter = letterBox(page);
  await tabTo(page, 'letter', true);
  await page.keyboard.press('Enter');
  assert.equal(await page.getByRole('dialog').evaluate((one) => one.contains(document.activeElement)), true);
  await page.keyboard.press('Escape');
  assert.equal(await focused(page), 'letter');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await focusOn(page, 'exchange');
  assert.equal(await page.locator('.exchange').count(), 2);
  assert.equal(
    await page
      .locator('.exchange')
      .last()
      .evaluate((one) => one === document.activeElement),
    true,
  );
  await tabTo(page, 'branched from another story');
  await page.keyboard.press('Enter');
  assert.equal(
    await page
      .locator('.exchange')
      .first()
      .evaluate((one) => one === document.activeElement),
    true,
  );

  // The story goes on while one of its letters has the focus.
  await page
    .locator('.exchange')
    .first()
    .getByRole('button', { name: 'Continue' })
    .evaluate((button) => {
      document.querySelector<HTMLElement>('.letter')!.focus();
      (button as HTMLElement).click();
    });
  await focusOn(page, 'exchange');
  await letter.waitFor({ state: 'detached' });
  assert.equal(await lost(), 0);
  assert.deepEqual(complaints, []);
});

test('what has the focus is not under the form, with its options open too', options, async (t) => {
  const { page } = await openPage(t, { pace: QUICK, viewport: { width: 390, height: 600 } });
  for (const prompt of ['It all began', 'It all ended']) {
    await type(page, prompt);
    await action(page, 'Another').waitFor();
  }
  await page.getByText('Options', { exact: true }).click();
  await page.evaluate(() => scrollTo(0, 0));
  await page.locator('.skip').focus();
  const stops: string[] = [];
  const covered: string[] = [];
  while ((await focused(page)) !== 'beginning') {
    const name = await focused(page);
    stops.push(name);
    const isCovered = await page.evaluate(() => {
      const { bottom } = document.activeElement!.getBoundingClientRect();
      return bottom > document.querySelector('#composer')!.getBoundingClientRect().top;
    });
    if (isCovered) covered.push(name);
    await page.keyboard.press('Tab');
  }
  assert.ok(stops.filter((name) => name === 'Delete').length === 2, stops.join());
  assert.deepEqual(covered, []);
});
