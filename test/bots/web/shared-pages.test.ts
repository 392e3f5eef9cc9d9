/** Pages of shared stories in Chromium: made on the page, and read by others. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { FakeWebReplies } from '../../fakes/web-replies.ts';
import { until } from '../../helpers/programs.ts';
import { axeFindings } from './axe.ts';
import { assertFits, browserTests, complaintsOf, launch } from './browser.ts';
import { HOSTILE, openSharing, share, written } from './sharing.ts';

const browser = browserTests();

/** How many of the elements that load something, or lead elsewhere, a page has. */
const elementsOf = (page: Page) =>
  page.evaluate(() =>
    Object.fromEntries(
      ['img', 'script', 'link', 'style', 'base', 'a'].map((name) => [
        name,
        document.getElementsByTagName(name).length,
      ]),
    ),
  );

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
      page.on('response', (one) => loaded.push(`${one.status()} ${one.url().replace(server.url, '')}`));
      page.on('requestfailed', (one) => loaded.push(`failed ${one.url()}`));
      await page.goto(`${server.url}/s/${id}`);
      assert.equal(await page.locator('h1').innerText(), 'The ship was late and the crew slept');
      assert.equal(await page.locator('mark').last().innerText(), 'The ship was late');
      assert.equal(
        await page.locator('img').evaluate((img) => (img as HTMLImageElement).naturalWidth),
        1_200,
      );
      assert.deepEqual(loaded.filter((one) => one !== '200 /icon.svg').toSorted(), [
        `200 /s/${id}`,
        `200 /s/${id}/cover.png`,
      ]);
      await assertFits(page);
      assert.deepEqual(complaints, []);
      const folder = process.env.SCREENSHOTS;
      const save = async (what: string) => {
        if (folder) await page.screenshot({ path: `${folder}/share-${width}-${what}.png`, fullPage: true });
      };
      await save(colorScheme);
      await page.emulateMedia({ media: 'print', colorScheme: 'light' });
      await assertFits(page);
      await save('print');
    }
  });

  it('has nothing that axe finds, in both colour schemes, on a phone and on a desktop', async (t) => {
    const server = await openSharing(t);
    const first = await written(server, 'The ship was late', ' and the crew slept.');
    const id = await share(server, await written(server, '', ' Nobody moved.'), [first]);
    for (const [colorScheme, width] of [
      ['light', 390],
      ['dark', 390],
      ['light', 1_200],
      ['dark', 1_200],
    ] as const) {
      const page = await (await launch()).newPage({ colorScheme, viewport: { width, height: 800 } });
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

  it('stays as it is, and asks no other host for anything, with a hostile text', async (t) => {
    const server = await openSharing(t);
    const page = await (await launch()).newPage({ viewport: { width: 390, height: 800 } });
    t.after(() => page.close());
    const complaints = complaintsOf(page);
    const elsewhere: string[] = [];
    page.on('request', (one) => {
      if (!one.url().startsWith(server.url)) elsewhere.push(one.url());
    });
    page.on('dialog', () => complaints.push('a dialog'));
    const hostile = [
      ...HOSTILE,
      '<link rel=stylesheet href=//evil.example/x.css><style>@import "//evil.example/y.css"</style>',
      '<meta http-equiv=refresh content="0;url=//evil.example/"><base href=//evil.example/>',
    ];
    for (const text of hostile) {
      const id = await share(server, await written(server, text.slice(0, 2_000), ` ${text}`));
      await page.goto(`${server.url}/s/${id}`);
      assert.equal(page.url(), `${server.url}/s/${id}`);
      assert.deepEqual(await elementsOf(page), { img: 1, script: 0, link: 1, style: 1, base: 0, a: 2 }, text);
      const around = page.getByRole('link', { name: 'Write your own ending' });
      assert.equal(await around.evaluate((link) => getComputedStyle(link).direction), 'ltr');
      await assertFits(page);
    }
    assert.deepEqual([complaints, elsewhere], [[], []]);
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
