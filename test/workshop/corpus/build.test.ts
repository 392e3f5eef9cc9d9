import assert from 'node:assert/strict';
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { uniformAt } from '../../../src/generator/sampler.ts';
import { buildCorpus, MOST_BYTES, SPLITS, splitOf } from '../../../src/workshop/corpus/build.ts';
import { temporaryFolder } from '../../helpers/programs.ts';

const WORDS =
  'the ship fell and nobody spoke until stars turned green over a quiet sea of glass while the old captain drew his maps again in the light of lamps that had burned since they left home'.split(
    ' ',
  );

function work(seed: number, words = 600): string {
  const drawn = Array.from(
    { length: words },
    (_, i) => WORDS[Math.floor(uniformAt(seed, i, 0) * WORDS.length)],
  );
  return drawn.join(' ').replace(/(.{60}\S*) /g, '$1\n');
}

describe('buildCorpus', () => {
  it('writes every English work once, split by its id, and reports the outcome of every file', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      const raw = join(folder, 'raw');
      await mkdir(join(raw, 'more'), { recursive: true });
      const ids = Array.from({ length: 60 }, (_, i) => String(1_000 + i));
      for (const [i, id] of ids.entries()) await writeFile(join(raw, `${id}.txt`), work(i));
      await writeFile(join(raw, 'more', 'again.txt'), `A new title\n\n${work(7)}\n\nAnd a new end.`);
      await writeFile(join(raw, 'more', 'short.txt'), 'Nothing but a title');
      await writeFile(
        join(raw, 'more', 'foreign.txt'),
        'Das Schiff fiel neun Tage lang, ehe jemand sprach. '.repeat(60),
      );
      await writeFile(join(raw, 'picture.png'), '');
      const out = join(folder, 'data');
      const facts = await buildCorpus(raw, out);
      assert.equal(facts.files, 63);
      assert.deepEqual(facts.dropped, { duplicate: 1, 'too short': 1, 'not English': 1 });
      let all = 0;
      for (const split of SPLITS) {
        const text = await readFile(join(out, `${split}.txt`), 'utf8');
        const works = text.split('\u0003').slice(1);
        assert.ok(text === '' || text.startsWith('\u0003'));
        assert.equal(works.length, facts.works[split]);
        assert.equal(works.length, ids.filter((id) => splitOf(id) === split).length);
        for (const one of works) assert.ok(one.endsWith('\n\n') && !one.startsWith('\n'));
        all += works.length;
      }
      assert.equal(all, 60);
      const manifest = await readFile(join(out, 'manifest.tsv'), 'utf8');
      assert.equal(manifest.trim().split('\n').length, 64);
      assert.match(manifest, /^dropped\tagain\t.*it duplicates 1007$/m);
      const first = await readFile(join(out, 'train.txt'));
      await buildCorpus(raw, out);
      assert.deepEqual(await readFile(join(out, 'train.txt')), first, 'the same files, the same corpus');
    } finally {
      await remove();
    }
  });

  it('assigns about one work in twenty to each of validation and test, and keeps the split of a work', () => {
    const splits = Array.from({ length: 10_000 }, (_, i) => splitOf(String(i)));
    for (const split of ['valid', 'test'] as const) {
      const share = splits.filter((one) => one === split).length / splits.length;
      assert.ok(Math.abs(share - 0.05) < 0.01, `${split}: ${share}`);
    }
    assert.equal(splitOf('84'), splitOf('84'));
  });

  it('uses no more memory for eight times as much input', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      // Garbage is collected before memory is measured.
      setFlagsFromString('--expose_gc');
      const collect = runInNewContext('gc') as () => void;
      const held = () => {
        collect();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        return heapUsed + arrayBuffers;
      };
      const raw = join(folder, 'raw');
      await mkdir(raw);
      const [files, few] = [320, 40];
      for (let i = 0; i < files; i++) await writeFile(join(raw, `${i}.txt`), work(10_000 + i, 4_000));
      let [before, after] = [0, 0];
      const facts = await buildCorpus(raw, join(folder, 'data'), (done) => {
        if (done === few) before = held();
        if (done === files) after = held();
      });
      assert.equal(facts.works.train + facts.works.valid + facts.works.test, files);
      assert.ok(facts.bytes > 6_000_000);
      assert.ok(
        after - before < 1_000_000,
        `${after - before} bytes more after ${files} works than after ${few}`,
      );
    } finally {
      await remove();
    }
  });

  it('leaves out a file larger than any work without reading it', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      const raw = join(folder, 'raw');
      await mkdir(raw);
      await writeFile(join(raw, '1.txt'), work(1));
      await writeFile(join(raw, '2.txt'), '');
      await truncate(join(raw, '2.txt'), MOST_BYTES + 1);
      const facts = await buildCorpus(raw, join(folder, 'data'));
      assert.deepEqual(facts.dropped, { 'too large': 1 });
      assert.match(
        await readFile(join(folder, 'data', 'manifest.tsv'), 'utf8'),
        /^dropped\t2\t.*more than a work may have$/m,
      );
    } finally {
      await remove();
    }
  });

  it('reports what is wrong with a folder', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      await assert.rejects(buildCorpus(join(folder, 'none'), folder), /none cannot be read \(ENOENT\)/);
      await assert.rejects(buildCorpus(folder, folder), /There are no \.txt files in/);
    } finally {
      await remove();
    }
  });
});
