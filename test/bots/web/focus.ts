/** Where the focus is on a page, and whether it was ever lost. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

/** What has the focus: an element's id, its text, or its class. */
export function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { activeElement: element } = document;
    if (!element || element === document.body) return 'body';
    const isText = element.matches('button, a, summary');
    return (isText && element.textContent.trim()) || element.id || element.className;
  });
}

/** Presses Tab until an element has the focus; see `focused`. With `back`, in the other direction. */
export async function tabTo(page: Page, name: string, back = false): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if ((await focused(page)) === name) return;
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
  }
  assert.fail(`Expected to reach ${name} with Tab, got to ${await focused(page)}`);
}

/**
 * Looks at every frame from now on whether the focus is on the body, which means that it was lost.
 *
 * @returns reads the number of such frames
 */
export async function watchFocus(page: Page): Promise<() => Promise<number>> {
  // As text: the test loader adds helper calls to functions that a page does not define.
  await page.evaluate(`
    window.lost = 0;
    const look = () => {
      if (document.activeElement === document.body) window.lost += 1;
      requestAnimationFrame(look);
    };
    look();`);
  return () => page.evaluate(() => (window as unknown as { lost: number }).lost);
}
