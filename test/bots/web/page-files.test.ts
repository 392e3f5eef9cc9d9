/** The files beside the page: icons, manifest, robots.txt, and the operator's links. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageHtml } from '../../../src/bots/web/page-files.ts';
import { readConfig } from '../../../src/config.ts';
import { browserTests, openPage } from './browser.ts';
import { startServer } from './helpers.ts';

const options = browserTests();

test('files that browsers and robots request by themselves exist', async (t) => {
  const { url } = await startServer(t);
  const types: Record<string, RegExp> = {
    '/favicon.ico': /^image\/x-icon/,
    '/icon-180.png': /^image\/png/,
    '/robots.txt': /^text\/plain/,
    '/manifest.webmanifest': /^application\/manifest\+json/,
    '/events.js': /^text\/javascript/,
  };
  for (const [path, type] of Object.entries(types)) {
    const response = await fetch(url + path);
    assert.equal(response.status, 200, path);
    assert.match(response.headers.get('content-type') ?? '', type);
    await response.arrayBuffer();
  }
  const robots = await (await fetch(`${url}/robots.txt`)).text();
  assert.match(robots, /^User-agent: \*\nDisallow: \/api\/$/m);
  const icon = Buffer.from(await (await fetch(`${url}/favicon.ico`)).arrayBuffer());
  assert.equal(icon.readUInt16LE(2), 1, 'an ICO file');
  assert.equal(icon.readUInt16LE(4), 3, 'of three sizes');
});

test('a browser parses the manifest and finds every icon it names', options, async (t) => {
  const { page, server, complaints } = await openPage(t);
  const session = await page.context().newCDPSession(page);
  const { url, errors, data } = await session.send('Page.getAppManifest');
  assert.deepEqual([url, errors], [`${server.url}/manifest.webmanifest`, []]);
  const { icons, start_url } = JSON.parse(data!) as {
    icons: { src: string; sizes: string }[];
    start_url: string;
  };
  assert.equal(new URL(start_url, url).href, `${server.url}/`);
  for (const { src, sizes } of icons) {
    const width = await page.evaluate(async (address) => {
      const image = new Image();
      image.src = address;
      await image.decode();
      return image.naturalWidth;
    }, src);
    if (sizes !== 'any') assert.equal(`${width}x${width}`, sizes);
  }
  assert.deepEqual(complaints, []);
});

test('the page links to the operator’s addresses only', options, async (t) => {
  const config = readConfig({
    SCIFI_PRIVACY_URL: 'https://example.org/privacy?a=1&b="2"',
    SCIFI_SOURCE_URL: 'https://example.org/source',
  });
  const { page } = await openPage(t, {
    links: { privacy: config.privacyUrl, source: config.sourceUrl },
  });
  const links = page.locator('.about a');
  assert.deepEqual(await links.allTextContents(), ['Privacy', 'Source']);
  const addresses = await links.evaluateAll((all) => all.map((one) => (one as HTMLAnchorElement).href));
  assert.deepEqual(addresses, [new URL(config.privacyUrl!).href, 'https://example.org/source']);
  assert.doesNotMatch(pageHtml({}), /class="about"|<!--/);
});

test('an invalid address is refused by the name of its setting', () => {
  assert.throws(
    () => readConfig({ SCIFI_SOURCE_URL: 'javascript:alert(1)' }),
    /SCIFI_SOURCE_URL: expected an address/,
  );
});
