/**
 * Hostile prompts, sent to the real process with the real model. Each is written into a story that keeps it
 * as it was typed, or refused in a sentence; the process neither crashes nor hangs.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { embeddedFolder } from '../helpers/embedded-folder.ts';
import { followReply } from '../helpers/page-client.ts';
import { residentMib, startRole } from '../helpers/processes.ts';
import { freePort } from '../helpers/programs.ts';

const AT_ONCE = 48;
const STORY_TIMEOUT_MS = 180_000;
const BIG_BODY_LIMIT = 10_000_000;
const RESIDENT_LIMIT_MIB = 1_900;

export interface HostileReport {
  written: number;
  refused: number;
  /** Resident memory of the server at the end, in MiB; undefined where the system does not report it. */
  residentMib: number | undefined;
}

const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400, size: 'max' }),
  fc.string({ unit: 'grapheme', maxLength: 400, size: 'max' }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 1_000, size: 'max' }),
  fc
    .array(fc.integer({ min: 0xd800, max: 0xdfff }), { maxLength: 50, size: 'max' })
    .map((units) => String.fromCharCode(...units)),
  fc
    .array(fc.integer({ min: 0, max: 0x1f }), { maxLength: 50, size: 'max' })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '@everyone @here <@1> <#2> <!channel>',
    '<script>alert(1)</script><img src=x onerror=alert(1)>',
    '\u202e\u2066\u2067\u2069\u200f\u061c',
    'Z\u0301\u0327\u0489'.repeat(100),
    '/scifi /scifi ',
    '\u0003\u0003',
    '\u0000',
    `'; DROP TABLE job; --`,
    '{{7*7}} %s %n $(id) `id`',
    '👩‍👩‍👧‍👦'.repeat(20),
    'w'.repeat(1_500),
    '\r\n\u2028\u2029\t'.repeat(20),
    '__proto__',
  ),
);

/** Prompts of up to 4,000 UTF-16 code units; those over 2,000 must be refused. */
const prompts = fc
  .array(piece, { maxLength: 12, size: 'max' })
  .map((pieces) => pieces.join(''))
  .map((text) => text.slice(0, 4_000));

/** Sends `count` prompts and `big` bodies of up to 10 MB. */
export async function endure(count: number, big: number, seed: number): Promise<HostileReport> {
  const { folder, remove } = await embeddedFolder();
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const server = await startRole('start', {
    REDIS_URL: '',
    SCIFI_DATA: folder,
    SCIFI_PORT: String(port),
    SCIFI_PACE: '0',
    SCIFI_STORIES_PER_MINUTE: '1000000',
    SCIFI_REQUESTS_PER_MINUTE: '1000000',
  });
  const report: HostileReport = { written: 0, refused: 0, residentMib: undefined };
  try {
    const all = fc.sample(prompts, { numRuns: count, seed });
    let next = 0;
    const one = async () => {
      while (next < all.length) {
        const index = next++;
        const prompt = all[index]!;
        const length = Math.min(6_000, Math.max(50, prompt.length + 50 + (index % 70)));
        const written = await send(base, prompt, length, index);
        report[written ? 'written' : 'refused']++;
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, one));
    for (let index = 0; index < big; index++) {
      const size = Math.round(70_000 + (index / Math.max(1, big - 1)) * (BIG_BODY_LIMIT - 70_000));
      const prompt = index % 2 === 0 ? 'x'.repeat(size) : '\u0301'.repeat(size / 2);
      assert.equal(await send(base, prompt, 6_000, index), false);
      report.refused++;
    }
    report.residentMib = await residentMib(server.pid).catch(() => undefined);
    const { residentMib: size } = report;
    if (size) assert.ok(size < RESIDENT_LIMIT_MIB, `${size} MiB resident`);
    assert.equal(await send(base, 'It all began with', 200, 1), true, 'the server is as well as before');
    assert.doesNotMatch(server.output(), /"level":(?:50|60)/, 'no error was logged');
    return report;
  } finally {
    await server.kill();
    await remove();
  }
}

/** Sends one prompt; returns whether it became a story. */
async function send(base: string, prompt: string, length: number, seed: number): Promise<boolean> {
  const body = JSON.stringify({ id: randomUUID(), prompt, length, seed });
  const response = await fetch(`${base}/api/replies`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(STORY_TIMEOUT_MS),
  });
  const answer = (await response.json()) as { id?: string; error?: { code: string; message: string } };
  if (response.status !== 202) {
    assert.ok(response.status >= 400 && response.status < 500, `status ${response.status}`);
    assert.match(answer.error!.message, /^[A-Z].*[.?]$/s, 'a sentence');
    assert.doesNotMatch(JSON.stringify(answer), /\bat .*\.ts:|node_modules/, 'no stack trace');
    return false;
  }
  const end = await followReply(base, answer.id!, STORY_TIMEOUT_MS);
  assert.equal(end.status, 'finished', JSON.stringify(end));
  const text = end.status === 'finished' ? end.text : '';
  // Chats cannot transmit half a surrogate pair and U+0000.
  const typed = prompt
    .toWellFormed()
    .replaceAll('\u0000', '')
    .replace(/^\s*\/scifi(?:\s+|$)/, '');
  assert.ok(text.startsWith(typed), `${JSON.stringify(typed)} begins ${JSON.stringify(text)}`);
  assert.ok(text.length <= length && text.length > typed.length, `${text.length} of ${length}`);
  return true;
}
