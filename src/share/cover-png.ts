/** Covers as PNG, for chats and books. Apart from `cover.ts`, because the renderer is native code. */
import { renderAsync } from '@resvg/resvg-js';
import { cover } from './cover.ts';

/** The cover of a story as a PNG of 1200 x 630 px; see `cover`. It is rendered outside of the event loop. */
export async function coverPng(title: string, seed: number): Promise<Buffer> {
  // Covers contain no text elements, so no font of the machine is looked for.
  const image = await renderAsync(cover(title, seed), { font: { loadSystemFonts: false } });
  return image.asPng();
}
