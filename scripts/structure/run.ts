/** Figures on the structure of the code. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { readCommandLine } from '../command-line.ts';
import { countDuplicateRuns, type SourceFile } from './duplicates.ts';
import { measurePaths } from './paths.ts';

/** A shorter file must have a reason to exist. */
const SHORT_LINES = 40;
const DUPLICATE_LINES = 6;

const HELP = `
npm run structure -- [options]

Prints files and lines on the path of a story for each platform, sizes of src and test, and duplicated runs of
lines.

  --files      also print the files of each path
  --json FILE  also write all figures and the files of each path
`;

const { values } = readCommandLine(HELP, { json: { type: 'string' }, files: { type: 'boolean' } });

const listed = execFileSync('git', ['ls-files', 'src', 'test'], { encoding: 'utf8' }).trim().split('\n');
const files: SourceFile[] = listed
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const source = files.filter(({ path }) => path.startsWith('src/'));
const test = files.filter(({ path }) => path.startsWith('test/'));
const lengths = new Map(files.map((file) => [file.path, linesOf([file])]));
const browser = source.filter(({ path }) => /^src\/page\//.test(path)).map(({ path }) => path);

const paths = await measurePaths();
const figures = {
  ...Object.fromEntries(
    Object.entries(paths).map(([name, path]) => [
      `${name} story`,
      { files: path.length, lines: path.reduce((sum, file) => sum + (lengths.get(file) ?? 0), 0) },
    ]),
  ),
  "page's browser code": {
    files: browser.length,
    lines: browser.reduce((sum, file) => sum + lengths.get(file)!, 0),
  },
  src: { files: source.length, lines: linesOf(source) },
  test: { files: test.length, lines: linesOf(test) },
  [`src files under ${SHORT_LINES} lines`]: {
    files: source.filter((file) => linesOf([file]) < SHORT_LINES).length,
    lines: linesOf(source.filter((file) => linesOf([file]) < SHORT_LINES)),
  },
};
console.table(figures);
const duplicates = {
  src: countDuplicateRuns(source, DUPLICATE_LINES),
  test: countDuplicateRuns(test, DUPLICATE_LINES),
};
console.log(
  `runs of ${DUPLICATE_LINES} or more equal lines: ${duplicates.src} in src, ${duplicates.test} in test`,
);
if (values.files) console.log(JSON.stringify(paths, undefined, 2));
if (values.json) {
  writeFileSync(values.json, `${JSON.stringify({ figures, duplicates, paths }, undefined, 2)}\n`);
}
process.exit(0);

function linesOf(some: readonly SourceFile[]): number {
  return some.reduce((sum, { text }) => sum + text.trimEnd().split('\n').length, 0);
}
