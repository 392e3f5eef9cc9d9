/** The page under a browser's translation, which replaces the page's text nodes by its own nodes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { CANNED_STORY } from '../../fakes/web-replies.ts';
import { action, browserTests, grownTo, lastStory, openPage, type } from './browser.ts';

const options = browserTests();

const PROMPT = 'It all began with';
/** The whole story in the fake translation, its paragraphs joined. */
const WHOLE = `${PROMPT}${CANNED_STORY}`.slice(0, 1_200).replace(/\n/g, '').toUpperCase();
const QUICK = { everyMs: 50, characters: 12 };

/** As text: the test loader adds helper calls to functions that a page does not define. */
const TRANSLATE_ALL = `
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    if (text.data.trim() === '' || text.parentElement.closest('font, script')) continue;
    const [outer, inner] = [document.createElement('font'), document.createElement('font')];
    inner.textContent = text.data.toUpperCase();
    outer.append(inner);
    text.replaceWith(outer);
  }`;

/** Translates into upper case, as Chromium's translation does: every text node is replaced by a `font`. */
async function translate(page: Page, how: 'once' | 'for good'): Promise<void> {
  const observe =
    'new MutationObserver(translateAll).observe(document.body, { childList: true, subtree: true });';
  await page.evaluate(
    `{ const translateAll = () => {${TRANSLATE_ALL}}; translateAll(); ${how === 'once' ? '' : observe} }`,
  );
}

for (const how of ['once', 'for good'] as const) {
  test(`a story that is translated while it grows is shown to its end: ${how}`, options, async (t) => {
    const { page, complaints } = await openPage(t, { pace: QUICK });
    await type(page, PROMPT);
    await grownTo(page, 60);
    await translate(page, how);
    await page.locator('.story:not([aria-busy])').waitFor();
    const text = (await lastStory(page).textContent())!;
    assert.equal(text.toUpperCase(), WHOLE);
    if (how === 'for good') assert.equal(text, WHOLE, 'all of it is translated');
    assert.ok(await page.locator('.facts').isVisible());
    await page
      .locator('.exchange')
      .getByRole('button', { name: /^continue$/i })
      .click();
    await grownTo(page, text.length + 100);
    assert.deepEqual(complaints, []);
  });
}

test('a finished paragraph keeps its translation', options, async (t) => {
  const { page } = await openPage(t, { pace: QUICK });
  await type(page, PROMPT);
  await page.locator('.story p').nth(1).waitFor();
  await translate(page, 'once');
  await action(page, 'Continue').waitFor();
  const first = (await page.locator('.story p').first().textContent())!;
  assert.equal(first, first.toUpperCase());
});

test(
  'the examples of a translated page request their original text, and a button shows its result',
  options,
  async (t) => {
    const { page, server } = await openPage(t, { pace: QUICK });
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await translate(page, 'for good');
    await page.getByRole('button', { name: 'THE CAPTAIN OPENED THE SEALED ORDERS AND' }).click();
    await action(page, 'COPY').waitFor();
    assert.equal(
      server.replies.held.get(server.replies.submitted[0]!)?.request.prompt,
      'The captain opened the sealed orders and',
    );
    await action(page, 'COPY').click();
    await action(page, 'COPIED').waitFor();
    await action(page, 'COPY').waitFor();
  },
);

test('a rendering error keeps the buttons and the footer', options, async (t) => {
  const { page } = await openPage(t, { pace: QUICK });
  await type(page, PROMPT);
  await grownTo(page, 60);
  await page.evaluate(() => {
    Text.prototype.appendData = () => {
      throw new Error('No appending here.');
    };
  });
  await action(page, 'Continue').waitFor();
  assert.ok(await page.locator('.facts').isVisible());
  assert.equal((await lastStory(page).textContent())!.toUpperCase(), WHOLE);
});
