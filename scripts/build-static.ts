/**
 * Builds the page without a server.
 *
 *   npm run build:static [-- FOLDER]
 */
import { fileURLToPath } from 'node:url';
import { buildStatic } from '../src/static/build.ts';

const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const folder = process.argv[2] ?? fromRoot('dist/static');
const sizes = await buildStatic(folder, { modelsFolder: fromRoot('models') });
for (const [path, size] of sizes)
  console.log(
    `${Math.ceil(size / 1_024)
      .toLocaleString('en')
      .padStart(7)} KiB  ${path}`,
  );
console.log(`Built into ${folder}. Any static host serves it, from any path.`);
