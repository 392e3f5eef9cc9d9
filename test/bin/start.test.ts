/** How the program starts: from compiled code that is never out of date, and that names its sources. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../helpers/programs.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

interface Failure {
  readonly code: number;
  readonly stderr: string;
}

describe('the start', () => {
  let folder: string;

  before(async () => {
    const { compile } = (await import(new URL('../../bin/compile.js', import.meta.url).href)) as {
      compile(): Promise<string>;
    };
    folder = await compile();
  });

  it('depends on all sources, on what npm has installed, and on the version of each compiled package', async () => {
    const { files } = JSON.parse(await readFile(join(dirname(folder), 'current.json'), 'utf8')) as {
      files: string[];
    };
    const { sources } = JSON.parse(await readFile(join(folder, 'cli.js.map'), 'utf8')) as {
      sources: string[];
    };
    const compiled = sources.map((source) => relative(ROOT, resolve(folder, source)));
    for (const source of compiled) {
      const inPackage = /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(source)?.[0];
      assert.ok(files.includes(inPackage ? `${inPackage}/package.json` : source), source);
    }
    assert.ok(files.includes('node_modules/.package-lock.json'));
    for (const name of ['bullmq', 'discord.js', '@slack/bolt', 'fastify', 'undici', 'zod'])
      assert.ok(files.includes(`node_modules/${name}/package.json`), name);
    for (const name of ['pino', 'msgpackr', '@electric-sql/pglite', 'onnxruntime-node'])
      assert.ok(!files.includes(`node_modules/${name}/package.json`), name);
  });

  it('is the same compilation for processes that compile at the same time', async () => {
    const compiler = new URL('../../bin/compile.js', import.meta.url).href;
    const script = `console.log(await (await import(${JSON.stringify(compiler)})).compile())`;
    const args = ['--input-type=module', '--eval', script];
    const runs = await Promise.all([1, 2, 3].map(() => run(process.execPath, args)));
    assert.deepEqual(
      runs.map(({ stdout }) => stdout.trim()),
      [folder, folder, folder],
    );
  });

  it('names the lines of the sources in stack traces', async () => {
    const script = `
      import { traceSources } from ${JSON.stringify(new URL('../../bin/stack-traces.js', import.meta.url).href)};
      traceSources(${JSON.stringify(folder)});
      const error = await import(${JSON.stringify(pathToFileURL(join(folder, 'queue/backends/embedded/database-thread.js')).href)})
        .catch((error) => error);
      console.log(error.stack);`;
    // The module runs in a thread only: elsewhere it throws.
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
    const source = join(ROOT, 'src/queue/backends/embedded/database-thread.ts');
    const [, line] =
      new RegExp(`^TypeError.*\\n(?:.*\\n)*? +at .*${pathToFileURL(source).href}:(\\d+):\\d+`).exec(stdout) ??
      [];
    const code = (await readFile(source, 'utf8')).split('\n')[Number(line) - 1];
    assert.match(code!, /await once\(port, 'message'\)/, stdout);
  });

  it('says in which line of a source there is a mistake', async () => {
    const { folder: copy, remove } = await temporaryFolder();
    try {
      for (const name of ['bin', 'src', 'package.json', 'tsconfig.json'])
        await cp(join(ROOT, name), join(copy, name), { recursive: true });
      await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
      await writeFile(join(copy, 'src/cli.ts'), "import './cli/run.ts';\nconst = 1;\n");
      await assert.rejects(
        run(process.execPath, [join(copy, 'bin/scifi.js'), '--version']),
        ({ code, stderr }: Failure) => {
          assert.equal(stderr, 'src/cli.ts:2:7: Expected identifier but found "="\n');
          return code === 1;
        },
      );
    } finally {
      await remove();
    }
  });
});
