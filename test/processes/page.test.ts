/** The main use case from a user's view: the real process, the real model and a real browser. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { action, browserTests, grownTo, lastStory, launch, pressStop, type } from '../bots/web/browser.ts';
import { type RoleProcess, startRole } from '../helpers/processes.ts';
import { freePort, temporaryFolder } from '../helpers/programs.ts';

const START_LIMIT_MS = 180_000;

describe('npm start and a browser', browserTests(), () => {
  let browser: Browser;
  let process: RoleProcess;
  let base: string;
  let env: Record<string, string>;
  let remove: () => Promise<void>;
  let startMs: number;

  before(async () => {
    const folder = await temporaryFolder();
    remove = folder.remove;
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    env = { REDIS_URL: '', SCIFI_DATA: folder.folder, SCIFI_PORT: String(port) };
    const started = performance.now();
    process = await startRole('start', env);
    startMs = performance.now() - started;
    browser = await launch();
  });

  after(async () => {
    await process?.kill();
    await remove();
  });

  it('are ready within three minutes on a new data folder', () => {
    assert.ok(startMs < START_LIMIT_MS, `${Math.round(startMs)} ms`);
  });

  it('stream a story, stop it, continue it, and find it again after a reload and a crash', async (t) => {
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(base);
    await type(page, '/scifi It all began with');

    const lengths: number[] = [];
    for (const least of [60, 150, 240, 330]) lengths.push((await grownTo(page, least)).length);
    assert.ok(
      lengths.every((length, index) => index === 0 || length > lengths[index - 1]!),
      `grew to ${lengths.join(', ')}`,
    );

    await pressStop(page);
    await action(page, 'Continue').waitFor();
    const stopped = (await lastStory(page).textContent())!;
    assert.ok(stopped.startsWith('It all began with') && stopped.length >= 330 && stopped.length < 1_200);

    await action(page, 'Continue').click();
    await grownTo(page, stopped.length + 100);
    await page.reload();
    const found = await grownTo(page, stopped.length + 100);
    assert.ok(found.startsWith(stopped), 'the partial text is kept');

    await process.kill();
    process = await startRole('start', env);
    await action(page, 'Continue').waitFor();
    const ended = (await lastStory(page).textContent())!;
    assert.ok(ended.startsWith(found), 'what was on the page goes on');
    assert.match(ended, /(?:[.!?]["')\]]*|["')\]]|--|THE END)$/);
    await page.reload();
    await action(page, 'Continue').waitFor();
    assert.equal(await lastStory(page).textContent(), ended);
    assert.deepEqual(complaints, []);
  });

  it('show the same story to every user who opens its link', async (t) => {
    const context = await browser.newContext();
    t.after(() => context.close());
    const texts: string[] = [];
    for (let visit = 0; visit < 2; visit++) {
      const page = await context.newPage();
      await page.goto(`${base}/#prompt=The+ship+was+lost&length=200&seed=11&temperature=0.4&model=scifi`);
      await action(page, 'Continue').waitFor();
      texts.push((await lastStory(page).textContent())!);
      await page.evaluate(() => localStorage.clear());
    }
    assert.ok(texts[0]!.startsWith('The ship was lost') && texts[0]!.length <= 200);
    assert.equal(texts[0], texts[1]);
  });
});
