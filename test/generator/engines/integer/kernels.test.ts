import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { BINARIES } from '../../../../scripts/kernel/build.ts';
import { INTEGER_ENGINE_NAME } from '../../../../src/generator/engines/integer/engine.ts';
import { kernelNames, loadKernel } from '../../../../src/generator/engines/integer/kernels.ts';
import {
  digestOf,
  KNOWN_DIGEST,
  KNOWN_STEPS,
  knownPlan,
  knownRows,
} from '../../../../src/generator/engines/integer/known-vector.ts';
import { sampleFromLogits } from '../../../../src/generator/sampler.ts';
import { IntegerReference } from './reference.ts';

const manifest = JSON.parse(readFileSync(join(BINARIES, 'manifest.json'), 'utf8')) as Record<string, string>;

describe('the kernels of the integer engine', () => {
  test('are tried on the result of the definition', () => {
    const plan = knownPlan();
    const size = plan.vocabularySize;
    const drawn: number[] = [];
    const logits = knownRows().map(({ feed, temperature, uniforms, minP }) => {
      const reference = new IntegerReference(plan);
      let last = new Float32Array(size);
      let id = feed[0]!;
      for (let step = 0; step < KNOWN_STEPS; step++) {
        last = Float32Array.from(reference.step(id));
        id = sampleFromLogits(last, 0, size, temperature, uniforms[step]!, undefined, minP);
        drawn.push(id);
      }
      return last;
    });
    assert.equal(digestOf([Int32Array.from(drawn), ...logits]), KNOWN_DIGEST);
    // Stories of one name continue one another: other results need another name.
    assert.deepEqual([INTEGER_ENGINE_NAME, KNOWN_DIGEST], ['integer-1', 4_281_680_228]);
  });

  test('run here: a native one where there is one, and WebAssembly', async () => {
    const names = await kernelNames();
    const hasNative = `${process.platform}-${process.arch}.node` in manifest;
    assert.equal(names[0]!.startsWith('wasm'), !hasNative);
    assert.equal(names.at(-1), 'wasm');
    assert.equal((await loadKernel()).name, names[0]);
    for (const name of names) assert.equal((await loadKernel(name)).name, name);
    await assert.rejects(loadKernel('abacus'), /no abacus kernel can be used/);
  });

  test('are the files of the manifest', () => {
    const files = readdirSync(BINARIES).filter((file) => file !== 'manifest.json');
    assert.deepEqual(files.toSorted(), Object.keys(manifest));
    for (const file of files) {
      const digest = createHash('sha256').update(readFileSync(join(BINARIES, file)));
      assert.equal(digest.digest('hex'), manifest[file], file);
    }
  });
});
