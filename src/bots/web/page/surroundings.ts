/** What the page takes from the browser: chance, storage, connections, attention. */
import type { StreamGate } from './following.ts';
import type { Cupboard } from './store.ts';

/** A random UUID, also where `crypto.randomUUID` is missing (plain http from another machine). */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** A random seed. */
export function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/** The browser's storage, unless it forbids it. */
export function cupboard(): Cupboard | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}

/** Events for a window that is visible; a hidden one gives them back and asks now and then. */
export function visibleWindowGate(): StreamGate {
  const entered = new Set<() => void>();
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) for (const revoke of [...entered]) revoke();
  });
  return {
    enter(onRevoke) {
      if (document.hidden) return undefined;
      entered.add(onRevoke);
      return () => entered.delete(onRevoke);
    },
  };
}

/** Whether text should appear at once rather than flow. */
export function wantsStillness(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** Tells a screen reader one thing, politely; saying the same again is heard again. */
export function announcer(region: HTMLElement): (text: string) => void {
  return (text) => {
    region.textContent = '';
    setTimeout(() => {
      region.textContent = text;
    }, 50);
  };
}

/** How far from its end a page may be and still count as read to the end, in CSS pixels. */
const NEAR_END_PX = 64;

/** Keeps the end of the page in view while it grows, for a reader who is there. */
export function endKeeper(): { grown(): void; jump(): void } {
  const root = document.documentElement;
  let atEnd = true;
  const jump = () => {
    atEnd = true;
    scrollTo({ top: root.scrollHeight, behavior: 'instant' });
  };
  addEventListener(
    'scroll',
    () => {
      atEnd = scrollY + innerHeight >= root.scrollHeight - NEAR_END_PX;
    },
    { passive: true },
  );
  return { jump, grown: () => atEnd && jump() };
}
