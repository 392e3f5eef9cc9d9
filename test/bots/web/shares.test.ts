import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { HtmlValidate } from 'html-validate';
import { ask, errorOf, post, startServer } from './helpers.ts';
import { HOSTILE, openSharing, PUBLIC_URL, share, written } from './sharing.ts';

/** The status and the bytes of a response as they travel. */
function fetchRaw(url: string): Promise<{ status: number; bytes: Buffer; encoding: string | undefined }> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          bytes: Buffer.concat(chunks),
          encoding: response.headers['content-encoding'],
        }),
      );
    })
      .on('error', reject)
      .end();
  });
}

const validator = new HtmlValidate({
  extends: ['html-validate:standard', 'html-validate:a11y', 'html-validate:document'],
});

async function assertValid(html: string): Promise<void> {
  const { results } = await validator.validateString(html);
  const messages = results.flatMap((result) =>
    result.messages.map(({ ruleId, message, line }) => `${line}: ${ruleId}: ${message}`),
  );
  assert.deepEqual(messages, []);
}

describe('a shared story', () => {
  it('is a valid page with title, description, cover, marked prompts, settings and seed', async (t) => {
    const server = await openSharing(t);
    const first = await written(server, 'The ship was late', ' and the crew slept.\n\n"Wake up," it said.');
    const second = await written(server, '', 'Nobody moved.');
    const id = await share(server, second, [first]);
    const response = await fetch(`${server.url}/s/${id}`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(response.headers.get('x-robots-tag'), 'noindex, nofollow');
    const policy = response.headers.get('content-security-policy')!;
    for (const part of [
      "default-src 'none'",
      "frame-ancestors 'none'",
      "form-action 'none'",
      "base-uri 'none'",
    ]) {
      assert.ok(policy.includes(part), part);
    }
    assert.doesNotMatch(policy, /script-src|unsafe|https?:|\*/);
    const html = await response.text();
    await assertValid(html);
    assert.match(html, /<title>The ship was late and the crew slept · /);
    assert.match(html, /<mark>The ship was late<\/mark> and the crew slept\./);
    assert.match(
      html,
      /<p dir="auto">&quot;Wake up,&quot; it said\. Nobody moved\.<\/p>|it said\.&quot; ?Nobody moved/,
    );
    assert.match(html, /<meta name="robots" content="noindex, nofollow">/);
    assert.match(html, /<meta name="twitter:card" content="summary_large_image">/);
    assert.ok(html.includes(`<meta property="og:image" content="${PUBLIC_URL}s/${id}/cover.png">`));
    assert.ok(html.includes(`href="../#ending=${id}"`));
    assert.match(html, /Science fiction abc123 \(onnx\) · classic, temperature 0\.4 · seed 7|seed 7/);
    assert.doesNotMatch(html, /<script|<iframe|<form|onerror=|http:\/\//);
    // Nothing is loaded from elsewhere.
    for (const [, address] of html.matchAll(/ (?:src|href)="([^"]*)"/g))
      assert.doesNotMatch(address!, /^(?:\w+:|\/\/)/);
  });

  it('takes less than 20 kB without its cover, three long parts included', async (t) => {
    const server = await openSharing(t);
    const words =
      'The door of the ship opened and the captain looked into the dark with a lamp in her hand. ';
    const random = () => randomBytes(6).toString('base64url');
    const ids: string[] = [];
    for (let part = 0; part < 3; part++) {
      let text = ' ';
      while (text.length < 5_900) text += `${words.slice(0, 20 + (text.length % 60))}${random()} `;
      ids.push(await written(server, 'It began', text));
    }
    const id = await share(server, ids[2]!, ids.slice(0, 2));
    const { status, bytes, encoding } = await fetchRaw(`${server.url}/s/${id}`);
    assert.deepEqual([status, encoding], [200, 'gzip']);
    assert.ok(bytes.length < 20_000, `${bytes.length} bytes`);
    await assertValid(gunzipSync(bytes).toString());
  });

  it('has a cover, a PNG of its own', async (t) => {
    const server = await openSharing(t);
    const ids = [
      await written(server, 'One ship', ' came.'),
      await written(server, 'Another ship', ' came.'),
    ];
    const covers = [];
    for (const id of ids) {
      const response = await fetch(`${server.url}/s/${await share(server, id)}/cover.png`);
      assert.equal(response.headers.get('content-type'), 'image/png');
      assert.equal(response.headers.get('cache-control'), 'no-store');
      covers.push(Buffer.from(await response.arrayBuffer()));
    }
    assert.deepEqual([covers[0]!.readUInt32BE(16), covers[0]!.readUInt32BE(20)], [1200, 630]);
    assert.notDeepEqual(covers[0], covers[1]);
  });

  it('has one address, and is gone at once everywhere after its deletion', async (t) => {
    const server = await openSharing(t);
    const reply = await written(server, 'The ship', ' was late.');
    const id = await share(server, reply);
    assert.equal(await share(server, reply), id);
    const paths = [`/s/${id}`, `/s/${id}/cover.png`, `/api/shares/${id}`];
    for (const path of paths) assert.equal((await fetch(server.url + path)).status, 200, path);
    // Another server on the same store, which has served the page before.
    const { shares } = server;
    const other = await startServer(t, { sharing: { shares, publicUrl: PUBLIC_URL } });
    for (const path of paths) assert.equal((await fetch(other.url + path)).status, 200, path);
    const startMs = performance.now();
    assert.equal((await post(`${server.url}/api/replies/${reply}/unshare`)).status, 200);
    // The first request after that finds nothing, so the time is that of the requests.
    for (const { url } of [other, server]) {
      for (const path of paths) assert.equal((await fetch(url + path)).status, 404, url + path);
    }
    t.diagnostic(`${(performance.now() - startMs).toFixed(0)} ms`);
    assert.match(await (await fetch(server.url + paths[0])).text(), /No story here/);
    await assertValid(await (await fetch(server.url + paths[0])).text());
  });

  it('is listed by search engines only if its author allows it', async (t) => {
    const server = await openSharing(t);
    const reply = await written(server, 'The ship', ' was late.');
    const id = await share(server, reply);
    const list = (isListed: unknown) => post(`${server.url}/api/replies/${reply}/share/list`, { isListed });
    assert.equal((await list(true)).status, 200);
    const listed = await fetch(`${server.url}/s/${id}`);
    assert.equal(listed.headers.get('x-robots-tag'), null);
    const html = await listed.text();
    assert.doesNotMatch(html, /noindex/);
    assert.ok(html.includes(`<link rel="canonical" href="${PUBLIC_URL}s/${id}">`));
    await assertValid(html);
    await list('yes');
    assert.match(await (await fetch(`${server.url}/s/${id}`)).text(), /noindex/);
    const unshared = await post(`${server.url}/api/replies/${randomUUID()}/share/list`, { isListed: true });
    assert.equal(unshared.status, 404);
  });

  it('can be made only of finished replies that are kept', async (t) => {
    const server = await openSharing(t);
    const growing = await ask(server, 'The ship');
    const attempts: [string, unknown, number][] = [
      [growing, {}, 400],
      [randomUUID(), {}, 404],
      ['no-id', {}, 404],
      [await written(server, 'A ship', ' came.'), { before: [randomUUID()] }, 404],
      [await written(server, 'A ship', ' came.'), { before: 'x' }, 400],
      [
        await written(server, 'A ship', ' came.'),
        { before: Array.from({ length: 60 }, () => randomUUID()) },
        400,
      ],
    ];
    for (const [id, body, status] of attempts) {
      const response = await post(`${server.url}/api/replies/${id}/share`, body);
      assert.equal(response.status, status);
      await errorOf(response);
    }
    assert.equal((await server.shares.count()).waiting, 0);
  });

  it('is harmless whatever its text', async (t) => {
    const server = await openSharing(t);
    for (const text of HOSTILE) {
      const id = await share(server, await written(server, text.slice(0, 2_000), ` ${text}`));
      const html = await (await fetch(`${server.url}/s/${id}`)).text();
      await assertValid(html);
      assert.doesNotMatch(html, /<script|<img src=x|[\u202a-\u202e\u2066-\u2069]/);
      assert.equal((await fetch(`${server.url}/s/${id}/cover.png`)).status, 200);
    }
    const huge = await post(
      `${server.url}/api/replies/${randomUUID()}/share`,
      `{"before":["${'x'.repeat(10_000_000)}"]}`,
    );
    assert.equal(huge.status, 413);
    for (const path of ['share/list', 'unshare']) {
      const body = `{"isListed":"${'x'.repeat(10_000_000)}"}`;
      const response = await post(`${server.url}/api/replies/${randomUUID()}/${path}`, body);
      assert.equal(response.status, 413, path);
    }
    // A client may be cut off before it has sent all of an address.
    const long = await fetch(`${server.url}/s/${'x'.repeat(10_000_000)}`).catch(() => undefined);
    assert.ok(long === undefined || long.status === 431 || long.status === 414, String(long?.status));
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  });

  it('is not found by 10,000 guesses, which are limited', async (t) => {
    const server = await openSharing(t);
    const id = await share(server, await written(server, 'The ship', ' was late.'));
    assert.equal(Buffer.from(id, 'base64url').length >= 16, true);
    const statuses = new Map<number, number>();
    const started = performance.now();
    for (let round = 0; round < 100; round++) {
      const guesses = Array.from({ length: 100 }, () => randomBytes(21).toString('base64url').slice(0, 27));
      const answers = await Promise.all(
        guesses.map(async (guess) => {
          const response = await fetch(`${server.url}/s/${guess}`);
          await response.arrayBuffer();
          return response.status;
        }),
      );
      for (const status of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    assert.deepEqual([...statuses.keys()].toSorted(), [404, 429]);
    const minutes = Math.floor((performance.now() - started) / 60_000) + 1;
    assert.ok(statuses.get(404)! <= 120 * minutes, `${statuses.get(404)} answered`);
    // Nor do the other addresses of a story answer more guesses, and its own is refused as well.
    for (const form of [(one: string) => `s/${one}/cover.png`, (one: string) => `api/shares/${one}`]) {
      const found = new Set<number>();
      for (let guess = 0; guess < 150; guess++) {
        const response = await fetch(
          `${server.url}/${form(randomBytes(21).toString('base64url').slice(0, 27))}`,
        );
        await response.arrayBuffer();
        found.add(response.status);
      }
      assert.deepEqual([...found].toSorted(), [404, 429], form('…'));
    }
    assert.equal((await fetch(`${server.url}/s/${id}`)).status, 429);
  });

  it('is not offered without a public address', async (t) => {
    const server = await startServer(t);
    const options = (await (await fetch(`${server.url}/api/options`)).json()) as { sharesStories: boolean };
    assert.equal(options.sharesStories, false);
    assert.equal((await fetch(`${server.url}/s/${'x'.repeat(27)}`)).status, 404);
  });
});
