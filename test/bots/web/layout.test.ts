/** Overlapping elements: magnified, on a phone's touch screen, in the dark. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import {
  action,
  assertFits,
  browserTests,
  grownTo,
  lastStory,
  launch,
  openPage,
  pressStop,
  type,
} from './browser.ts';

const options = browserTests();

const QUICK = { everyMs: 20, characters: 200 };
/** 1,280 by 1,024 pixels, magnified to 400%. */
const MAGNIFIED = { width: 320, height: 256 };
const PHONE = { viewport: { width: 360, height: 640 }, touch: true };

/** Whether the last line of the last story is in the window and not covered. */
const seesLastLine = (page: Page) =>
  page.evaluate(() => {
    const paragraph = [...document.querySelectorAll('.story p')].at(-1)!;
    const range = document.createRange();
    range.selectNodeContents(paragraph);
    const { left, top, bottom } = [...range.getClientRects()].at(-1)!;
    const shown = document.elementFromPoint(left + 1, (top + bottom) / 2);
    return bottom <= innerHeight && shown?.closest('.story p') === paragraph;
  });

/** The number of these elements in each row. */
const rowsOf = (elements: Locator) =>
  elements.evaluateAll((all) => {
    const rows = new Map<number, number>();
    for (const one of all) {
      const { top } = one.getBoundingClientRect();
      rows.set(top, (rows.get(top) ?? 0) + 1);
    }
    return [...rows.values()];
  });

test(
  'magnified to 400%, the growing line stays in view, and so does a story below open options',
  options,
  async (t) => {
    const { page, server } = await openPage(t, { viewport: MAGNIFIED });
    server.replies.most = 500;
    assert.equal(await page.evaluate(() => scrollY), 0, 'the page opens at its beginning');
    await type(page, 'It all began with');
    for (const least of [100, 250, 400]) {
      await grownTo(page, least);
      assert.ok(await seesLastLine(page), `after ${least} characters`);
    }
    await assertFits(page);
    await page.getByText('Options', { exact: true }).click();
    assert.equal(await page.locator('#temperature').isVisible(), false);
    await page.getByRole('radio', { name: 'Classic' }).check();
    assert.ok(await page.locator('#temperature').isVisible());
    await pressStop(page);
    await action(page, 'Continue').waitFor();
    await lastStory(page).evaluate((story) => story.scrollIntoView({ block: 'start' }));
    const covering = await page.evaluate(() =>
      [0.25, 0.5, 0.75].filter(
        (share) => !document.elementFromPoint(innerWidth / 2, innerHeight * share)?.closest('main'),
      ),
    );
    assert.deepEqual(covering, []);
  },
);

test('magnified, open options keep their position while the story grows', options, async (t) => {
  const { page } = await openPage(t, { viewport: MAGNIFIED });
  await type(page, 'It all began with');
  const before = await grownTo(page, 60);
  await page.getByText('Options', { exact: true }).click();
  await grownTo(page, before.length + 120);
  const summary = page.locator('#options summary');
  const { y } = (await summary.boundingBox())!;
  assert.ok(y >= 0 && y < MAGNIFIED.height, `the summary is at ${y}`);
});

for (const width of [360, 320]) {
  test(`on a phone of ${width} pixels buttons fill their rows and fit their labels`, options, async (t) => {
    const viewport = { width, height: 640 };
    const { page } = await openPage(t, { viewport, touch: true, pace: QUICK });
    await type(page, 'It all began with');
    await action(page, 'Continue').waitFor();
    await action(page, 'Read aloud').waitFor();
    const buttons = page.locator('.exchange button:visible');
    // The last row reads aloud, and takes feedback.
    assert.deepEqual(await rowsOf(buttons), width === 360 ? [4, 4, 3, 3] : [2, 2, 2, 2, 3, 3]);
    const overflowing = await buttons.evaluateAll((all) =>
      all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent),
    );
    assert.deepEqual(overflowing, []);
    await assertFits(page);
  });
}

test('a touched button looks as before; an example does not open the keyboard', options, async (t) => {
  const { page } = await openPage(t, { ...PHONE, pace: QUICK });
  const write = page.getByRole('button', { name: 'Write' });
  const look = () => write.evaluate((button) => getComputedStyle(button).backgroundColor);
  const untouched = await look();
  await page.getByRole('button', { name: 'The captain opened the sealed orders and' }).tap();
  await action(page, 'Continue').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.className), 'exchange');
  await write.tap();
  assert.equal(await look(), untouched);
});

test('the message about an opening that is too long does not cover the story', options, async (t) => {
  const { page } = await openPage(t, { ...PHONE, pace: QUICK });
  await type(page, 'It all began with');
  await action(page, 'Continue').waitFor();
  await page.getByLabel('How the story begins').fill('x'.repeat(2_001));
  await page.getByRole('button', { name: 'Write' }).tap();
  await page.locator('#problem').waitFor();
  await page.waitForFunction(() => {
    const bottom = document.querySelector('.exchange .reply')!.getBoundingClientRect().bottom;
    return bottom <= document.querySelector('#composer')!.getBoundingClientRect().top;
  });
});

test('machine-readable data is behind a disclosure, which stays open', options, async (t) => {
  const { page, server } = await openPage(t, { pace: QUICK });
  await type(page, 'It all began with');
  const line = page.locator('.facts p');
  await page.getByText('Written by a neural network', { exact: true }).waitFor();
  assert.equal(await line.isVisible(), false);
  await page.getByText('Written by a neural network', { exact: true }).click();
  assert.match((await line.textContent())!, /abc123 \(onnx\)/);
  server.replies.storytellers = { phase: 'loading', loaded: 0.5, waiting: 0 };
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await page.getByText('Waking the computer').waitFor();
  assert.ok(await line.isVisible());
});

test('no star is drawn in the text column', options, async (t) => {
  const viewport = { width: 1_200, height: 850 };
  const { page } = await openPage(t, { viewport, colorScheme: 'dark' });
  await page.evaluate(() => {
    for (const child of document.body.children) (child as HTMLElement).style.visibility = 'hidden';
  });
  const image = (await page.screenshot()).toString('base64');
  const blank = await (await launch()).newPage();
  t.after(() => blank.close());
  /** Pixels that differ from their left neighbours, inside and outside of the column. */
  const [inside, outside] = await blank.evaluate(async (data) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    const { data: pixels, width } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const counts = [0, 0];
    for (let at = 4; at < pixels.length; at += 4) {
      const isEdge = Math.abs(pixels[at + 1]! - pixels[at - 3]!) > 8;
      const fromCentre = Math.abs(((at / 4) % width) - width / 2);
      if (isEdge && fromCentre < width / 2 - 1) counts[fromCentre < 368 ? 0 : 1]!++;
    }
    return counts as [number, number];
  }, image);
  assert.equal(inside, 0);
  assert.ok(outside > 10, `${outside} edges beside the column`);
});
