/** The choice of a preset on the page: what it sends, what is restored, and its variations. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Preset } from '../../../src/story/story.ts';
import { action, browserTests, openPage, type } from './browser.ts';
import type { TestServer } from './helpers.ts';

const options = browserTests();

const QUICK = { everyMs: 20, characters: 200 };
const OPTIONS_KEY = 'write-me-a-sci-fi.options.v1';

const radio = (page: Page, preset: Preset) =>
  page.getByRole('group', { name: 'Preset' }).getByRole('radio', { name: new RegExp(`^${preset} `, 'i') });
const temperature = (page: Page) => page.getByRole('slider');
/** The request of the newest story. */
const newest = ({ replies }: TestServer) => replies.held.get(replies.submitted.at(-1)!)!.request;
const choices = (page: Page) =>
  page.locator('.exchange').last().locator('.group').first().getByRole('button').allTextContents();

test('each preset is chosen, sent and restored; only classic shows a temperature', options, async (t) => {
  const { page, server, complaints } = await openPage(t, { pace: QUICK });
  await page.getByText('Options', { exact: true }).click();
  assert.ok(await radio(page, 'lively').isChecked(), 'the default');
  for (const preset of ['calm', 'lively', 'wild', 'classic'] as const) {
    await radio(page, preset).check();
    assert.equal(await temperature(page).isVisible(), preset === 'classic');
    await type(page, 'It all');
    await action(page, 'Another').waitFor();
    assert.equal(newest(server).preset, preset);
    assert.match((await page.locator('.settings').last().textContent())!, new RegExp(`^${preset}\\b`));
    assert.match(
      (await page.locator('.facts').last().textContent())!,
      new RegExp(` · ${preset}\\b.* · seed \\d`),
    );
  }
  await temperature(page).fill('1.1');
  await type(page, 'It all');
  await page.locator('.settings', { hasText: 'classic, temperature 1.1 · 1,200 characters' }).waitFor();
  await action(page, 'Another').waitFor();
  assert.equal(newest(server).temperature, 1.1);

  await page.reload();
  await page.getByText('Options', { exact: true }).click();
  assert.ok(await radio(page, 'classic').isChecked());
  assert.equal(await temperature(page).inputValue(), '1.1');
  await radio(page, 'wild').check();
  await page.reload();
  assert.equal(await page.locator('#summary').textContent(), 'wild · 1,200 characters');
  assert.deepEqual(complaints, []);
});

test('Warmer and Cooler move between presets with the same seed, up to their ends', options, async (t) => {
  const { page, server } = await openPage(t, { pace: QUICK });
  await type(page, 'It all');
  await action(page, 'Warmer').click();
  await page.locator('.settings', { hasText: 'wild' }).waitFor();
  await action(page, 'Another').waitFor();
  const [first, warmer] = server.replies.submitted.map((id) => server.replies.held.get(id)!.request);
  assert.deepEqual(warmer, { ...first, preset: 'wild' });
  assert.deepEqual(await choices(page), ['Continue', 'Another', 'Cooler']);
  await action(page, 'Continue').click();
  await action(page, 'Another').waitFor();
  assert.equal(newest(server).preset, 'wild');
  for (const preset of ['lively', 'calm']) {
    await action(page, 'Cooler').click();
    await page.locator('.exchange').last().locator('.settings', { hasText: preset }).waitFor();
    await action(page, 'Another').waitFor();
    assert.equal(newest(server).preset, preset);
  }
  assert.deepEqual(await choices(page), ['Continue', 'Another', 'Warmer']);
  await action(page, 'Another').click();
  await page.locator('.exchange').nth(4).getByRole('button', { name: 'Another' }).waitFor();
  assert.equal(newest(server).preset, 'calm');
});

test('a link with a preset writes the same story again', options, async (t) => {
  const hash = '#prompt=It%20all&preset=calm&length=200&seed=99&model=scifi';
  const { page, server } = await openPage(t, { hash, pace: QUICK });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await action(page, 'Link').click();
  await page.getByText('Link copied').first().waitFor();
  assert.equal(new URL(await page.evaluate(() => navigator.clipboard.readText())).hash, hash);
  const { prompt, preset, length, seed } = newest(server);
  assert.deepEqual([prompt, preset, length, seed], ['It all', 'calm', 200, 99]);
});

test('Edit restores the preset of the refused opening', options, async (t) => {
  const { page, server } = await openPage(t, { pace: QUICK });
  await page.getByText('Options', { exact: true }).click();
  await radio(page, 'wild').check();
  server.replies.broken = new Error('Broken.');
  await type(page, 'It all');
  await action(page, 'Edit').waitFor();
  server.replies.broken = undefined;
  await radio(page, 'classic').check();
  await action(page, 'Edit').click();
  assert.ok(await radio(page, 'wild').isChecked());
  assert.equal(await temperature(page).isVisible(), false);
});

test(
  'what version 0.1 stored in the browser is read: options, and a story that is classic',
  options,
  async (t) => {
    const { page, server } = await openPage(t, { pace: QUICK });
    await type(page, 'It all');
    await action(page, 'Another').waitFor();
    await page.evaluate((key) => {
      localStorage.setItem(key, '{"temperature":"0.7","length":"300","model":"melville"}');
      const replies = JSON.parse(localStorage.getItem('write-me-a-sci-fi.replies.v1')!);
      delete replies[0].ask.preset;
      localStorage.setItem('write-me-a-sci-fi.replies.v1', JSON.stringify(replies));
    }, OPTIONS_KEY);
    await page.reload();
    assert.match(
      (await page.locator('#summary').textContent())!,
      /^classic, temperature 0\.7 · 300 characters/,
    );
    await action(page, 'Warmer').click();
    await page.locator('.settings', { hasText: 'classic, temperature 0.6' }).waitFor();
    await page.locator('.exchange').nth(1).getByRole('button', { name: 'Another' }).waitFor();
    assert.deepEqual([newest(server).preset, newest(server).temperature], ['classic', 0.6]);
  },
);
