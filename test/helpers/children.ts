/** Child processes of a process, as Linux reports them. */
import { readdir, readFile } from 'node:fs/promises';

/** A process by its unique identity: its pid and when it started. */
export interface Child {
  readonly pid: number;
  readonly started: string;
}

/** All descendants of a process; empty on systems other than Linux. */
export async function descendants(of: number): Promise<Child[]> {
  const all = await processes();
  const below = (pid: number): Child[] =>
    all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...below(child.pid)]);
  return below(of);
}

/** Those that still run. */
export async function alive(children: readonly Child[]): Promise<Child[]> {
  const all = await processes();
  return children.filter(({ pid, started }) =>
    all.some((other) => other.pid === pid && other.started === started),
  );
}

async function processes(): Promise<(Child & { parent: number })[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter(Boolean);
  const known = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      // After the name in brackets: state, parent, ..., start time.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === '' || fields[0] === 'Z'
        ? []
        : [{ pid, parent: Number(fields[1]), started: fields[19]! }];
    }),
  );
  return known.flat();
}
