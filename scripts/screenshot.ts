/** Takes a screenshot of the page in the middle of a story, for the README. */
import { chromium } from 'playwright-core';
import { DEFAULT_PRESET } from '../src/story/story.ts';
import { CHROMIUM_ARGUMENTS, findChromium } from '../test/bots/web/chromium.ts';
import { endWith, readCommandLine } from './command-line.ts';

/** Maximum time for a story to grow that long. */
const PATIENCE_MS = 60_000;

const HELP = `
node --import tsx scripts/screenshot.ts URL FILE.png

Takes a screenshot of the page at URL, such as http://127.0.0.1:3000. Needs Chromium.

  --theme dark|light   (default: dark)
  --size WxH           of the window, in CSS pixels (default: 1200x850)
  --scale N            device pixels for one CSS pixel (default: 2)
  --prompt TEXT
  --preset NAME        (default: ${DEFAULT_PRESET})
  --seed N             (default: 26)
  --after N            characters of the story before the screenshot (default: 400)
  --share              the page of the shared story instead; needs SCIFI_PUBLIC_URL=URL on the server
`;

const { values, positionals } = readCommandLine(
  HELP,
  {
    theme: { type: 'string', default: 'dark' },
    size: { type: 'string', default: '1200x850' },
    scale: { type: 'string', default: '2' },
    prompt: { type: 'string', default: '/scifi On the day when the stars went out,' },
    preset: { type: 'string', default: DEFAULT_PRESET },
    seed: { type: 'string', default: '26' },
    after: { type: 'string', default: '400' },
    share: { type: 'boolean', default: false },
  },
  2,
);
const { theme } = values;
const [url, path] = positionals;
const [width, height] = values.size.split('x').map(Number);
const executablePath = findChromium();
if (!url || !path) endWith('Give the address of the page and the file of the picture.');
if (theme !== 'dark' && theme !== 'light') endWith(`Expected --theme to be dark or light, got ${theme}.`);
if (!width || !height) endWith(`Expected --size to be like 1200x850, got ${values.size}.`);
if (!executablePath) endWith('No Chromium found. Install the package chromium, or set CHROMIUM to its path.');

const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS });
try {
  const page = await browser.newPage({
    viewport: { width, height },
    deviceScaleFactor: Number(values.scale),
    colorScheme: theme,
  });
  await page.goto(url);
  await page.getByText('Options', { exact: true }).click();
  await page.getByRole('radio', { name: new RegExp(`^${values.preset} `, 'i') }).check();
  await page.getByLabel('Seed').fill(values.seed);
  await page.getByText('Options', { exact: true }).click();
  await page.getByLabel('How the story begins').click();
  await page.keyboard.type(values.prompt);
  await page.keyboard.press('Enter');
  const grown = (least: number) => (document.querySelector('.story')?.textContent?.length ?? 0) >= least;
  await page.waitForFunction(grown, Number(values.after), { timeout: PATIENCE_MS });
  if (values.share) {
    await page.locator('.action.share').click({ timeout: PATIENCE_MS });
    const address = await page.locator('.shared a').getAttribute('href');
    await page.goto(address!);
  }
  await page.screenshot({ path });
  console.log(`Saved ${path}`);
} finally {
  await browser.close();
}
