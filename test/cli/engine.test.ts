/** `scifi engine` without an installation: what is missing is one sentence, and nothing is left behind. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { requireSpace } from '../../src/cli/engine/install.ts';
import { dlopenProblem } from '../../src/generator/engines/tensorflow/dawn.ts';
import { CliHost, ROOT, scifi } from '../helpers/cli.ts';
import { temporaryFolder, until } from '../helpers/programs.ts';

const CANNOT_INSTALL =
  process.platform === 'linux' && process.arch === 'x64' ? false : 'the engine is for Linux on x86-64';

describe('scifi engine', { skip: CANNOT_INSTALL }, () => {
  const host = new CliHost();
  let folder: string;
  let remove: () => Promise<void>;
  after(() => host.stop());
  beforeEach(async () => {
    ({ folder, remove } = await temporaryFolder());
    await mkdir(join(folder, 'bin'));
  });
  afterEach(() => remove());

  /** Programs that the installation runs; no others are in its PATH. */
  async function programs(scripts: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, script] of Object.entries(scripts)) {
      await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`);
      await chmod(join(folder, 'bin', name), 0o755);
    }
  }

  const environment = () => ({ SCIFI_ENGINES: join(folder, 'engines'), PATH: join(folder, 'bin') });
  const install = (...words: string[]) => host.run(['engine', 'install', 'cuda', ...words], environment());

  async function refused(expected: RegExp, ...words: string[]): Promise<void> {
    const { code, stderr } = await install(...words);
    assert.match(stderr, expected);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.equal(code, 2);
    assert.deepEqual(await readdir(join(folder, 'engines')).catch(() => []), [], 'nothing is left');
  }

  /** A folder with the files of TensorFlow that are looked for; they are empty. */
  async function tensorflow(version: string): Promise<string> {
    const [major, minor, patch] = version.split('.');
    const header = `#define TF_MAJOR_VERSION ${major}\n#define TF_MINOR_VERSION ${minor}\n#define TF_PATCH_VERSION ${patch}\n`;
    const files = {
      'include/tensorflow/c/eager/c_api.h': '',
      'include/tensorflow/core/public/version.h': header,
      'lib/libtensorflow.so.2': '',
      'lib/libtensorflow_framework.so.2': '',
    };
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, 'tf', path)), { recursive: true });
      await writeFile(join(folder, 'tf', path), text);
    }
    return join(folder, 'tf');
  }

  it('says that there is no driver', { skip: !dlopenProblem('libcuda.so.1') && 'there is a driver' }, () =>
    refused(/^There is no NVIDIA driver \(libcuda.so.1: .*--without-gpu .*--cpu /),
  );

  it('says that there is no compiler', async () => {
    await refused(/^There is no C\+\+ compiler \(Debian: apt-get install g\+\+; /, '--cpu');
  });

  it('says that there is no Python, or none of a name', async () => {
    await programs({ 'g++': '' });
    await refused(/^There is no Python\. Install it .*python3-pip/, '--cpu');
    await refused(/^There is no python9\. /, '--cpu', '--python', 'python9');
  });

  it("gives pip's failures a sentence", async () => {
    await programs({ 'g++': '' });
    const failures: [string, RegExp][] = [
      [
        '/usr/bin/python3: No module named pip',
        /has no pip\. Install it \(Debian: apt-get install python3-pip\)/,
      ],
      [
        'ERROR: No matching distribution found for x',
        /finds no package tensorflow_cpu==[\d.]+ for this system/,
      ],
      ['Failed to establish a new connection', /reaches no package index .* PIP_INDEX_URL/],
      ['OSError: [Errno 28] No space left on device', /^There is no space left for .* SCIFI_ENGINES/],
      ['hm\nERROR: something else', /pip cannot install tensorflow_cpu.*: ERROR: something else$/m],
    ];
    for (const [output, expected] of failures) {
      await programs({ python3: `echo '${output}' >&2; exit 1` });
      await refused(expected, '--cpu');
    }
  });

  it('refuses a folder without TensorFlow, or with an old one', async () => {
    await programs({ 'g++': '' });
    await refused(/\/nowhere does not exist\. Give /, '--cpu', '--tensorflow', '/nowhere');
    await refused(/bin has no TensorFlow: expected include/, '--cpu', '--tensorflow', join(folder, 'bin'));
    const old = await tensorflow('2.4.1');
    await refused(/has TensorFlow 2\.4\.1\. The binding needs 2\.9 or a later/, '--cpu', '--tensorflow', old);
  });

  it('gives failures of npm and the compiler a sentence', async () => {
    const given = ['--cpu', '--tensorflow', await tensorflow('2.21.0')];
    await programs({ 'g++': '', npm: 'echo "npm error code ENOTFOUND" >&2; exit 1' });
    await refused(/^npm does not reach its registry .* mirror/, ...given);
    await programs({ npm: 'echo "npm error ENOSPC: no space left on device" >&2; exit 1' });
    await refused(/^There is no space left for /, ...given);
    await programs({
      npm: `
        package=node_modules/@tensorflow/tfjs-node-gpu
        /bin/mkdir -p $package
        echo '{"version":"4.22.0","main":"index.js"}' >$package/package.json`,
      'g++': 'echo "x.cc:1: error: no such header" >&2; exit 1',
    });
    await refused(
      /^The compiler cannot build .* TensorFlow 2\.21\.0 .*: x\.cc:1: error: no such header$/m,
      ...given,
    );
  });

  it('installs nothing that fails its test', async () => {
    const words = ['engine', 'install', 'cuda', '--cpu', '--tensorflow', await tensorflow('2.21.0')];
    await programs({
      npm: `
        package=node_modules/@tensorflow/tfjs-node-gpu
        /bin/mkdir -p $package
        echo "throw new Error('no symbol')" >$package/index.js
        echo '{"version":"4.22.0","main":"index.js"}' >$package/package.json`,
      'g++': '',
    });
    const { code, stderr } = await scifi(words, environment());
    assert.match(
      stderr,
      /fails its test: .* cannot be loaded on Node .*: no symbol .* Nothing was installed\.$/m,
    );
    assert.equal(code, 2);
    assert.deepEqual(await readdir(join(folder, 'engines')), []);
  });

  it('leaves nothing when it is interrupted, and removes what a killed installation left', async () => {
    const given = await tensorflow('2.21.0');
    const started = join(folder, 'started');
    await programs({ 'g++': '', npm: `echo >${started}; exec /bin/sleep 60` });
    const run = async (signal: NodeJS.Signals) => {
      const words = ['engine', 'install', 'cuda', '--cpu', '--tensorflow', given];
      const child = spawn(
        process.execPath,
        ['--import', import.meta.resolve('tsx'), join(ROOT, 'src/cli.ts'), ...words],
        { env: environment(), stdio: 'ignore' },
      );
      const ended = once(child, 'exit');
      await until(() => existsSync(started), 'npm to start');
      child.kill(signal);
      const [code] = await ended;
      await rm(started);
      return code;
    };
    assert.equal(await run('SIGINT'), 130);
    assert.deepEqual(await readdir(join(folder, 'engines')), []);
    await run('SIGKILL');
    assert.equal((await readdir(join(folder, 'engines'))).length, 1);
    const { stdout } = await host.run(['engine', 'remove', 'cuda'], environment());
    assert.match(stdout, /^cuda is not installed in /);
    assert.deepEqual(await readdir(folder).then((names) => names.includes('engines')), false);
  });

  it('needs free space', () =>
    // A file system that has none.
    assert.rejects(
      requireSpace('/proc', 'gpu'),
      /^StoryError: \/proc has 0\.0 GiB .* needs 12\. Free some, or set SCIFI_ENGINES/,
    ));

  it('lists the engines', async () => {
    const { stdout, code } = await host.run(['engine', 'list'], environment());
    assert.equal(code, 0);
    const [cuda, , integer, onnx, wasm, processor, automatic] = stdout.split('\n');
    assert.match(cuda!, /^cuda {6}does not run: it is not installed in .*engine install cuda/);
    assert.match(integer!, /^integer {3}runs on the processor \(/);
    assert.match(onnx!, /^onnx {6}runs on the processor$/);
    assert.match(wasm!, /^wasm {6}runs on one processor$/);
    assert.match(processor!, /^cuda-cpu {2}does not run: it is not installed in .*engine install cuda --cpu/);
    assert.match(
      automatic!,
      /^SCIFI_ENGINE=auto: (?:webgpu|integer) on .*; not cuda: it is not installed in /,
    );
  });

  it('removes an installation, and no other folder', async () => {
    const cuda = join(folder, 'engines/cuda');
    await mkdir(cuda, { recursive: true });
    await writeFile(join(cuda, 'mine.txt'), '');
    const other = await host.run(['engine', 'remove', 'cuda'], environment());
    assert.match(other.stderr, /is not an installation of this version\. Delete it yourself/);
    assert.deepEqual(await readdir(cuda), ['mine.txt']);
    await writeFile(
      join(cuda, 'engine.json'),
      '{"format":1,"binding":"4.22.0","tensorflow":"2.21.0","device":"cpu"}',
    );
    const { stdout } = await host.run(['engine', 'list'], environment());
    assert.match(stdout, /cuda has TensorFlow 2\.21\.0 without CUDA, and its binding 4\.22\.0: 0\.0 GiB$/m);
    assert.match((await host.run(['engine', 'remove', 'cuda'], environment())).stdout, /^Removed .*cuda$/m);
    assert.deepEqual(await readdir(folder), ['bin']);
  });
});
