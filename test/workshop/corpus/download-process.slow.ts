import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeGutenberg } from '../../fakes/gutenberg/fake-gutenberg.ts';
import { temporaryFolder, until } from '../../helpers/programs.ts';

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url));
const path = (id: string) => `cache/epub/${id}/pg${id}.txt`;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
}

function start(args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--import', 'tsx', CLI, 'corpus', 'download', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += chunk;
    });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, said }));
  });
  return { child, ended };
}

it('scifi corpus download continues after kill -9 and Ctrl-C without fetching a file twice', async () => {
  const texts = new Map(
    ['91', '92', '93'].map((id) => [id, Buffer.from(`The gauge of ship ${id} was wrong. `.repeat(300))]),
  );
  const fake = await FakeGutenberg.start(
    [...texts].map(([id, text]) => ({ id, title: `Ship ${id}`, text, paths: [path(id)] })),
  );
  const { folder, remove } = await temporaryFolder();
  const args = [
    '--bookshelf',
    'science fiction',
    '--out',
    folder,
    '--mirror',
    fake.url,
    '--catalogue',
    fake.catalogue,
  ];
  args.push('--rate', '1000', '--contact', 'https://example.org/bot');
  const has = (bytes: number) => async () =>
    (await stat(join(folder, '92.txt.part')).catch(() => undefined))?.size === bytes;
  try {
    fake.breaks(path('92'), { kind: 'stall', after: 4_000 }, { kind: 'stall', after: 1_000 });
    const killed = start(args);
    await until(has(4_000), 'the first 4,000 bytes');
    killed.child.kill('SIGKILL');
    assert.equal((await killed.ended).signal, 'SIGKILL');

    const interrupted = start(args);
    await until(has(5_000), 'a thousand bytes more');
    interrupted.child.kill('SIGINT');
    const { code, said } = await interrupted.ended;
    assert.equal(code, 130, said);
    assert.match(said, /Interrupted\. The downloaded files are kept/);

    const last = await start(args).ended;
    assert.equal(last.code, 0, last.said);
    assert.match(last.said, /^2 books fetched .* 1 already here, 0 without a text, 0 failed\.$/m);
    for (const [id, text] of texts) assert.deepEqual(await readFile(join(folder, `${id}.txt`)), text);
    assert.deepEqual(
      fake.requestsFor(path('92')).map(({ headers }) => headers.range),
      [undefined, 'bytes=4000-', 'bytes=5000-'],
    );
    for (const once of [path('91'), path('93'), 'cache/epub/feeds/pg_catalog.csv.gz'])
      assert.equal(fake.requestsFor(once).length, 1, once);
    assert.match(
      fake.requests[0]!.headers['user-agent']!,
      /^write-me-a-sci-fi\/\d+\.\d+\.\d+ \(scifi corpus download; https:\/\/example\.org\/bot\)$/,
    );
  } finally {
    await fake.stop();
    await remove();
  }
});
