/** The guarantees of the Dockerfile, read from the file: no container engine is needed or used. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Copy, DockerfileParser } from 'dockerfile-ast';
import { createProgram } from '../src/cli/run.ts';
import { OURS, PINNED, readCompose } from './helpers/compose.ts';
import { temporaryFolder } from './helpers/programs.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

interface Line {
  readonly keyword: string;
  readonly rest: string;
  /** The stage that a COPY copies from. */
  readonly source: string | undefined;
}

interface Stage {
  readonly name: string;
  readonly from: string;
  readonly lines: Line[];
}

describe('Dockerfile', () => {
  let stages: Stage[];
  let globals: Map<string, string>;

  before(async () => {
    const file = DockerfileParser.parse(await readFile(join(ROOT, 'Dockerfile'), 'utf8'));
    globals = new Map(
      file.getInitialARGs().map((argument) => {
        const property = argument.getProperty()!;
        return [property.getName(), property.getValue() ?? ''];
      }),
    );
    stages = [];
    for (const instruction of file.getInstructions()) {
      const keyword = instruction.getKeyword();
      const rest = instruction.getRawArgumentsContent() ?? '';
      const from = /^(\S+) AS (\S+)$/.exec(rest);
      if (keyword === 'FROM') stages.push({ name: from![2]!, from: from![1]!, lines: [] });
      else {
        const source = instruction instanceof Copy ? instruction.getFromFlag()?.getValue() : undefined;
        stages.at(-1)?.lines.push({ keyword, rest, source: source ?? undefined });
      }
    }
  });

  function lines(stage: string, keyword: string): string[] {
    const found = stages.find(({ name }) => name === stage);
    return found!.lines.filter((line) => line.keyword === keyword).map(({ rest }) => rest);
  }

  it('is built on pinned Node 22 on slim Debian, with production dependencies only', async () => {
    assert.match(globals.get('NODE_IMAGE')!, /^node:22\./);
    assert.match(globals.get('NODE_IMAGE')!, PINNED);
    assert.deepEqual(
      stages.map(({ name, from }) => [name, from.replace(/^\$\{(\w+)\}$/, 'any $1')]),
      [
        ['tree', 'any NODE_IMAGE'],
        ['gpu-tree', 'tree'],
        ['gpu', 'any GPU_IMAGE'],
        ['app-tree', 'tree'],
        ['app', 'any NODE_IMAGE'],
      ],
    );
    assert.match(lines('tree', 'RUN')[0]!, /^npm ci --omit=dev/);
    assert.equal(lines('tree', 'RUN')[1], 'node bin/scifi.js --version', 'the sources are compiled');
    // The running code must not import excluded files.
    const { dependencies, optionalDependencies } = JSON.parse(
      await readFile(join(ROOT, 'package.json'), 'utf8'),
    );
    const installed = { ...dependencies, ...optionalDependencies };
    const imported = await importedPackages(join(ROOT, 'src'));
    assert.ok(imported.has('bullmq') && imported.has('esbuild'));
    for (const name of [...imported, 'tsx']) {
      assert.ok(name in installed, `${name} is needed at run time`);
    }
    const { services } = await readCompose();
    assert.deepEqual(
      OURS.map((name) => services[name].build?.target),
      ['app', 'app', 'gpu'],
    );
    assert.equal(services['worker-gpu'].build?.args?.GPU_IMAGE, globals.get('NODE_IMAGE'));
  });

  it('copies exactly the files that .dockerignore allows', async () => {
    const copied = lines('tree', 'COPY').flatMap((rest) => rest.split(/\s+/).slice(0, -1));
    const rules = (await readFile(join(ROOT, '.dockerignore'), 'utf8')).split('\n');
    const given = rules.filter((rule) => rule && !rule.startsWith('#'));
    assert.equal(given[0], '*');
    assert.deepEqual(given.slice(1).toSorted(), copied.map((path) => `!${path}`).toSorted());
    const present = await readdir(ROOT);
    for (const path of copied) assert.ok(present.includes(path), path);
    for (const stage of ['gpu-tree', 'gpu', 'app']) {
      const { lines } = stages.find(({ name }) => name === stage)!;
      for (const { keyword, source } of lines) {
        if (keyword === 'COPY') assert.match(source ?? '', /^((gpu|app)-)?tree$/, 'from another stage only');
      }
    }
  });

  it('excludes exactly the files that are not used at run time', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      const other = process.arch === 'x64' ? 'arm64' : 'x64';
      const onnx = 'node_modules/onnxruntime-node/bin/napi-v6';
      const kept = [
        `${onnx}/linux/${process.arch}/libonnxruntime.so.1`,
        'node_modules/@esbuild/linux-x64/bin/esbuild',
        'node_modules/bullmq/dist/index.js',
        'node_modules/bullmq/LICENSE',
        'node_modules/typebox/index.js',
      ];
      const webgpu = `node_modules/webgpu/dist/linux-${process.arch}/dawn.node`;
      const left = [
        `${onnx}/linux/${other}/libonnxruntime.so.1`,
        `${onnx}/darwin/arm64/libonnxruntime.dylib`,
        `${onnx}/win32/x64/onnxruntime.dll`,
        `node_modules/webgpu/dist/linux-${other}/dawn.node`,
        'node_modules/webgpu/dist/darwin-universal/dawn.node',
        'node_modules/typescript/lib/tsc.js',
        'node_modules/@typescript/native/lib/tsgo',
        'node_modules/bullmq/dist/index.js.map',
        'node_modules/bullmq/dist/index.d.ts',
        'node_modules/bullmq/dist/index.d.mts',
        'node_modules/bullmq/dist/index.d.cts',
      ];
      for (const path of [...kept, ...left, webgpu]) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), '');
      }
      const filesAfter = async (command: string): Promise<string[]> => {
        const { status, stderr } = spawnSync('sh', ['-ec', `npm() { :; }\n${command}`], {
          cwd: folder,
          encoding: 'utf8',
        });
        assert.equal(status, 0, stderr);
        const found = await readdir(folder, { recursive: true, withFileTypes: true });
        const files = found.filter((entry) => entry.isFile());
        return files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).toSorted();
      };
      assert.deepEqual(await filesAfter(lines('tree', 'RUN')[0]!), [...kept, webgpu].toSorted());
      assert.deepEqual(await filesAfter(lines('app-tree', 'RUN')[0]!), kept.toSorted());
    } finally {
      await remove();
    }
  });

  it('defines a health check', () => {
    for (const stage of ['app', 'gpu']) {
      const [check] = lines(stage, 'HEALTHCHECK');
      assert.match(check!, /CMD \["node", "--import", "tsx", "src\/healthcheck.ts"\]$/, stage);
      assert.match(lines(stage, 'ENV').join(' '), /SCIFI_HEARTBEAT=\/tmp\/\w+/, stage);
    }
  });

  it('runs Node.js directly, as an unprivileged user', async () => {
    for (const stage of ['app', 'gpu']) {
      assert.deepEqual(lines(stage, 'ENTRYPOINT'), ['["node", "bin/scifi.js"]']);
      const [user] = lines(stage, 'USER');
      assert.match(user!, /^[1-9]\d*:[1-9]\d*$/);
      for (const name of OURS) assert.equal((await readCompose()).services[name].user, user);
      const all = stages.find(({ name }) => name === stage)!.lines.map(({ keyword }) => keyword);
      assert.ok(!all.slice(all.indexOf('USER')).includes('RUN'), 'that user creates no files');
    }
    assert.deepEqual(lines('app', 'CMD'), ['["start"]']);
  });

  it('installs TensorFlow for CUDA on request, and fails where it does not load', async () => {
    const { services } = await readCompose();
    const options = Object.keys(services['worker-gpu'].build!.args!).filter(
      (name) => !name.endsWith('_IMAGE'),
    );
    const declared = lines('gpu-tree', 'ARG').map((rest) => rest.split('=')[0]!);
    for (const name of options) assert.ok(declared.includes(name), `${name} reaches the build`);
    const { folder, remove } = await temporaryFolder();
    try {
      const status = async (command: string, programs: Readonly<Record<string, string>>, wanted: string) => {
        for (const [name, script] of Object.entries(programs)) {
          await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
        }
        const path = `${folder}:${process.env.PATH}`;
        const env = { PATH: path, TFJS_NODE_GPU: wanted, SCIFI_ENGINES: join(folder, 'engines') };
        const { status: code, stdout } = spawnSync('sh', ['-ec', command], { env, encoding: 'utf8' });
        return { code, stdout };
      };
      const [install] = lines('gpu-tree', 'RUN');
      const proof = lines('gpu', 'RUN').at(-1)!;
      const echo = { 'apt-get': '', node: 'echo "$@"' };
      assert.deepEqual(await status(install!, echo, ''), { code: 0, stdout: '' });
      assert.ok(existsSync(join(folder, 'engines')), 'is copied, with or without an engine');
      assert.deepEqual(await status(proof, echo, ''), { code: 0, stdout: '' });
      // The commands that run are this program's: a misspelt option would be refused.
      for (const [line, words] of [
        [install!, ['engine', 'install', 'cuda', '--without-gpu']],
        [proof, ['engine', 'test', 'cuda', '--on-processor']],
      ] as const) {
        const { code, stdout } = await status(line, echo, '1');
        assert.deepEqual([code, stdout], [0, `bin/scifi.js ${words.join(' ')}\n`]);
        const command = createProgram()
          .commands.find((one) => one.name() === words[0])!
          .commands.find((one) => one.name() === words[1])!;
        assert.deepEqual(command.parseOptions([...words.slice(2)]), { operands: ['cuda'], unknown: [] });
        assert.notEqual((await status(line, { ...echo, node: 'false' }, '1')).code, 0);
      }
      assert.notEqual((await status(install!, { 'apt-get': 'false', node: '' }, '1')).code, 0);
    } finally {
      await remove();
    }
    // The installation lies in the same folder in both stages, which the program reads.
    for (const stage of ['gpu-tree', 'gpu']) {
      assert.ok(lines(stage, 'ENV').includes('SCIFI_ENGINES=/opt/scifi-engines'), stage);
    }
    assert.ok(lines('gpu', 'COPY').some((rest) => rest === '/opt/scifi-engines /opt/scifi-engines'));
  });
});

/** Names of the packages that the sources below a folder import. */
async function importedPackages(folder: string): Promise<Set<string>> {
  const names = new Set<string>();
  for (const path of await readdir(folder, { recursive: true })) {
    if (!path.endsWith('.ts')) continue;
    const source = await readFile(join(folder, path), 'utf8');
    for (const [, first, second] of source.matchAll(/\bfrom '([^'.][^']*)';$|\bimport\('([^'.][^']*)'\)/gm)) {
      const name = /^(@[^/]+\/)?[^/]+/.exec(first ?? second!)![0];
      if (!name.startsWith('node:') && !builtinModules.includes(name)) names.add(name);
    }
  }
  return names;
}
