/**
 * Writes THIRD-PARTY.md: this project's dependencies and their licences, from package-lock.json.
 *
 *   npm run licences
 *
 * Exits with 1 when a package has no licence, or one that has not been reviewed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Licences that only require their text to be passed on; SPDX identifiers. */
const ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
]);

/** Packages whose licence has no SPDX identifier, and what its text says. */
const READ: Readonly<Record<string, string>> = {
  h5wasm: 'NIST’s own terms, with the HDF Group’s BSD-style licence for the library within',
};

interface LockedPackage {
  readonly license?: string;
  readonly dev?: boolean;
  /** Set for platform-specific builds of a package. */
  readonly os?: readonly string[];
}

export interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** Whether an SPDX expression permits an allowed choice: any side of an OR, every side of an AND. */
export function isAllowed(expression: string): boolean {
  const bare = expression.trim().replace(/^\((.*)\)$/, '$1');
  return bare.split(' OR ').some((choice) => choice.split(' AND ').every((part) => ALLOWED.has(part.trim())));
}

/** Packages whose licence is missing or not reviewed, as sentences. */
export function licenceProblems({ packages }: Lockfile): string[] {
  return Object.entries(packages).flatMap(([path, { license }]) => {
    if (path === '' || nameOf(path) in READ || (license && isAllowed(license))) return [];
    return [`${nameOf(path)}: ${license ? `nobody has looked at ${license}` : 'it names no licence'}`];
  });
}

/** THIRD-PARTY.md: names by licence, runtime dependencies separate from development dependencies. */
export function thirdParty({ packages }: Lockfile): string {
  const listed = Object.entries(packages).filter(([path, { os }]) => path !== '' && !os);
  const part = (isDev: boolean) => {
    const byLicence = new Map<string, Set<string>>();
    for (const [path, { license = 'none', dev = false }] of listed) {
      if (dev !== isDev) continue;
      const title = READ[nameOf(path)] ?? license;
      byLicence.set(title, (byLicence.get(title) ?? new Set()).add(nameOf(path)));
    }
    return [...byLicence]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([license, names]) => `**${license}**: ${[...names].toSorted().join(', ')}\n`)
      .join('\n');
  };
  return `# Third-party packages

Made by \`npm run licences\` from package-lock.json; the versions are there, and in \`npm run -s sbom\`. What is named is
the licence that each package states. Builds of a package for one platform (as of esbuild) have that package's and are
not repeated here.

\`onnxruntime-node\`, \`webgpu\` (Dawn), \`@electric-sql/pglite\` (PostgreSQL) and \`@tensorflow/tfjs-backend-wasm\`
(XNNPACK) hold compiled code of further projects, whose licences their own repositories list; nobody has gone through
those here.

## What runs

${part(false)}
## What only developers use

${part(true)}`;
}

/** `node_modules/a/node_modules/@b/c` is `@b/c`. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = (name: string) => new URL(`../${name}`, import.meta.url);
  const lockfile = JSON.parse(readFileSync(file('package-lock.json'), 'utf8')) as Lockfile;
  const problems = licenceProblems(lockfile);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
  writeFileSync(file('THIRD-PARTY.md'), thirdParty(lockfile));
}
