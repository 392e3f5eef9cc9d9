/** Builds the page without a server. */
import { fileURLToPath } from 'node:url';
import { ENV_FILE, readEnvFile } from '../../src/cli/env-file.ts';
import { explain } from '../../src/cli/explain.ts';
import { readConfig } from '../../src/config.ts';
import { readCommandLine } from '../command-line.ts';
import { buildStatic } from './build.ts';

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const HELP = `
npm run build:static -- [FOLDER]

Builds the page without a server into FOLDER (default: dist/static).
`;

const [folder = fromRoot('dist/static')] = readCommandLine(HELP, {}, 1).positionals;
try {
  const { privacyUrl, sourceUrl } = readConfig({ ...readEnvFile(ENV_FILE)?.values, ...process.env });
  const sizes = await buildStatic(folder, {
    modelsFolder: fromRoot('models'),
    links: { privacy: privacyUrl, source: sourceUrl },
  });
  for (const [path, size] of sizes)
    console.log(
      `${Math.ceil(size / 1_024)
        .toLocaleString('en')
        .padStart(7)} KiB  ${path}`,
    );
  console.log(`Built into ${folder}. Any static host serves it, from any path.`);
} catch (error) {
  process.exitCode = explain(error);
}
