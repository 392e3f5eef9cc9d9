/** Covers as PNG, for chats and books. */
import { Resvg, renderAsync } from '@resvg/resvg-js';
import { COVER_SIZE, cover } from './cover.ts';

/** Covers contain no text elements, so no font of the machine is looked for. */
const WITHOUT_FONTS = { loadSystemFonts: false } as const;

/**
 * The cover of a story as a PNG of 1200 x 630 px; see `cover`. It is rendered outside of the event loop.
 *
 * @param width in px; the height keeps the proportion
 */
export async function coverPng(title: string, seed: number, width = COVER_SIZE.width): Promise<Buffer> {
  const image = await renderAsync(cover(title, seed), {
    fitTo: { mode: 'width', value: width },
    font: WITHOUT_FONTS,
  });
  return image.asPng();
}

/** The cover's pixels, four bytes each, RGBA, row by row. */
export function coverPixels(title: string, seed: number, width: number): Buffer {
  const options = { fitTo: { mode: 'width', value: width }, font: WITHOUT_FONTS } as const;
  return new Resvg(cover(title, seed), options).render().pixels;
}
