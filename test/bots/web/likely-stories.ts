/** Stories whose probabilities the page shows. */
import type { Page } from 'playwright-core';
import { ENTRY_BYTES, type Probabilities, storedShare, toBase64 } from '../../../src/story/probabilities.ts';
import { createRequestReader } from '../../../src/story/story-request.ts';
import type { FakeWebReplies } from '../../fakes/web-replies.ts';
import { until } from '../../helpers/programs.ts';
import { action, type } from './browser.ts';

const ALPHABET = 'etaoin';
export const PROMPT = 'It all';
/** Reads requests as the server does, with the wish for probabilities. */
export const READER = createRequestReader({
  models: [{ name: 'scifi', title: 'Sci-fi', description: '' }],
  drawSeed: () => 7,
});

/** Probabilities in which every third character was unlikely. */
function probabilitiesFor(text: string): Probabilities {
  const bytes = new Uint8Array((text.length - PROMPT.length) * ENTRY_BYTES);
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
    bytes[at] = storedShare((at / ENTRY_BYTES) % 3 === 0 ? 0.03 : 0.9);
    for (let rank = 0; rank < 5; rank++) bytes.set([rank, storedShare(0.5 / (rank + 1))], at + 1 + 2 * rank);
  }
  return { alphabet: ALPHABET, from: PROMPT.length, entries: toBase64(bytes) };
}

function finish(replies: FakeWebReplies, id: string, text: string, probabilities?: Probabilities): void {
  replies.set(id, {
    ...{
      status: 'finished',
      text,
      ending: 'complete',
      modelVersion: 'abc123',
      engine: 'integer-1',
      unreadable: 0,
    },
    ...(probabilities ? { probabilities } : {}),
  });
}

/** Has stories show how likely their letters were. */
export async function switchOn(page: Page): Promise<void> {
  await page.getByText('Options', { exact: true }).click();
  await page.getByRole('checkbox', { name: /how likely each letter/i }).check();
  await page.getByText('Options', { exact: true }).click();
}

/** Requests a story, and ends it with a text; waits until its likelihoods are shown, if they are switched on. */
export async function story(
  page: Page,
  replies: FakeWebReplies,
  text: string,
  isKnown = true,
): Promise<void> {
  const before = replies.submitted.length;
  await type(page, PROMPT);
  await until(() => replies.submitted.length > before, 'the request');
  finish(replies, replies.submitted.at(-1)!, text, isKnown ? probabilitiesFor(text) : undefined);
  await action(page, 'Continue').waitFor();
  if (isKnown && (await page.locator('#likelihoods').isChecked())) {
    await page.locator('.exchange').last().locator('.letter').waitFor();
  }
}

/** The box that is moved from letter to letter. */
export const letterBox = (page: Page) => page.getByRole('slider', { name: /^Letters of the story/ });
