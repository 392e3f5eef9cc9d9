/** How likely each letter was, and branches: by pointer, by keyboard and by touch. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { FakeWebReplies } from '../../fakes/web-replies.ts';
import { until } from '../../helpers/programs.ts';
import { action, browserTests, openPage } from './browser.ts';
import { letterBox as box, PROMPT, READER, story, switchOn } from './likely-stories.ts';

const options = browserTests();

const tinted = (page: Page) =>
  page.evaluate(() => [...CSS.highlights.values()].reduce((sum, highlight) => sum + highlight.size, 0));

test(
  'the switch asks for probabilities and tints; by keyboard a letter begins a branch',
  options,
  async (t) => {
    const replies = new FakeWebReplies();
    const { page, complaints } = await openPage(t, { replies, parseRequest: READER });
    await story(page, replies, `${PROMPT} was quiet. The ship`, false);
    assert.equal(await page.locator('.likelihoods').first().isVisible(), false);
    assert.equal('probabilities' in replies.held.get(replies.submitted[0]!)!.request, false);
    await switchOn(page);
    await page.locator('.likelihoods', { hasText: 'not recorded' }).waitFor();

    const text = `${PROMPT} began at night. The old ship was empty.`;
    await story(page, replies, text);
    assert.equal(replies.held.get(replies.submitted[1]!)!.request.probabilities, true);
    assert.ok((await tinted(page)) > 5);
    assert.match((await page.locator('.likelihoods').last().textContent())!, /under 50%.*under 1%/);
    await box(page).focus();
    assert.equal(await box(page).getAttribute('aria-valuemax'), String(text.length - PROMPT.length));
    await page.keyboard.press('ArrowRight');
    assert.equal(await box(page).getAttribute('aria-valuetext'), '“b”, 90%, in began');
    await page.keyboard.press('Enter');
    const panel = page.getByRole('dialog', { name: 'What might have stood here' });
    // Five candidates, and what stood there.
    assert.equal(await panel.getByRole('listitem').count(), 6);
    await page.keyboard.press('Escape');
    assert.equal(await panel.isVisible(), false);
    assert.ok(await box(page).evaluate((element) => element === document.activeElement));
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await until(() => replies.submitted.length === 3, 'the branch');
    const { request } = replies.held.get(replies.submitted[2]!)!;
    assert.deepEqual(
      [request.prompt, request.continuesWord, request.probabilities],
      [`${PROMPT} t`, true, true],
    );
    await page.getByRole('button', { name: 'branched from another story' }).click();
    const focused = await page.evaluate(() => document.activeElement?.querySelector('.story')?.textContent);
    assert.equal(focused, text);

    await page.getByText('Options', { exact: true }).click();
    await page.getByRole('checkbox', { name: /how likely each letter/i }).uncheck();
    assert.equal(await tinted(page), 0);
    assert.equal(await box(page).count(), 0);
    assert.deepEqual(complaints, []);
  },
);

test(
  'an engine that gives no probabilities is named, also beside a part that has them',
  options,
  async (t) => {
    const replies = new FakeWebReplies();
    const { page } = await openPage(t, { replies, parseRequest: READER });
    await switchOn(page);
    await story(page, replies, `${PROMPT} began at night.`);
    await action(page, 'Continue').click();
    await until(() => replies.submitted.length === 2, 'the second part');
    replies.finish(replies.submitted[1]!, ' It ended.');
    const line = page.locator('.likelihoods', { hasText: 'newest letters, onnx, does not tell' });
    await line.waitFor();
    assert.match((await line.textContent())!, /^How likely a letter was: under 50%/);
  },
);

test('a touch on a letter opens its candidates within a narrow window', options, async (t) => {
  const replies = new FakeWebReplies();
  const { page } = await openPage(t, { replies, viewport: { width: 360, height: 640 }, touch: true });
  await switchOn(page);
  await story(page, replies, `${PROMPT} began at night. The old ship was empty, and nobody had been there.`);
  const point = await page.evaluate(() => {
    const node = document.querySelector('.story .written')!.firstChild!;
    const range = document.createRange();
    range.setStart(node, 40);
    range.setEnd(node, 41);
    const { left, right, top, bottom } = range.getBoundingClientRect();
    return { x: (left + right) / 2, y: (top + bottom) / 2 };
  });
  await page.touchscreen.tap(point.x, point.y);
  const panel = page.getByRole('dialog', { name: 'What might have stood here' });
  await panel.waitFor();
  const { x, width } = (await panel.boundingBox())!;
  assert.ok(x >= 0 && x + width <= 360, `${x}, ${width}`);
});

test(
  '8,000 characters are tinted in less than a tenth of a second, and moving stays quick',
  options,
  async (t) => {
    const replies = new FakeWebReplies();
    const { page } = await openPage(t, { replies });
    await switchOn(page);
    await story(page, replies, `${PROMPT} ${'a few words of a long story. '.repeat(275)}`);
    // The least of several: the machine may be busy.
    const least = await page.evaluate(async () => {
      const toggle = document.querySelector<HTMLInputElement>('#likelihoods')!;
      const times: number[] = [];
      for (let run = 0; run < 10; run++) {
        const started = performance.now();
        toggle.click();
        times.push(performance.now() - started);
        await new Promise(requestAnimationFrame);
      }
      return Math.min(...times.filter((_, run) => run % 2 === 1));
    });
    t.diagnostic(`${least.toFixed(1)} ms`);
    assert.ok(least < 100, `${least} ms`);
  },
);
