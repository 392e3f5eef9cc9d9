/**
 * Makes the page's icons from `icon.svg`, in Chromium: PNG files, and a `favicon.ico` that holds PNG images.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { CHROMIUM_ARGUMENTS, findChromium } from '../test/bots/web/chromium.ts';
import { endWith, readCommandLine } from './command-line.ts';

const FOLDER = fileURLToPath(new URL('../src/page', import.meta.url));
/** Edges in pixels: for home screens of phones, and for the installed web application. */
const PNG_SIZES = [180, 192, 512];
const ICO_SIZES = [16, 32, 48];

const HELP = `
node --import tsx scripts/icons.ts

Draws the icons of the page from src/page/icon.svg. Needs Chromium.
`;
readCommandLine(HELP, {});
const executablePath = findChromium();
if (!executablePath) endWith('No Chromium found. Install the package chromium, or set CHROMIUM to its path.');
const svg = readFileSync(join(FOLDER, 'icon.svg')).toString('base64');
const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS });
try {
  const page = await browser.newPage();
  const draw = async (edge: number) => {
    await page.setViewportSize({ width: edge, height: edge });
    await page.setContent(
      `<body style="margin:0"><img style="display:block" width="${edge}" src="data:image/svg+xml;base64,${svg}">`,
    );
    return page.screenshot({ omitBackground: true });
  };
  for (const edge of PNG_SIZES) writeFileSync(join(FOLDER, `icon-${edge}.png`), await draw(edge));
  const images: { edge: number; png: Buffer }[] = [];
  for (const edge of ICO_SIZES) images.push({ edge, png: await draw(edge) });
  writeFileSync(join(FOLDER, 'favicon.ico'), icoOf(images));
} finally {
  await browser.close();
}

/** An ICO file: a header of 6 bytes, a directory of 16 bytes an image, the images. */
function icoOf(images: readonly { edge: number; png: Buffer }[]): Buffer {
  const directory = Buffer.alloc(6 + 16 * images.length);
  directory.writeUInt16LE(1, 2);
  directory.writeUInt16LE(images.length, 4);
  let offset = directory.length;
  for (const [index, { edge, png }] of images.entries()) {
    const at = 6 + 16 * index;
    directory.writeUInt8(edge, at);
    directory.writeUInt8(edge, at + 1);
    directory.writeUInt16LE(1, at + 4);
    directory.writeUInt16LE(32, at + 6);
    directory.writeUInt32LE(png.length, at + 8);
    directory.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([directory, ...images.map(({ png }) => png)]);
}
