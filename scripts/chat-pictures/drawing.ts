/** Draws messages of Discord and of Slack as pictures. */
import { join } from 'node:path';
import type { Browser } from 'playwright-core';

export type Platform = 'discord' | 'slack';

export interface Button {
  readonly label: string;
  readonly emoji?: { readonly name: string };
  /** Discord's number of a style, Slack's name of one, or `bare` without a frame. */
  readonly style?: number | string | undefined;
}

/** The content of a message; its texts are HTML. */
export interface Shown {
  readonly story: string;
  readonly smallPrint: string;
  readonly rows: readonly (readonly Button[])[];
  /** The colour of the bar of the box that holds it; undefined without a box. */
  readonly accent?: string | undefined;
}

/** A message in a picture. */
export interface Drawn {
  /** The user who wrote it; undefined for the bot. */
  readonly author?: string;
  /** The command that it answers. */
  readonly command?: string;
  /** What is written beside its author. */
  readonly time?: string;
  readonly shown: Shown;
}

export interface Picture {
  readonly platform: Platform;
  /** The name of its file, without the ending. */
  readonly name: string;
  readonly messages: readonly Drawn[];
  /** The messages in the thread of the last of those. */
  readonly thread?: readonly Drawn[];
}

const STYLES: Readonly<Record<Platform, string>> = {
  discord:
    'body { background: #313338; color: #dbdee1; } .author { color: #fff; } .badge { background: #5865f2; color: #fff; }' +
    '.command { color: #b5bac1; } .command i { color: #c9cdfb; font-style: normal; } .thread, q { border-color: #4e5058; }' +
    '.small, .time { color: #949ba4; } .button { background: #4e5058; color: #fff; border-radius: 8px; }' +
    '.button.style-1 { background: #5865f2; } .button.style-4 { background: #da373c; }' +
    '.face { background: #5865f2; border-radius: 50%; }' +
    '.box { background: #2b2d31; border: 1px solid #3f4147; border-left-width: 4px; }',
  slack:
    'body { background: #fff; color: #1d1c1d; } .badge { background: #ddd; color: #616061; } .thread { border-color: #ddd; }' +
    '.command, .small, .time { color: #616061; } .command i { font-style: normal; }' +
    '.button { background: #fff; color: #1d1c1d; border: 1px solid #bbb; border-radius: 8px; font-weight: 700; }' +
    '.button.style-primary { background: #007a5a; border-color: #007a5a; color: #fff; }' +
    '.face { background: #4a154b; border-radius: 6px; }',
};

const LAYOUT =
  'body { margin: 0; padding: 20px 24px; width: 720px; font: 15px/1.45 "Noto Sans", "DejaVu Sans", sans-serif; }' +
  '.message { display: grid; grid-template-columns: 40px 1fr; gap: 0 14px; } .message + .message { margin-top: 26px; }' +
  '.face { width: 40px; height: 40px; color: #fff; font: 700 20px/40px serif; text-align: center; }' +
  '.badge { font-size: 10px; padding: 1px 4px; border-radius: 4px; vertical-align: 2px; } .time { font-size: 12px; }' +
  '.command { font-size: 13px; } .story { white-space: pre-wrap; margin: 2px 0; } .small { font-size: 12px; }' +
  '.box { border-radius: 8px; padding: 12px 16px; margin-top: 6px; max-width: 560px; } .box .small { margin-top: 8px; }' +
  '.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 8px; }' +
  '.button { padding: 5px 14px; font-size: 14px; } .button.style-bare { border: 0; padding: 5px 4px; }' +
  'q { display: block; quotes: none; border-left: 4px solid; padding-left: 10px; }' +
  '.thread { border-left: 2px solid; margin: 16px 0 0 19px; padding-left: 22px; } .thread .message + .message { margin-top: 14px; }';

/** Colours of the faces of users. */
const FACES = ['#b5651d', '#2e7d6b', '#a83279'];

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Saves a picture in a folder. */
export async function draw(browser: Browser, picture: Picture, folder: string): Promise<void> {
  const { platform, name, messages, thread = [] } = picture;
  const authors = [...new Set(thread.flatMap(({ author }) => author ?? []))];
  const html = (all: readonly Drawn[]) => all.map((message) => messageHtml(message, authors)).join('');
  const below = thread.length > 0 ? `<div class="thread">${html(thread)}</div>` : '';
  const page = await browser.newPage({ viewport: { width: 768, height: 200 }, deviceScaleFactor: 1.5 });
  const path = join(folder, `${name}.png`);
  await page.setContent(`<style>${LAYOUT}${STYLES[platform]}</style>${html(messages)}${below}`);
  await page.screenshot({ path, fullPage: true });
  await page.close();
  console.log(`Saved ${path}`);
}

function messageHtml({ author, command, time = '', shown }: Drawn, authors: readonly string[]): string {
  const used = command ? `<div class="command"><b>ann</b> used <i>${command}</i></div>` : '';
  const colour = author === undefined ? '' : ` style="background: ${FACES[authors.indexOf(author)]}"`;
  const name = author ?? 'sci-fi';
  const badge = author === undefined ? ' <span class="badge">APP</span>' : '';
  return (
    `<div class="message"><div class="face"${colour}>${name[0]!.toUpperCase()}</div><div>${used}` +
    `<b class="author">${name}</b>${badge} <span class="time">${time}</span>${bodyHtml(shown)}</div></div>`
  );
}

function bodyHtml({ story, smallPrint, rows, accent }: Shown): string {
  const button = ({ label, emoji, style }: Button) =>
    `<span class="button style-${style}">${emoji ? `${emoji.name} ` : ''}${escapeHtml(label)}</span>`;
  const row = (buttons: readonly Button[]) => `<div class="buttons">${buttons.map(button).join('')}</div>`;
  const print = smallPrint && `<div class="small">${smallPrint}</div>`;
  const shownRows = rows.filter(({ length }) => length > 0);
  const body = `<div class="story">${story}</div>${print}${shownRows.map(row).join('')}`;
  return accent ? `<div class="box" style="border-left-color: ${accent}">${body}</div>` : body;
}
