import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, readdir, readFile, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { buildCorpus } from '../../../src/workshop/corpus/build.ts';
import {
  type BookEvent,
  type DownloadOptions,
  downloadShelf,
} from '../../../src/workshop/corpus/download/download.ts';
import { retryAfter } from '../../../src/workshop/corpus/download/headers.ts';
import { type FakeBook, FakeGutenberg } from '../../fakes/gutenberg/fake-gutenberg.ts';
import { temporaryFolder } from '../../helpers/programs.ts';

const generated = (id: string) => `cache/epub/${id}/pg${id}.txt`;

/** A book of about 8,000 characters, different from every other. */
function book(id: string, more: Partial<FakeBook> = {}): FakeBook {
  const text = Array.from(
    { length: 120 },
    (_, i) => `The gauge of ship ${id} said ${i * Number(id)} and nobody believed it on day ${i}.\n\n`,
  ).join('');
  return { id, title: `The Gauge, Part ${id}`, text: Buffer.from(text), paths: [generated(id)], ...more };
}

interface Run {
  readonly fake: FakeGutenberg;
  readonly out: string;
  readonly events: BookEvent[];
  readonly troubles: string[];
  download(options?: Partial<DownloadOptions>): ReturnType<typeof downloadShelf>;
  read(id: string): Promise<Buffer>;
}

async function withFake(
  books: readonly FakeBook[],
  run: (it: Run) => Promise<void>,
  rows = '',
): Promise<void> {
  const fake = await FakeGutenberg.start(books, rows);
  const { folder: out, remove } = await temporaryFolder();
  const [events, troubles]: [BookEvent[], string[]] = [[], []];
  try {
    await run({
      fake,
      out,
      events,
      troubles,
      download: (options = {}) =>
        downloadShelf({
          bookshelf: 'Science Fiction',
          language: 'en',
          out,
          mirror: fake.url,
          catalogue: fake.catalogue,
          rate: 1_000,
          userAgent: 'write-me-a-sci-fi/test (someone@example.org)',
          onBook: (event) => events.push(event),
          onTrouble: (sentence) => troubles.push(sentence),
          patience: { firstPauseMs: 1, longestPauseMs: 5, stalledMs: 2_000, attemptMs: 10_000 },
          ...options,
        }),
      read: (id) => readFile(join(out, `${id}.txt`)),
    });
  } finally {
    await fake.stop();
    await remove();
  }
}

describe('downloadShelf', { concurrency: 4 }, () => {
  it('downloads the texts of the shelf in the language, and buildCorpus reads the folder', async () => {
    const books = [
      book('84', { title: 'Frankenstein;\nOr, the "Modern" Prometheus, and more' }),
      book('36', { shelves: 'Browsing: Science-Fiction; Category: Novels' }),
      book('1013', { paths: ['1/0/1/1013/1013-0.txt'] }),
      book('7', { paths: ['0/7/7.txt'] }),
      book('62', { type: 'Sound' }),
      book('64', { language: 'de' }),
      book('68', { shelves: 'Science Fiction by Women' }),
      book('72', { language: 'en; la' }),
    ];
    const rows =
      '../../etc/passwd,Text,,Evil,en,,,,Science Fiction\r\n0x10,Text,,Evil,en,,,,Science Fiction\r\n';
    const run = async ({ fake, out, events, download, read }: Run) => {
      const facts = await download();
      assert.deepEqual(
        events.map(({ book: { id }, outcome }) => [id, outcome]),
        ['7', '36', '72', '84', '1013'].map((id) => [id, 'fetched']),
      );
      assert.deepEqual([facts.fetched, facts.failed, facts.unusable], [5, 0, 2]);
      assert.equal(events[3]!.book.title, 'Frankenstein;\nOr, the "Modern" Prometheus, and more');
      for (const id of ['7', '36', '72', '84', '1013'])
        assert.deepEqual(await read(id), books.find((one) => one.id === id)!.text);
      const names = (await readdir(out)).toSorted();
      assert.deepEqual(names, [
        '1013.txt',
        '36.txt',
        '7.txt',
        '72.txt',
        '84.txt',
        'downloads.tsv',
        'pg_catalog.csv',
      ]);
      const ledger = await readFile(join(out, 'downloads.tsv'), 'utf8');
      const sha256 = createHash('sha256').update(books[0]!.text).digest('hex');
      assert.match(
        ledger,
        new RegExp(`^84\\t84\\.txt\\t\\d+\\t${sha256}\\thttp.*\\tFrankenstein; Or, the "Modern"`, 'm'),
      );
      for (const { headers } of fake.requests)
        assert.match(headers['user-agent']!, /^write-me-a-sci-fi.*someone@/);
      const corpus = await buildCorpus(out, join(out, 'data'));
      assert.deepEqual([corpus.files, corpus.dropped], [5, {}]);
    };
    await withFake(books, run, rows);
  });

  it('does not request a complete book or catalogue again', async () => {
    await withFake([book('84'), book('36')], async ({ fake, out, download }) => {
      await download();
      const before = fake.requests.length;
      const facts = await download();
      assert.deepEqual([facts.alreadyHere, facts.fetched, facts.requests], [2, 0, 0]);
      assert.equal(fake.requests.length, before);
      // One byte removed, and one byte changed.
      await truncate(join(out, '84.txt'), 100);
      await writeFile(join(out, '36.txt'), `x${(await readFile(join(out, '36.txt'), 'utf8')).slice(1)}`);
      assert.equal((await download()).fetched, 2);
      assert.deepEqual(await readFile(join(out, '36.txt')), book('36').text);
      // A catalogue of last month is requested again.
      const longAgo = new Date(Date.now() - 30 * 24 * 3_600_000);
      await utimes(join(out, 'pg_catalog.csv'), longAgo, longAgo);
      assert.equal((await download()).requests, 1);
      assert.equal((await download()).requests, 0);
    });
  });

  it('survives temporary failures, and fetches only what is missing', async () => {
    const ids = ['11', '12', '13', '14', '15', '16'];
    await withFake(
      ids.map((id) => book(id)),
      async ({ fake, troubles, download, read }) => {
        fake.breaks(generated('11'), { kind: 'status', status: 429, headers: { 'retry-after': '1' } });
        fake.breaks(generated('12'), { kind: 'status', status: 500 }, { kind: 'status', status: 503 });
        fake.breaks(generated('13'), { kind: 'reset', after: 3_000 }, { kind: 'reset', after: 1_000 });
        fake.breaks(generated('14'), { kind: 'silent truncation', after: 500, checksum: 'repr-digest' });
        fake.breaks(generated('15'), { kind: 'silent truncation', after: 500, checksum: 'content-md5' });
        fake.breaks(generated('16'), { kind: 'web page' });
        const facts = await download();
        assert.deepEqual([facts.fetched, facts.failed], [ids.length, 0], troubles.join('\n'));
        for (const id of ids) assert.deepEqual(await read(id), book(id).text, `book ${id}`);
        const [first, second] = fake.requestsFor(generated('11'));
        assert.ok(second!.atMs - first!.atMs >= 990, 'as late as the server said');
        const starts = (id: string) => fake.requestsFor(generated(id)).map(({ headers }) => headers.range);
        assert.deepEqual(starts('13'), [undefined, 'bytes=3000-', 'bytes=4000-']);
        assert.deepEqual(starts('14'), [undefined, undefined]);
        assert.match(
          troubles.join('\n'),
          /429.*\n[\s\S]*500[\s\S]*sha256 differs[\s\S]*md5 differs[\s\S]*web page/,
        );
      },
    );
  });

  it('aborts a stalled or very slow attempt, and keeps the received bytes', async () => {
    await withFake([book('17')], async ({ fake, troubles, download, read }) => {
      // A second slow attempt, in case that a busy machine ends the first one before it receives a byte.
      const drip = { kind: 'drip', everyMs: 20 } as const;
      fake.breaks(generated('17'), { kind: 'stall', after: 2_000 }, drip, drip);
      await download({ patience: { firstPauseMs: 1, longestPauseMs: 5, stalledMs: 500, attemptMs: 1_000 } });
      assert.deepEqual(await read('17'), book('17').text);
      const starts = fake.requestsFor(generated('17')).map(({ headers }) => headers.range);
      assert.equal(starts[1], 'bytes=2000-');
      assert.ok(
        Number(/bytes=(\d+)-/.exec(starts.at(-1)!)![1]) > 2_000,
        'the bytes of a slow attempt are kept',
      );
      assert.match(troubles.join('\n'), /no data arrived for 0\.5 s[\s\S]*it took more than 1 s/);
    });
  });

  it('never joins parts of two files', async () => {
    await withFake([book('21')], async ({ fake, download, read }) => {
      const other = Buffer.from(`Another text. ${'The cook was right. '.repeat(300)}`);
      fake.breaks(
        generated('21'),
        { kind: 'reset', after: 3_000 },
        { kind: 'changed', text: other, next: { kind: 'reset', after: 1_000 } },
      );
      await download();
      assert.deepEqual(await read('21'), other);
    });
  });

  it('follows redirects, but not in circles', async () => {
    await withFake([book('31'), book('32')], async ({ fake, download, read, events }) => {
      fake.breaks(generated('31'), { kind: 'redirect', to: `/${generated('31')}` });
      const circle = Array.from(
        { length: 20 },
        () => ({ kind: 'redirect', to: `/${generated('32')}` }) as const,
      );
      fake.breaks(generated('32'), ...circle);
      const facts = await download();
      assert.deepEqual([facts.fetched, facts.failed], [1, 1]);
      assert.deepEqual(await read('31'), book('31').text);
      assert.match(events[1]!.sentence!, /redirects too many times/);
      assert.equal(fake.requestsFor(generated('32')).length, 6);
    });
  });

  it('refuses redirects to hosts that are not allowed, including other ports of this machine', async () => {
    await withFake([book('33'), book('34')], async ({ fake, out, download, read, events }) => {
      const inner = await FakeGutenberg.start([book('33')]);
      const { host } = new URL(inner.url);
      try {
        const elsewhere = `${inner.url}${generated('33')}`;
        fake.breaks(
          generated('33'),
          { kind: 'redirect', to: elsewhere },
          { kind: 'redirect', to: elsewhere },
        );
        const targets = [
          'http://10.0.0.1/',
          'http://[::1]/',
          'http://user:word@127.0.0.1/',
          'file:///etc/passwd',
          'http://[',
        ];
        for (const to of targets) fake.breaks(generated('34'), { kind: 'redirect', to });
        for (const _ of targets) await download();
        assert.deepEqual(
          events.slice(0, 2).map(({ outcome }) => outcome),
          ['failed', 'failed'],
        );
        assert.equal(
          events[0]!.sentence,
          `${fake.url}${generated('33')} redirects to another host, ${host}. If you trust it, add --allow-host ${host}.`,
        );
        const sentences = events.flatMap(({ book: { id }, sentence }) =>
          id === '34' && sentence ? [sentence] : [],
        );
        assert.equal(sentences.length, targets.length);
        for (const sentence of sentences)
          assert.match(sentence, /redirects to (?:another host|.*which is no)/);
        assert.deepEqual(inner.requests, []);
        fake.breaks(generated('33'), { kind: 'redirect', to: elsewhere });
        await rm(join(out, '33.txt'));
        const facts = await download({ redirectHosts: [host] });
        assert.equal(facts.failed, 0);
        assert.equal(inner.requests.length, 1);
        assert.deepEqual(await read('33'), book('33').text);
      } finally {
        await inner.stop();
      }
    });
  });

  it('limits the size of a book, for any size that the server announces', async () => {
    const large = Buffer.alloc(3_000_000, 'The gauge said nothing. ');
    await withFake(
      [book('35', { text: large }), book('36')],
      async ({ fake, out, events, download, read }) => {
        const most = { bookMegabytes: 1 };
        const announced = await download(most);
        assert.deepEqual([announced.fetched, announced.failed], [1, 1]);
        assert.match(events[0]!.sentence!, /pg35\.txt is larger than 1 MB, the most for one file\./);
        assert.equal(fake.requestsFor(generated('35')).length, 1, 'it is not asked for again');
        // Without a length, and with its first half already here.
        for (const first of [[], [{ kind: 'reset', after: 900_000 } as const]]) {
          fake.breaks(generated('35'), ...first, {
            kind: 'silent truncation',
            after: 3_000_000,
            checksum: 'repr-digest',
          });
          assert.equal((await download(most)).failed, 1);
        }
        assert.deepEqual(
          (await readdir(out)).filter((name) => name.startsWith('35')),
          [],
        );
        assert.equal((await download()).fetched, 1);
        assert.deepEqual(await read('35'), large);
      },
    );
  });

  it('refuses a catalogue that unpacks to more than a catalogue can have', async () => {
    await withFake([book('37')], async ({ out, download }) => {
      const path = join(out, 'pg_catalog.csv');
      const columns = 'Text#,Type,Title,Language,Authors,Bookshelves\n';
      const rows = Buffer.alloc(140_000_000, `1,Text,${'x'.repeat(100_000)},en,,\n`);
      await writeFile(path, gzipSync(Buffer.concat([Buffer.from(columns), rows])));
      await assert.rejects(download(), { code: 'bad_request', message: /it is larger than 128 MB\.$/ });
      // A row that does not end.
      await writeFile(path, gzipSync(`${columns}1,Text,"${'x'.repeat(2_000_000)}`));
      await assert.rejects(download(), { code: 'bad_request', message: /Max Record Size/ });
    });
  });

  it('tries the possible names of a text, and learns whether a mirror has generated files', async () => {
    const books = [
      book('12345', { paths: ['1/2/3/4/12345/12345-8.txt'] }),
      book('12346', { paths: ['1/2/3/4/12346/12346-0.txt', generated('12346')] }),
      book('12347', { paths: [] }),
    ];
    await withFake(books, async ({ fake, download }) => {
      const facts = await download();
      assert.deepEqual([facts.fetched, facts.withoutText], [2, 1]);
      const asked = fake.requests.slice(1).map(({ path }) => path.slice(1));
      assert.deepEqual(asked, [
        generated('12345'),
        '1/2/3/4/12345/12345-0.txt',
        '1/2/3/4/12345/12345-8.txt',
        '1/2/3/4/12346/12346-0.txt',
        '1/2/3/4/12347/12347-0.txt',
        '1/2/3/4/12347/12347-8.txt',
        '1/2/3/4/12347/12347.txt',
        generated('12347'),
      ]);
    });
  });

  it('keeps its request rate, and gives up on a server that asks for a long pause', async () => {
    await withFake(
      ['41', '42', '43'].map((id) => book(id)),
      async ({ fake, download, events }) => {
        const startedAt = performance.now();
        await download({ rate: 20 });
        // On a busy machine a request arrives later than it was sent, but never earlier.
        for (const [i, { atMs }] of fake.requests.entries())
          assert.ok(atMs - startedAt >= i * 50 - 5, `request ${i} after ${atMs - startedAt} ms`);
        assert.equal(events.length, 3);
      },
    );
    await withFake([book('45'), book('46')], async ({ fake, download, events }) => {
      fake.breaks(generated('45'), { kind: 'status', status: 429, headers: { 'retry-after': '86400' } });
      fake.breaks(generated('46'), { kind: 'status', status: 403 });
      assert.equal((await download()).failed, 2);
      assert.match(events[0]!.sentence!, /no request for 1440 minutes/);
      assert.match(events[1]!.sentence!, /refuses \(403\).*no automated clients/);
    });
  });

  it('stops when nothing is available, and continues in a later run', async () => {
    const ids = ['51', '52', '53', '54', '55', '56'];
    await withFake(
      ids.map((id) => book(id)),
      async ({ fake, download }) => {
        for (const id of ids) fake.breaks(generated(id), { kind: 'status', status: 403 });
        await assert.rejects(download(), /5 books in a row could not be downloaded/);
        fake.breaks(generated('51'), { kind: 'status', status: 500 });
        assert.equal((await download({ limit: 4 })).fetched, 4);
        assert.equal((await download()).alreadyHere, 4);
      },
    );
  });

  it('can be interrupted at any time without losing received data', async () => {
    await withFake([book('61'), book('62')], async ({ fake, download, read }) => {
      fake.breaks(generated('62'), { kind: 'stall', after: 4_000 });
      const interrupted = new AbortController();
      const going = download({
        signal: interrupted.signal,
        onBook: () => setTimeout(() => interrupted.abort(), 200),
      });
      await assert.rejects(going, { name: 'AbortError' });
      const facts = await download();
      assert.deepEqual([facts.alreadyHere, facts.fetched], [1, 1]);
      assert.equal(fake.requestsFor(generated('61')).length, 1);
      assert.equal(fake.requestsFor(generated('62')).at(-1)!.headers.range, 'bytes=4000-');
      assert.deepEqual(await read('62'), book('62').text);
    });
  });

  it('repairs the state after a kill: a torn line, an unnamed file, a torn validator', async () => {
    await withFake([book('71'), book('72')], async ({ out, fake, download }) => {
      await download();
      await rename(join(out, '71.txt'), join(out, '71.txt.part'));
      await appendFile(join(out, 'downloads.tsv'), '73\t73.txt\t12');
      assert.equal((await download()).alreadyHere, 2);
      assert.deepEqual(await readFile(join(out, '71.txt')), book('71').text);
      await rm(join(out, '72.txt'));
      await writeFile(join(out, '72.txt.part'), 'half of something');
      await writeFile(join(out, '72.txt.part.json'), '{"url":');
      assert.equal((await download()).fetched, 1);
      assert.equal(fake.requestsFor(generated('72')).at(-1)!.headers.range, undefined);
      assert.deepEqual(await readFile(join(out, '72.txt')), book('72').text);
      const ledger = await readFile(join(out, 'downloads.tsv'), 'utf8');
      assert.match(ledger, /^73\t73\.txt\t12\n72\t/m);
    });
  });

  it('only lists when asked to, and names the existing shelves', async () => {
    const books = [
      book('81', { title: 'One' }),
      book('82', { shelves: 'Browsing: Science; Fiction, Weird' }),
    ];
    await withFake(books, async ({ out, events, download, fake }) => {
      const facts = await download({ isDry: true });
      assert.deepEqual([facts.books, facts.fetched, events[0]!.outcome], [1, 0, 'listed']);
      assert.deepEqual(await readdir(out), ['pg_catalog.csv']);
      await assert.rejects(
        download({ bookshelf: 'Science Fictions' }),
        /no text in "en" on a shelf "Science Fictions"\. Similar shelves: Science; Science Fiction\./,
      );
      await assert.rejects(
        download({ catalogue: `${fake.url}none`, out: join(out, 'new') }),
        /no catalogue at/,
      );
      await writeFile(join(out, 'pg_catalog.csv'), '<html>,"');
      await assert.rejects(download(), /is no catalogue of Project Gutenberg/);
      await assert.rejects(download({ rate: 0 }), /Expected `rate` to be above 0/);
    });
  });

  it('reads both forms of Retry-After', () => {
    const now = Date.parse('Wed, 25 Nov 2026 10:00:00 GMT');
    assert.equal(retryAfter('120'), 120_000);
    assert.equal(retryAfter('Wed, 25 Nov 2026 10:01:00 GMT', now), 60_000);
    assert.equal(retryAfter('Wed, 25 Nov 2026 09:00:00 GMT', now), 0);
    assert.equal(retryAfter('soon'), undefined);
    assert.equal(retryAfter(null), undefined);
  });
});
