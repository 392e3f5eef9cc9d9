/**
 * `scifi engine install cuda` with the real programs: pip, npm's registry and a compiler. TensorFlow is given by
 * TEST_TENSORFLOW: a wheel such as tensorflow_cpu's, or a folder with one unpacked.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { scifi } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/programs.ts';

const TENSORFLOW = process.env.TEST_TENSORFLOW;
const WRITE = ['write', 'It all began with', '--seed', '7', '--length', '500'];

describe('an installation of the CUDA engine', {
  skip: TENSORFLOW ? false : 'TEST_TENSORFLOW names no wheel or folder of TensorFlow',
}, () => {
  it('writes the story that ONNX Runtime writes, and leaves nothing when it is removed', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      const home = { SCIFI_ENGINES: join(folder, 'engines') };
      const installed = await scifi(
        ['engine', 'install', 'cuda', '--cpu', '--tensorflow', TENSORFLOW!],
        home,
      );
      assert.equal(installed.code, 0, installed.stderr);
      assert.equal(installed.stderr, '');
      assert.match(installed.stdout, /^ {2}Story of .*, the same as from ONNX Runtime$/m);
      assert.deepEqual(await readdir(join(folder, 'engines')), ['cuda']);

      const cuda = await scifi(WRITE, { ...home, SCIFI_ENGINE: 'cuda-cpu' });
      assert.deepEqual(cuda, await scifi(WRITE, { SCIFI_ENGINE: 'onnx' }));
      assert.deepEqual([cuda.code, cuda.stderr], [0, '']);
      const refused = await scifi(WRITE, { ...home, SCIFI_ENGINE: 'cuda' });
      assert.match(refused.stderr, /^SCIFI_ENGINE=cuda cannot run here: it is installed without CUDA, /);

      assert.equal((await scifi(['engine', 'remove', 'cuda'], home)).code, 0);
      assert.deepEqual(
        (await readdir(folder)).filter((name) => !name.startsWith('.npm')),
        [],
      );
    } finally {
      await remove();
    }
  });
});
