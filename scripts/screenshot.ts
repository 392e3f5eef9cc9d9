/**
 * Takes a screenshot of the page in the middle of a story, for the README.
 *
 *   node --import tsx scripts/screenshot.ts http://127.0.0.1:8080 docs/page.png
 *     [--theme dark|light] [--size 1200x850] [--scale 2] [--prompt TEXT] [--preset NAME] [--seed N]
 *     [--after CHARACTERS]
 */
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { DEFAULT_PRESET } from '../src/story/story.ts';
import { CHROMIUM_ARGUMENTS, findChromium } from '../test/bots/web/chromium.ts';

/** Maximum time for a story to grow that long. */
const PATIENCE_MS = 60_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    theme: { type: 'string', default: 'dark' },
    size: { type: 'string', default: '1200x850' },
    scale: { type: 'string', default: '2' },
    prompt: { type: 'string', default: '/scifi On the day when the stars went out,' },
    preset: { type: 'string', default: DEFAULT_PRESET },
    seed: { type: 'string', default: '26' },
    after: { type: 'string', default: '400' },
  },
});

const [url, path] = positionals;
const [width, height] = values.size.split('x').map(Number);
const executablePath = findChromium();
const problem =
  !url || !path
    ? 'Say where the page is and where the picture goes: scripts/screenshot.ts URL FILE.png'
    : values.theme !== 'dark' && values.theme !== 'light'
      ? `Expected --theme to be dark or light, got ${values.theme}`
      : !width || !height
        ? `Expected --size to be like 1200x850, got ${values.size}`
        : !executablePath && 'No Chromium found. Install the package chromium, or set CHROMIUM to its path.';
if (problem) {
  console.error(problem);
  process.exit(2);
}

const browser = await chromium.launch({ executablePath: executablePath!, args: CHROMIUM_ARGUMENTS });
try {
  const page = await browser.newPage({
    viewport: { width: width!, height: height! },
    deviceScaleFactor: Number(values.scale),
    colorScheme: values.theme as 'dark' | 'light',
  });
  await page.goto(url!);
  await page.getByText('Options', { exact: true }).click();
  await page.getByRole('radio', { name: new RegExp(`^${values.preset} `, 'i') }).check();
  await page.getByLabel('Seed').fill(values.seed);
  await page.getByText('Options', { exact: true }).click();
  await page.getByLabel('How the story begins').click();
  await page.keyboard.type(values.prompt);
  await page.keyboard.press('Enter');
  const grown = (least: number) => (document.querySelector('.story')?.textContent?.length ?? 0) >= least;
  await page.waitForFunction(grown, Number(values.after), { timeout: PATIENCE_MS });
  await page.screenshot({ path: path! });
  console.log(`Saved ${path}`);
} finally {
  await browser.close();
}
