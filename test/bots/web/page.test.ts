import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CANNED_STORY, FakeWebReplies } from '../../fakes/web-replies.ts';
import { until } from '../../helpers/programs.ts';
import {
  action,
  assertFits,
  browserTests,
  grownTo,
  lastStory,
  openPage,
  pressStop,
  type,
} from './browser.ts';
import { tabTo } from './focus.ts';
import { startServer } from './helpers.ts';

const options = browserTests();

const flat = (text: string) => text.replace(/\n/g, '');

test('a story grows, is stopped, continued, and restored after a reload', options, async (t) => {
  const { page, complaints, server } = await openPage(t);
  server.replies.most = 400;
  await type(page, '/scifi It all began with');
  const lengths: number[] = [];
  for (const least of [40, 80, 120, 160]) lengths.push((await grownTo(page, least)).length);
  assert.ok(
    lengths.every((length, index) => index === 0 || length > lengths[index - 1]!),
    lengths.join(),
  );
  assert.equal(await lastStory(page).locator('.prompt').textContent(), 'It all began with');
  assert.equal(await lastStory(page).getAttribute('aria-busy'), 'true');

  await pressStop(page);
  await action(page, 'Continue').waitFor();
  const partial = (await lastStory(page).textContent())!;
  assert.ok(partial.length >= 160 && partial.length < CANNED_STORY.length);
  server.replies.most = Number.POSITIVE_INFINITY;
  assert.ok(flat(`It all began with${CANNED_STORY}`).startsWith(partial));
  assert.equal(await lastStory(page).getAttribute('aria-busy'), null);
  assert.match((await page.locator('.facts').textContent())!, / · lively · seed \d+ · written by a neural/);

  await action(page, 'Continue').click();
  await grownTo(page, partial.length + 100);
  const second = server.replies.held.get(server.replies.submitted[1]!)!.request;
  assert.equal(second.prompt, '');
  assert.equal(flat(second.context), partial);

  await page.reload();
  const found = await grownTo(page, partial.length + 100);
  assert.ok(found.startsWith(partial), 'the first part is there');
  await grownTo(page, found.length + 60);
  await action(page, 'Continue').waitFor();
  assert.equal(await page.locator('.exchange').count(), 1);
  assert.equal(server.replies.submitted.length, 2, 'nothing was asked for twice');

  await page.reload();
  await action(page, 'Continue').waitFor();
  assert.ok((await lastStory(page).textContent())!.startsWith(found), 'a finished story is found as well');
  assert.deepEqual(complaints, []);
});

test('hostile openings do not break the page', options, async (t) => {
  const { page, complaints } = await openPage(t, { pace: { everyMs: 20, characters: 400 } });
  const hostile = [
    '<img src=x onerror="document.title=\'broken\'"><script>document.title="broken"</script>',
    '\u202e\u2066\u2067 backwards \u202e',
    '@everyone <@1> &lt;b&gt; `code` *x* javascript:alert(1)',
    `Z${'\u0301\u0489'.repeat(900)}`,
    'w'.repeat(1_900),
    '\u05e9\u05dc\u05d5\u05dd \ud800 lone \u0000 nul \u2028 line',
  ];
  for (const prompt of hostile) {
    await page.getByLabel('How the story begins').fill(prompt);
    await page.keyboard.press('Enter');
    await action(page, 'Continue').waitFor();
  }
  const texts = await page.locator('.story .prompt').allTextContents();
  assert.equal(texts[0], hostile[0], 'shown as it was typed');
  assert.equal(await page.locator('.story img, .story script, .asked img, .asked script').count(), 0);
  assert.equal(await page.title(), 'Computer, Write Me A Sci-Fi');
  for (const text of await page.locator('main').allTextContents())
    assert.doesNotMatch(text, /[\u202a-\u202e]|\p{M}{5}/u);
  await assertFits(page);
  const sizes = await page
    .locator('.story p')
    .evaluateAll((all) => all.map((p) => p.getBoundingClientRect().right));
  assert.ok(sizes.every((right) => right <= 1_000));

  await page.getByLabel('How the story begins').fill('\u0301'.repeat(10_000));
  await page.keyboard.press('Enter');
  await page.locator('#problem', { hasText: 'has 10,000 characters; the most is 2,000' }).waitFor();
  assert.equal(await page.locator('.exchange').count(), hostile.length, 'what is refused is not sent');

  await page.reload();
  assert.equal(await page.locator('.exchange').count(), hostile.length);
  assert.deepEqual(complaints, []);
});

test('every action is available from the keyboard', options, async (t) => {
  const { page, complaints, server } = await openPage(t);
  server.replies.most = 400;
  await tabTo(page, 'beginning');
  await page.keyboard.type('First line');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('second line');
  await page.keyboard.press('Enter');
  await grownTo(page, 60);
  assert.equal(await page.getByLabel('How the story begins').inputValue(), '');

  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await tabTo(page, 'Stop');
  await page.keyboard.press('Enter');
  await action(page, 'Continue').waitFor();
  await tabTo(page, 'Warmer');
  await page.keyboard.press('Space');
  await page.locator('.settings', { hasText: 'wild · 1,200 characters' }).waitFor();
  assert.equal(await page.locator('.exchange').count(), 2);

  await tabTo(page, 'beginning');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowDown');
  await page.getByText('wild · 1,200 characters').last().waitFor();
  await page.keyboard.press('ArrowDown');
  await page.getByText('temperature 0.4 · 1,200 characters').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('End');
  await page.getByText('temperature 2 · 1,200 characters').waitFor();
  assert.deepEqual(complaints, []);
});

test('one polite live region announces the important events, and not each chunk', options, async (t) => {
  const { page } = await openPage(t, { pace: { everyMs: 100, characters: 100 } });
  await page.evaluate(() => {
    const region = document.querySelector('[aria-live]')!;
    const heard: string[] = [];
    Object.assign(window, { heard });
    new MutationObserver(() => region.textContent && heard.push(region.textContent)).observe(region, {
      childList: true,
    });
  });
  await type(page, 'It all began with');
  await action(page, 'Continue').waitFor();
  const heard = () => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
  await until(async () => (await heard()).length >= 2, 'both announcements');
  const [started, finished, ...more] = await heard();
  assert.equal(started, 'Story started');
  assert.match(finished!, /^Story finished, 2\d\d words$/);
  assert.deepEqual(more, []);
  assert.equal(await page.locator('[aria-live], [role=log], [role=alert], output').count(), 1);
});

test('a link generates the same story again, once', options, async (t) => {
  const hash = '#prompt=It%20all&temperature=1.1&length=200&seed=99&model=melville';
  const { page, server, complaints } = await openPage(t, {
    hash,
    pace: { everyMs: 20, characters: 200 },
  });
  await action(page, 'Link').waitFor();
  const request = {
    prompt: 'It all',
    context: '',
    preset: 'classic',
    temperature: 1.1,
    length: 200,
    seed: 99,
    model: 'melville',
  };
  assert.deepEqual(server.replies.held.get(server.replies.submitted[0]!)!.request, request);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await action(page, 'Link').click();
  await page.getByText('Link copied').first().waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(new URL(link).hash, hash);
  await page.reload();
  await action(page, 'Link').waitFor();
  assert.equal(server.replies.submitted.length, 1, 'a reload finds it and starts no other');

  await action(page, 'Copy').click();
  await page.getByText('Copied').first().waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, `It all${CANNED_STORY}`.slice(0, 200));
  await action(page, 'Download').click();
  const [file] = await Promise.all([page.waitForEvent('download'), action(page, 'Plain text').click()]);
  assert.match(file.suggestedFilename(), /^it-all-a-signal-that-nobody\.txt$/);
  assert.deepEqual(complaints, []);
});

test('waiting, model loading and failure are shown as sentences', options, async (t) => {
  const replies = new FakeWebReplies();
  replies.storytellers = { phase: 'none', loaded: 0, waiting: 0 };
  const { page } = await openPage(t, { replies });
  await type(page, 'Hello');
  await page.getByText('No storyteller is running. Your story waits').waitFor();
  const id = await until(() => replies.submitted[0], 'the request');
  replies.set(id, { status: 'waiting', position: 3 });
  replies.storytellers = { phase: 'loading', loaded: 0.4, waiting: 3 };
  await page.getByText('Waking the computer… 40%, 3rd in the queue').waitFor();
  replies.storytellers = { phase: 'ready', loaded: 1, waiting: 3 };
  await page.getByText('3rd in the queue', { exact: true }).waitFor();
  await page.getByText('The computer is ready').waitFor();
  const error = { code: 'no_progress', message: 'This story got stuck three times. Ask for another.' };
  replies.set(id, { status: 'failed', text: 'Hello, he', error });
  await page.getByText(error.message).first().waitFor();
  await grownTo(page, 'Hello, he'.length);
  await action(page, 'Try again').click();
  await until(() => replies.submitted.length === 2, 'the second request');
  assert.equal(await page.locator('.exchange').count(), 1);
});

test('a lost connection is restored; a removed story keeps its text', options, async (t) => {
  const { page, server } = await openPage(t, { pace: { everyMs: 60, characters: 6 } });
  await type(page, 'It all began with');
  const before = await grownTo(page, 40);
  await server.close();
  await page.getByText('The connection is lost. Trying again…').waitFor();
  assert.ok((await lastStory(page).textContent())!.length >= before.length);
  const { port } = new URL(server.url);
  await startServer(t, { replies: server.replies, port: Number(port) });
  await grownTo(page, before.length + 200);
  server.replies.forget();
  await page.reload();
  await page.getByText('The computer no longer has this story.').first().waitFor();
  assert.ok((await lastStory(page).textContent())!.length > before.length);
  await action(page, 'Try again').waitFor();
});

test('many stories at once, stored options, and clearing all', options, async (t) => {
  const { page, server, complaints } = await openPage(t);
  await page.getByText('Options', { exact: true }).click();
  await page.getByLabel('Length, in characters').fill('20');
  await type(page, 'Story 1');
  assert.equal(await page.locator('.exchange').count(), 0, 'a bad number is pointed at, and nothing is sent');
  await page.getByLabel('Length, in characters').fill('300');
  await page.getByLabel('Seed').fill('5');
  await page.getByLabel('Model').selectOption('melville');
  await type(page, ', once more');
  for (let n = 2; n <= 5; n++) await type(page, `/scifi Story ${n}`);
  const all = page.locator('.exchange');
  assert.equal(await all.count(), 5);
  await until(
    async () => (await page.locator('.story[aria-busy]').count()) === 0,
    'the end of all stories',
    20_000,
  );
  const requests = [...server.replies.held.values()].map(({ request }) => request);
  assert.ok(
    requests.every(({ length, seed, model }) => length === 300 && seed === 5 && model === 'melville'),
  );

  await page.reload();
  assert.equal(await page.getByLabel('Length, in characters').inputValue(), '300');
  await until(async () => (await page.getByLabel('Model').inputValue()) === 'melville', 'the stored model');
  page.on('dialog', (dialog) => void dialog.accept());
  await page.getByRole('button', { name: 'Clear' }).click();
  assert.equal(await all.count(), 0);
  await page.reload();
  assert.equal(await all.count(), 0);
  await page.getByText('Give it a beginning').waitFor();
  assert.deepEqual(complaints, []);
});

test('a phone shows the whole page without scrolling sideways', options, async (t) => {
  const viewport = { width: 360, height: 640 };
  const { page } = await openPage(t, { viewport, pace: { everyMs: 20, characters: 300 } });
  await assertFits(page);
  await type(page, 'It all began with');
  await action(page, 'Continue').waitFor();
  await page.getByText('Options', { exact: true }).click();
  await assertFits(page);
  const targets = page.locator(
    'button:visible, summary:visible, select:visible, input:visible, textarea:visible',
  );
  for (const box of await targets.evaluateAll((all) =>
    all.map((one) => one.getBoundingClientRect().height),
  )) {
    assert.ok(box >= 44, `Expected targets of 44 pixels, got ${box}`);
  }
  const atEnd = () =>
    page.evaluate(() => scrollY + innerHeight >= document.documentElement.scrollHeight - 64);
  assert.ok(await atEnd(), 'the end stays in view');
});
