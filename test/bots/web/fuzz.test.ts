import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { sized } from '../../helpers/sized.ts';
import { errorOf, post, startServer } from './helpers.ts';

/** Below the rate limit's default, which this file does not test. */
const limits = { stories: 1e9, requests: 1e9 };

test('arbitrary JSON never breaks the server', async (t) => {
  const server = await startServer(t, { limits });
  const field = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.double(), fc.constant(undefined));
  const body = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc
      .record({
        prompt: field,
        context: field,
        preset: field,
        temperature: field,
        length: field,
        seed: field,
        model: field,
      })
      .map((fields) => JSON.stringify({ id: randomUUID(), ...fields })),
  );
  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      const response = await post(`${server.url}/api/replies`, text);
      if (response.status !== 202) {
        await errorOf(response);
        assert.ok(response.status >= 400 && response.status < 500, `${response.status}`);
      } else await response.arrayBuffer();
    }),
    { numRuns: sized(100, 300) },
  );
});

test('any prompt comes back as it was sent', async (t) => {
  const server = await startServer(t, { limits });
  const nasty = fc.constantFrom(
    '\u202e',
    '\u0000',
    '<script>',
    '@everyone',
    '\u0301'.repeat(50),
    '\ud800',
    '\u2028',
  );
  const prompt = fc
    .array(fc.oneof(fc.string({ unit: 'binary' }), nasty), { maxLength: 20 })
    .map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(prompt, async (text) => {
      const id = randomUUID();
      const response = await post(`${server.url}/api/replies`, { id, prompt: text });
      assert.equal(response.status, 202);
      const read = await (await fetch(`${server.url}/api/replies/${id}`)).json();
      assert.equal((read as { request: { prompt: string } }).request.prompt, text.replace(/^\/scifi /, ''));
    }),
    { numRuns: sized(100, 300) },
  );
});

test('arbitrary paths never break the server', async (t) => {
  const server = await startServer(t, { limits });
  await fc.assert(
    fc.asyncProperty(
      fc.webPath(),
      fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'),
      async (path, method) => {
        const response = await fetch(`${server.url}/api/replies${path}`, { method });
        assert.ok(response.status >= 400 && response.status < 500);
        await errorOf(response);
      },
    ),
    { numRuns: sized(100, 200) },
  );
});
