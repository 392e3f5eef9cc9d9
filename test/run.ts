/**
 * `npm test`: runs the test files, those of one folder together in one process or a few. To load the program and
 * its libraries takes longer than the tests of most files, and a process for each file would double the time.
 * `--all` runs the slow tests as well, each file in a process of its own, because they start and kill processes.
 * Arguments that are paths restrict the run to the files under them.
 */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const CACHE = join(ROOT, 'node_modules/.cache');
/** Groups and slow files that run at once: on two processors, they wait about as long as they compute. */
const CONCURRENCY = 4;
/** One group of files, or one slow file, that takes longer than this is stuck. */
const TIMEOUT_MS = 900_000;
/** Folders that take longest, which start first, and the number of processes that share their files. */
const PROCESSES: readonly (readonly [folder: string, processes: number])[] = [
  ['test/bots/slack', 3],
  ['test/bots/web', 2],
  ['test/processes', 1],
  ['test/bots/discord', 2],
  ['test/queue', 2],
  ['test/bots', 1],
  ['test', 1],
  ['test/workshop/training', 1],
  ['test/generator/engines', 1],
  ['test/generator/model/formats', 1],
];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { all: { type: 'boolean' } } });
const isWanted = (file: string) =>
  positionals.length === 0 || positionals.some((path) => file.startsWith(join(path)));
const files = (await readdir(join(ROOT, 'test'), { recursive: true }))
  .map((file) => join('test', file))
  .filter(isWanted)
  .sort();
const slow = values.all ? files.filter((file) => file.endsWith('.slow.ts')) : [];
if (values.all) process.env.TEST_ALL = '1';

await mkdir(CACHE, { recursive: true });
const groups = await mkdtemp(join(CACHE, 'tests-'));
const entries = await Promise.all(
  groupsOf(files.filter((file) => file.endsWith('.test.ts'))).map(writeGroup),
);
if (entries.length + slow.length === 0)
  throw new Error(`There are no tests under ${positionals.join(' and ')}.`);
const started = performance.now();
run({
  files: [...entries, ...slow.map((file) => join(ROOT, file))],
  concurrency: CONCURRENCY,
  timeout: TIMEOUT_MS,
})
  .on('test:fail', ({ todo }) => {
    if (todo === undefined || todo === false) process.exitCode = 1;
  })
  .compose(new spec())
  .pipe(process.stdout);
process.once('exit', () => {
  rmSync(groups, { recursive: true });
  console.log(`${((performance.now() - started) / 1_000).toFixed(0)} s`);
});

interface Group {
  readonly name: string;
  readonly files: readonly string[];
}

/** Groups of files by folder, in the order in which they start. */
function groupsOf(tests: readonly string[]): Group[] {
  const first = PROCESSES.map(([folder]) => folder);
  const folders = [...new Set([...first, ...tests.map((file) => dirname(file))])];
  return folders
    .flatMap((folder) => {
      const own = tests.filter((file) => dirname(file) === folder);
      const parts = PROCESSES.find(([name]) => name === folder)?.[1] ?? 1;
      return Array.from({ length: parts }, (_, part) => ({
        name: `${folder.replaceAll('/', '-')}-${part + 1}`,
        files: own.filter((_, index) => index % parts === part),
      }));
    })
    .filter((group) => group.files.length > 0);
}

/** Writes a module that imports the files of a group, and returns its path. */
async function writeGroup(group: Group): Promise<string> {
  const entry = join(groups, `${group.name}.test.mjs`);
  const imports = group.files.map(
    (file) => `import ${JSON.stringify(pathToFileURL(join(ROOT, file)).href)};\n`,
  );
  await writeFile(entry, imports.join(''));
  return entry;
}
