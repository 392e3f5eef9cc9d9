/** Finds runs of lines that occur more than once. Pure. */

/** Lines that are ignored: brackets alone, imports and comments. */
const SAYS_NOTHING = /^[\s()[\]{};,]*$|^import |^} from |^\* |^\/\*\*|^\/\/|^\*\//;

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The number of distinct runs of `length` or more equal lines that occur at least twice; a longer run counts once. */
export function countDuplicateRuns(files: readonly SourceFile[], length: number): number {
  const lines = files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => !SAYS_NOTHING.test(line))
      .map((line) => ({ path, line })),
  );
  const seen = new Map<string, number>();
  let runs = 0;
  let previousWasDuplicate = false;
  for (let start = 0; start + length <= lines.length; start++) {
    const window = lines.slice(start, start + length);
    const isInOneFile = window.every(({ path }) => path === window[0]!.path);
    const key = window.map(({ line }) => line).join('\n');
    const isDuplicate = isInOneFile && seen.has(key);
    if (isInOneFile && !isDuplicate) seen.set(key, start);
    if (isDuplicate && !previousWasDuplicate) runs++;
    previousWasDuplicate = isDuplicate;
  }
  return runs;
}
