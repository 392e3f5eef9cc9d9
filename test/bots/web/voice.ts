import type { Page } from 'playwright-core';

/** A voice as browsers have it, which the test ends sentence by sentence: Chromium has none without a sound card. */
export const VOICE = `
  const spoken = [];
  let current;
  class Utterance extends EventTarget { constructor(text) { super(); this.text = text; } }
  Object.defineProperty(globalThis, 'SpeechSynthesisUtterance', { value: Utterance });
  Object.defineProperty(globalThis, 'speechSynthesis', { value: {
    speak(utterance) { spoken.push(utterance.text); current = utterance; },
    cancel() { const old = current; current = undefined; if (old) setTimeout(() => old.dispatchEvent(new Event('error'))); },
  } });
  globalThis.voice = { spoken, end: (type = 'end') => { const old = current; current = undefined; old?.dispatchEvent(new Event(type)); } };
`;

interface Voice {
  readonly spoken: string[];
  end(type?: string): void;
}

/** The sentences that it was given. */
export const voiceOf = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { voice: Voice }).voice.spoken);
/** Ends the sentence that it speaks at the moment. */
export const endSentence = (page: Page, type = 'end') =>
  page.evaluate((name) => (globalThis as unknown as { voice: Voice }).voice.end(name), type);
/** The sentence that the page marks. */
export const highlighted = (page: Page) =>
  page.evaluate(() =>
    [...(CSS.highlights.get('spoken') ?? [])].map((range) => range.toString().trim()).join(),
  );
