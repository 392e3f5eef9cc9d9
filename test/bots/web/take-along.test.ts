/** Downloads and reading aloud on the page, in Chromium. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { bookOfStory } from '../../../src/export/book.ts';
import { exportBook } from '../../../src/export/export.ts';
import { EXPORT_FORMATS, FORMAT_LABELS } from '../../../src/export/formats.ts';
import { footerLine } from '../../../src/story/wording.ts';
import { axeFindings } from './axe.ts';
import { action, browserTests, openPage, type } from './browser.ts';
import { endSentence, highlighted, VOICE, voiceOf } from './voice.ts';

const options = browserTests();
const AT = Date.UTC(2026, 10, 26, 12);

/** Waits for the end of a story. */
async function writeStory(page: Page): Promise<void> {
  await type(page, 'It all');
  await action(page, 'Download').waitFor();
}

test('a story is downloaded in each format, with the bytes that Node writes', options, async (t) => {
  const { page, server, complaints } = await openPage(t);
  await page.clock.setFixedTime(AT);
  await writeStory(page);
  const { request, state } = server.replies.held.get(server.replies.submitted[0]!)!;
  assert.ok(state.status === 'finished');
  const { models } = await (await fetch(`${server.url}/api/options`)).json();
  const { prompt } = request;
  const segments = [
    { kind: 'prompt', text: prompt },
    { kind: 'written', text: state.text.slice(prompt.length) },
  ] as const;
  const book = bookOfStory([{ segments, credits: footerLine(request, state, models) }]);
  for (const format of EXPORT_FORMATS) {
    await action(page, 'Download').click();
    const choice = page.getByRole('button', { name: FORMAT_LABELS[format], exact: true });
    const [download] = await Promise.all([page.waitForEvent('download'), choice.click()]);
    const expected = exportBook(book, format, { at: AT });
    assert.equal(download.suggestedFilename().split('.').at(-1), expected.name.split('.').at(-1));
    assert.deepEqual(await readFile(await download.path()), Buffer.from(expected.bytes), format);
  }
  assert.deepEqual(complaints, []);
});

test('the formats are chosen by keyboard, and Escape closes the choice', options, async (t) => {
  const { page } = await openPage(t);
  await writeStory(page);
  const button = action(page, 'Download');
  await button.focus();
  await page.keyboard.press('Enter');
  const menu = page.getByRole('group', { name: 'Download as' });
  await menu.waitFor();
  assert.equal(await button.getAttribute('aria-expanded'), 'true');
  assert.deepEqual(await axeFindings(page), []);
  await page.keyboard.press('Escape');
  await menu.waitFor({ state: 'detached' });
  assert.equal(await button.evaluate((one) => one === document.activeElement), true);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  assert.match(download.suggestedFilename(), /\.html$/);
  assert.equal(await menu.count(), 0);
});

test('a story is read aloud, sentence by sentence, with pauses', options, async (t) => {
  const { page, complaints } = await openPage(t);
  await page.addInitScript(VOICE);
  await page.reload();
  await writeStory(page);
  assert.deepEqual(await axeFindings(page), []);
  const read = page.getByRole('button', { name: 'Read aloud' });
  await read.focus();
  await page.keyboard.press('Enter');
  const [first] = await voiceOf(page);
  assert.match(first!, /^It all/);
  assert.equal(await highlighted(page), first);
  await endSentence(page);
  const [, second] = await voiceOf(page);
  assert.equal(await highlighted(page), second);
  assert.deepEqual(await axeFindings(page), []);

  await page.getByRole('button', { name: 'Pause' }).click();
  const goOn = page.getByRole('button', { name: 'Go on' });
  await goOn.waitFor();
  assert.equal(await highlighted(page), second, 'the place stays marked');
  await goOn.click();
  assert.deepEqual((await voiceOf(page)).slice(2), [second], 'the sentence is read again');

  await page.getByRole('button', { name: 'Stop reading' }).click();
  await read.waitFor();
  assert.equal(await highlighted(page), '');
  assert.equal(await read.evaluate((one) => one === document.activeElement), true);

  await read.click();
  for (let sentence = 0; sentence < 100 && (await highlighted(page)) !== ''; sentence++)
    await endSentence(page);
  const all = (await voiceOf(page)).slice(3).join(' ');
  const shown = await page.locator('.story p').allTextContents();
  assert.equal(all.replace(/\s+/g, ''), shown.join('').replace(/\s+/g, ''), 'the whole story was read');
  await read.click();
  await endSentence(page, 'error');
  await page.getByText('The browser has no voice for this.').waitFor();
  assert.deepEqual(complaints, []);
});

test('reading ends with the story that goes on, and is not offered without a voice', options, async (t) => {
  const { page } = await openPage(t);
  await page.addInitScript(VOICE);
  await page.reload();
  await writeStory(page);
  await page.getByRole('button', { name: 'Read aloud' }).click();
  await action(page, 'Continue').click();
  await page.getByRole('button', { name: 'Pause' }).waitFor({ state: 'hidden' });
  assert.equal(await highlighted(page), '');

  const { page: mute } = await openPage(t);
  await mute.addInitScript('delete globalThis.speechSynthesis; delete Window.prototype.speechSynthesis;');
  await mute.reload();
  await writeStory(mute);
  assert.equal(await mute.getByRole('button', { name: 'Read aloud' }).count(), 0);
});

test('the choice and the voice fit a phone, light and dark', options, async (t) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const viewport of [
      { width: 360, height: 740 },
      { width: 1_000, height: 800 },
    ]) {
      const { page } = await openPage(t, { viewport, touch: viewport.width < 500, colorScheme });
      await page.addInitScript(VOICE);
      await page.reload();
      await writeStory(page);
      await page.getByRole('button', { name: 'Read aloud' }).click();
      await action(page, 'Download').click();
      assert.deepEqual(await axeFindings(page), []);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `${width}`);
      // Each label on one line.
      const formats = page.locator('.formats .action');
      const heights = await formats.evaluateAll((all) => all.map((one) => one.clientHeight));
      assert.ok(Math.max(...heights) <= 48, heights.join());
    }
  }
});
