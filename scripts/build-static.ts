/**
 * Builds the page without a server.
 *
 *   npm run build:static [-- FOLDER]
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../src/config.ts';
import { buildStatic } from '../src/static/build.ts';

const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const folder = process.argv[2] ?? fromRoot('dist/static');
if (existsSync('.env')) process.loadEnvFile('.env');
const { privacyUrl, sourceUrl } = readConfig(process.env);
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
