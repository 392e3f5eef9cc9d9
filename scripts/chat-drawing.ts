/** Draws messages of Discord and of Slack as pictures. */
import { join } from 'node:path';
import type { Browser } from 'playwright-core';

export interface Button {
  readonly label: string;
  readonly emoji?: { readonly name: string };
  /** Discord's number of a style, or `bare` without a frame. */
  readonly style?: number | 'bare';
}

/** A message to draw; its texts are HTML. */
export interface Shown {
  readonly story: string;
  readonly smallPrint: string;
  readonly rows: readonly (readonly Button[])[];
  /** The colour of the bar of the box that holds it; undefined without a box. */
  readonly accent?: string | undefined;
}

interface Look {
  readonly platform: string;
  readonly style: string;
}

/** What a picture shows. */
export interface Scene {
  /** The ending of the file's name. */
  readonly suffix: string;
  readonly command: string;
  /** What is written beside each state. */
  readonly times: readonly [string, string];
}

export const STORY_SCENE: Scene = { suffix: '', command: '/scifi', times: ['while it grows', 'done'] };
export const VOTE_SCENE: Scene = {
  suffix: '-vote',
  command: '/scifi-vote',
  times: ['the first round', 'after two rounds'],
};

export const LOOKS: Readonly<Record<'discord' | 'slack', Look>> = {
  discord: {
    platform: 'discord',
    style:
      'body { background: #313338; color: #dbdee1; } .bot { color: #fff; } .badge { background: #5865f2; color: #fff; }' +
      '.command { color: #b5bac1; } .command i { color: #c9cdfb; font-style: normal; }' +
      '.small, .time { color: #949ba4; } .button { background: #4e5058; color: #fff; border-radius: 8px; }' +
      '.button.style-1 { background: #5865f2; } .button.style-4 { background: #da373c; }' +
      '.face { background: #5865f2; border-radius: 50%; }' +
      '.box { background: #2b2d31; border: 1px solid #3f4147; border-left-width: 4px; }',
  },
  slack: {
    platform: 'slack',
    style:
      'body { background: #fff; color: #1d1c1d; } .badge { background: #ddd; color: #616061; }' +
      '.command, .small, .time { color: #616061; } .command i { font-style: normal; }' +
      '.button { background: #fff; color: #1d1c1d; border: 1px solid #bbb; border-radius: 8px; font-weight: 700; }' +
      '.face { background: #4a154b; border-radius: 6px; }',
  },
};

const LAYOUT =
  'body { margin: 0; padding: 20px 24px; width: 720px; font: 15px/1.45 "Noto Sans", "DejaVu Sans", sans-serif; }' +
  '.message { display: grid; grid-template-columns: 40px 1fr; gap: 0 14px; } .message + .message { margin-top: 26px; }' +
  '.face { width: 40px; height: 40px; color: #fff; font: 700 20px/40px serif; text-align: center; }' +
  '.badge { font-size: 10px; padding: 1px 4px; border-radius: 4px; vertical-align: 2px; } .time { font-size: 12px; }' +
  '.command { font-size: 13px; } .story { white-space: pre-wrap; margin: 2px 0; } .small { font-size: 12px; }' +
  '.box { border-radius: 8px; padding: 12px 16px; margin-top: 6px; max-width: 560px; } .box .small { margin-top: 8px; }' +
  '.buttons { margin-top: 8px; } .button.style-bare { border: 0; padding: 5px 4px; } .button { display: inline-block; padding: 5px 14px; margin-right: 8px; font-size: 14px; }';

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function messageHtml(shown: Shown, command: string, time: string): string {
  return (
    `<div class="message"><div class="face">S</div><div><div class="command"><b>ann</b> used <i>${command}</i></div>` +
    `<b class="bot">sci-fi</b> <span class="badge">APP</span> <span class="time">${time}</span>` +
    `${bodyHtml(shown)}</div></div>`
  );
}

function bodyHtml({ story, smallPrint, rows, accent }: Shown): string {
  const button = ({ label, emoji, style }: Button) =>
    `<span class="button style-${style}">${emoji ? `${emoji.name} ` : ''}${escapeHtml(label)}</span>`;
  const row = (buttons: readonly Button[]) => `<div class="buttons">${buttons.map(button).join('')}</div>`;
  const print = smallPrint && `<div class="small">${smallPrint}</div>`;
  const body = `<div class="story">${story}</div>${print}${rows.map(row).join('')}`;
  return accent ? `<div class="box" style="border-left-color: ${accent}">${body}</div>` : body;
}

export async function draw(
  browser: Browser,
  { platform, style }: Look,
  { suffix, command, times }: Scene,
  states: readonly Shown[],
  folder: string,
): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 768, height: 200 }, deviceScaleFactor: 1.5 });
  const messages = states.map((state, index) => messageHtml(state, command, times[index]!));
  const path = join(folder, `${platform}${suffix}.png`);
  await page.setContent(`<style>${LAYOUT}${style}</style>${messages.join('')}`);
  await page.screenshot({ path, fullPage: true });
  await page.close();
  console.log(`Saved ${path}`);
}
