import assert from 'node:assert/strict';
import { after, type TestContext } from 'node:test';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import type { WebServerOptions } from '../../../src/bots/web/server.ts';
import { FakeWebReplies, type Pace } from '../../fakes/web-replies.ts';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.ts';
import { startServer, type TestServer } from './helpers.ts';

/** Slow enough to observe while it grows, and fast enough for a test. */
export const PACE: Pace = { everyMs: 60, characters: 12 };

/** A loaded machine takes many times as long as a quiet one. */
const TIMEOUT_MS = 180_000;

const NO_BROWSER = 'No Chromium found. Install the package chromium, or set CHROMIUM to its path.';

let launched: Promise<Browser> | undefined;

/**
 * For the top of a file of tests that need the browser: closes it after all tests of the process. Returns
 * options of such tests, which skip them where there is no browser.
 */
export function browserTests(): { skip: string | false } {
  after(async () => (await launched)?.close());
  return { skip: findChromium() ? false : NO_BROWSER };
}

/** The browser that all test files of a process share; started by the first call. */
export function launch(): Promise<Browser> {
  launched ??= chromium.launch({ executablePath: findChromium()!, args: CHROMIUM_ARGUMENTS });
  return launched;
}

/** A page on its own server, with the complaints of the browser about it. */
export interface OpenPage {
  page: Page;
  server: TestServer;
  complaints: string[];
}

/** Opens the page in a fresh profile, on its own server; both are closed when the test ends. */
export async function openPage(
  t: TestContext,
  options: {
    pace?: Pace;
    replies?: FakeWebReplies;
    hash?: string;
    viewport?: { width: number; height: number };
    /** A phone's touch screen, without a mouse. */
    touch?: boolean;
    colorScheme?: 'light' | 'dark';
  } & Partial<WebServerOptions> = {},
): Promise<OpenPage> {
  const replies = options.replies ?? new FakeWebReplies(options.pace ?? PACE);
  const { pace: _, hash, viewport, touch = false, colorScheme = 'light', ...serverOptions } = options;
  const server = await startServer(t, { ...serverOptions, replies });
  const browser = await launch();
  const context = await browser.newContext({
    viewport: viewport ?? { width: 1_000, height: 800 },
    hasTouch: touch,
    isMobile: touch,
    colorScheme,
  });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  t.after(() => context.close());
  await page.goto(server.url + (hash ?? ''));
  return { page, server, complaints };
}

/**
 * Errors in the console, uncaught exceptions and violations of the content security policy, from now on; the list
 * grows.
 */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return complaints;
}

/** Types into the composer by key presses, and submits. */
export async function type(page: Page, text: string): Promise<void> {
  await page.getByLabel('How the story begins').click();
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}

/** The last story on the page. */
export function lastStory(page: Page): Locator {
  return page.locator('.story').last();
}

/** Waits until the last story has at least this many characters, and returns it. */
export async function grownTo(page: Page, length: number): Promise<string> {
  const reached = ([selector, least]: [string, number]) =>
    ([...document.querySelectorAll(selector)].at(-1)?.textContent?.length ?? 0) >= least;
  await page.waitForFunction(reached, ['.story', length] as [string, number], { timeout: TIMEOUT_MS });
  return (await lastStory(page).textContent()) ?? '';
}

/** A button under the last story. */
export function action(page: Page, name: string): Locator {
  return page.locator('.exchange').last().getByRole('button', { name, exact: true });
}

/** Stops the last story with a key: a growing text moves the button, and a click of the mouse can miss it. */
export function pressStop(page: Page): Promise<void> {
  return action(page, 'Stop').press('Enter');
}

/** Fails if the page scrolls sideways. */
export async function assertFits(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(
    () => [document.documentElement.scrollWidth, innerWidth] as const,
  );
  assert.ok(content <= window, `Expected at most ${window} pixels, got ${content}`);
}
