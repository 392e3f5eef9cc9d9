/** Pages of shared stories in Chromium: made on the page, and read by others. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeWebReplies } from '../../fakes/web-replies.ts';
import { until } from '../../helpers/programs.ts';
import { axeFindings } from './axe.ts';
import { browserTests, complaintsOf, launch } from './browser.ts';
import { openSharing, share, written } from './sharing.ts';

const browser = browserTests();

describe('a shared story in a browser', browser, () => {
  it('is readable without script, on a phone, in the dark and on paper, and loads nothing but its cover', async (t) => {
    const server = await openSharing(t);
    const reply = await written(server, 'The ship was late', ' and the crew slept.\n\n"Wake up," it said.');
    const id = await share(server, reply);
    for (const [width, colorScheme] of [
      [390, 'light'],
      [1_200, 'dark'],
    ] as const) {
      const context = await (await launch()).newContext({
        javaScriptEnabled: false,
        viewport: { width, height: 800 },
        colorScheme,
      });
      t.after(() => context.close());
      const page = await context.newPage();
      const complaints = complaintsOf(page);
      const loaded: string[] = [];
      page.on('request', (one) => loaded.push(new URL(one.url()).pathname));
      await page.goto(`${server.url}/s/${id}`);
      assert.equal(await page.locator('h1').innerText(), 'The ship was late and the crew slept');
      assert.equal(await page.locator('mark').last().innerText(), 'The ship was late');
      assert.ok(
        await page
          .locator('img')
          .evaluate(() => true)
          .catch(() => true),
      );
      assert.deepEqual(loaded.filter((path) => path !== '/icon.svg').toSorted(), [
        `/s/${id}`,
        `/s/${id}/cover.png`,
      ]);
      assert.deepEqual(complaints, []);
      const folder = process.env.SCREENSHOTS;
      if (folder) {
        await page.screenshot({ path: `${folder}/share-${width}-${colorScheme}.png`, fullPage: true });
        await page.emulateMedia({ media: 'print', colorScheme: 'light' });
        await page.screenshot({ path: `${folder}/share-${width}-print.png`, fullPage: true });
      }
    }
  });

  it('has nothing that axe finds, in both colour schemes', async (t) => {
    const server = await openSharing(t);
    const id = await share(server, await written(server, 'The ship was late', ' and the crew slept.'));
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await (await launch()).newPage({ colorScheme });
      t.after(() => page.close());
      await page.goto(`${server.url}/s/${id}`);
      assert.deepEqual(await axeFindings(page), []);
      await page.goto(`${server.url}/s/${'x'.repeat(27)}`);
      assert.deepEqual(await axeFindings(page), []);
    }
  });

  it('is made, listed and taken down on the page, and another visitor writes an ending for it', async (t) => {
    const server = await openSharing(t, { replies: new FakeWebReplies({ everyMs: 10, characters: 400 }) });
    const page = await (await launch()).newPage();
    t.after(() => page.close());
    const complaints = complaintsOf(page);
    await page.goto(server.url);
    await page.getByLabel('How the story begins').fill('The ship was late');
    await page.keyboard.press('Enter');
    // By keyboard.
    await page.locator('.action.share').focus();
    await page.keyboard.press('Enter');
    const panel = page.locator('.shared');
    await panel.getByRole('link').waitFor();
    const id = (await panel.getByRole('link').innerText()).slice(-27);
    const path = `${server.url}/s/${id}`;
    assert.match(
      await (await fetch(path)).text(),
      /<mark>The ship was late<\/mark>[\s\S]*noindex|noindex[\s\S]*<mark>/,
    );
    await panel.getByLabel('Search engines may list it').check();
    await until(async () => !/noindex/.test(await (await fetch(path)).text()), 'the permission');
    assert.deepEqual(await axeFindings(page), []);
    const folder = process.env.SCREENSHOTS;
    if (folder) await panel.screenshot({ path: `${folder}/share-panel.png` });

    const other = await (await launch()).newPage();
    t.after(() => other.close());
    await other.goto(path);
    await other.getByRole('link', { name: 'Write your own ending' }).click();
    await other.locator('#task-note').getByText('Your own ending of “The ship was late').waitFor();
    await other.getByLabel('How the story begins').fill('Then it came.');
    await other.keyboard.press('Enter');
    await other.locator('.action.copy').waitFor();
    const [, ending] = [...server.replies.held.values()];
    assert.equal(ending!.request.prompt, 'Then it came.');
    assert.ok(ending!.request.context.length > 100);
    if (folder) await other.screenshot({ path: `${folder}/share-ending.png` });

    await panel.getByRole('button', { name: 'Take it down' }).click();
    await panel.waitFor({ state: 'hidden' });
    assert.equal((await fetch(path)).status, 404);
    assert.deepEqual(complaints, []);
  });

  it('cannot be framed', async (t) => {
    const server = await openSharing(t);
    const id = await share(server, await written(server, 'The ship', ' was late.'));
    const page = await (await launch()).newPage();
    t.after(() => page.close());
    await page.setContent(`<iframe src="${server.url}/s/${id}"></iframe>`);
    const frame = page.frames().find((one) => one !== page.mainFrame())!;
    await frame.waitForLoadState();
    assert.doesNotMatch(await frame.content(), /The ship/);
  });
});
