/**
 * All that a visitor can open on the page: nothing that axe finds, and nothing wider than the window, on a phone
 * and on a desktop, light and dark. `SCREENSHOTS=FOLDER` saves a picture of each.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { FakeWebReplies } from '../../fakes/web-replies.ts';
import { until } from '../../helpers/programs.ts';
import { axeFindings } from './axe.ts';
import { action, assertFits, browserTests, openPage } from './browser.ts';
import { letterBox, PROMPT, READER, story, switchOn } from './likely-stories.ts';
import { openShares, PUBLIC_URL } from './sharing.ts';
import { VOICE } from './voice.ts';

const options = browserTests();

const SCREENS = [
  { name: 'phone', viewport: { width: 390, height: 844 }, touch: true },
  { name: 'desktop', viewport: { width: 1_200, height: 850 }, touch: false },
] as const;
const TEXT =
  ' began at night. The old ship was empty, and its lamps were out.\n\n"Nobody is here," said Ilse. ' +
  'She knocked three times, and something in the dark knocked four times.';

const WAYS = [
  ' It was day N, and the lamps went out one by one along the whole corridor of the ship.',
  ' "Day N," she said. "We have no air for another."',
  ' On day N the door opened, and nobody stood behind it but a small grey cat with a collar of silver.',
];

const field = (page: Page) => page.getByLabel('How the story begins');

for (const { name, viewport, touch } of SCREENS) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`all that opens on a ${name} passes axe and fits, ${colorScheme}`, options, async (t) => {
      const replies = new FakeWebReplies();
      const shares = await openShares(t);
      const { page, complaints } = await openPage(t, {
        replies,
        viewport,
        touch,
        colorScheme,
        parseRequest: READER,
        sharing: { shares, publicUrl: PUBLIC_URL },
        links: { privacy: 'https://example.org/privacy' },
      });
      await page.addInitScript(VOICE);
      await page.reload();
      const check = async (what: string) => {
        assert.deepEqual(await axeFindings(page), [], what);
        await assertFits(page);
        const folder = process.env.SCREENSHOTS;
        if (folder) await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${what}.png` });
      };
      const finishLast = async (text: string) => {
        replies.finish(replies.submitted.at(-1)!, text);
        await action(page, 'Another').waitFor();
      };
      await check('welcome');

      await story(page, replies, PROMPT + TEXT, false);
      await switchOn(page);
      await page.locator('.likelihoods').waitFor();
      await check('likelihoods-unknown');
      await action(page, 'Continue').click();
      await until(() => replies.submitted.length === 2, 'the second part');
      await check('waiting');
      await finishLast(' She waited.');
      await action(page, 'Undo').waitFor();
      await check('two-parts');
      await action(page, 'Download').click();
      await check('download');
      await page.keyboard.press('Escape');
      await action(page, 'Share').click();
      await page.locator('.shared').waitFor();
      await check('share');
      await page.getByRole('button', { name: 'Read aloud' }).click();
      await check('read-aloud');
      await page.getByRole('button', { name: 'Stop reading' }).click();

      await action(page, 'My line').click();
      await page.getByRole('button', { name: 'Write' }).click();
      await page.locator('#problem', { hasText: 'Write a line first.' }).waitFor();
      await check('my-line');
      await page.getByRole('button', { name: 'Cancel' }).click();
      await action(page, 'Edit').click();
      await page.getByText('Options', { exact: true }).click();
      await page.getByRole('radio', { name: 'Classic' }).check();
      await check('edit');
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('Options', { exact: true }).click();

      await story(page, replies, PROMPT + TEXT);
      await letterBox(page).focus();
      await check('letter');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: 'What might have stood here' }).waitFor();
      await check('candidates');
      await page.keyboard.press('Enter');
      await until(() => replies.submitted.length === 4, 'the branch');
      await finishLast(`${PROMPT}e end of it.`);
      await check('branch');

      await field(page).fill('A story that fails');
      await page.keyboard.press('Enter');
      await until(() => replies.submitted.length === 5, 'the request');
      const error = { code: 'no_progress', message: 'This story got stuck three times. Ask for another.' };
      replies.set(replies.submitted.at(-1)!, { status: 'failed', text: 'A story that', error });
      await action(page, 'Try again').waitFor();
      await check('failed');

      await page.getByText('Options', { exact: true }).click();
      await page.getByLabel('Choose your own path').check();
      await check('path-option');
      await page.getByText('Options', { exact: true }).click();
      await field(page).fill(PROMPT);
      await page.keyboard.press('Enter');
      const choose = page.getByRole('group', { name: 'What happens next?' }).getByRole('button');
      for (const [step, prompt] of [PROMPT, '', ''].entries()) {
        const submitted = 5 + 3 * (step + 1);
        await until(() => replies.submitted.length === submitted, 'three ways on');
        await check(`ways-waiting-${step}`);
        for (const [index, way] of WAYS.entries()) {
          replies.finish(replies.submitted.at(index - 3)!, prompt + way.replace('N', `${step + 1}`));
        }
        await choose.nth(2).waitFor();
        await check(`ways-${step}`);
        if (step < 2) await choose.nth(step).press('Enter');
      }
      await action(page, 'Undo').click();
      await choose.nth(2).press('Enter');
      await action(page, 'Stop').click();
      await action(page, 'Undo').waitFor();
      await page.getByText('What might have been').click();
      await page.locator('.tree').scrollIntoViewIfNeeded();
      await check('tree');
      assert.deepEqual(complaints, []);
    });
  }
}
