/** The dependencies of this project: exact versions that were tested, under reviewed licences. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { isAllowed, type Lockfile, licenceProblems, thirdParty } from '../scripts/licences.ts';

const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'] as const;

const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8');

describe('the supply chain', () => {
  it('has exact versions, and a lockfile that agrees and has a checksum for every package', async () => {
    const manifest = JSON.parse(await read('package.json'));
    const lockfile = JSON.parse(await read('package-lock.json'));
    for (const kind of KINDS) {
      for (const [name, version] of Object.entries<string>(manifest[kind])) {
        assert.match(version, EXACT, `${kind}: ${name}`);
        if (kind === 'overrides') continue;
        assert.equal(lockfile.packages[''][kind][name], version, `${kind}: ${name}`);
        const locked = lockfile.packages[`node_modules/${name}`];
        assert.equal(locked.version, version, `${kind}: ${name}`);
      }
    }
    for (const [path, { integrity, link }] of Object.entries<{ integrity?: string; link?: boolean }>(
      lockfile.packages,
    )) {
      if (path === '') continue;
      assert.match(integrity ?? '', /^sha512-/, path);
      assert.equal(link, undefined, path);
    }
  });

  it('installs the packages of the CUDA engine from a lockfile with checksums, in this core’s version', async () => {
    const folder = 'src/cli/engine/cuda-packages';
    const { dependencies } = JSON.parse(await read(`${folder}/package.json`));
    const lockfile = JSON.parse(await read(`${folder}/package-lock.json`));
    assert.deepEqual(lockfile.packages[''].dependencies, dependencies);
    for (const [name, version] of Object.entries<string>(dependencies)) assert.match(version, EXACT, name);
    for (const [path, { integrity }] of Object.entries<{ integrity?: string }>(lockfile.packages)) {
      if (path !== '') assert.match(integrity ?? '', /^sha512-/, path);
    }
    assert.deepEqual(licenceProblems(lockfile), []);
    const own = JSON.parse(await read('package.json')).dependencies['@tensorflow/tfjs-core'];
    assert.equal(dependencies['@tensorflow/tfjs-node-gpu'], own);
  });

  it('runs no install script of a package', async () => {
    assert.match(await read('.npmrc'), /^ignore-scripts=true$/m);
    assert.deepEqual(JSON.parse(await read('package.json')).allowScripts, {});
  });

  it('has only reviewed licences, all of them in THIRD-PARTY.md', async () => {
    const lockfile = JSON.parse(await read('package-lock.json')) as Lockfile;
    assert.deepEqual(licenceProblems(lockfile), []);
    assert.equal(await read('THIRD-PARTY.md'), thirdParty(lockfile), 'run `npm run licences`');
  });

  it('evaluates licence expressions, and reports packages without an allowed one', () => {
    for (const good of ['MIT', '(MIT OR GPL-3.0-only)', 'Apache-2.0 AND MIT', 'GPL-2.0-only OR ISC']) {
      assert.equal(isAllowed(good), true, good);
    }
    for (const bad of ['GPL-3.0-only', 'MIT AND AGPL-3.0-only', 'UNLICENSED', 'SEE LICENSE IN LICENSE', '']) {
      assert.equal(isAllowed(bad), false, bad);
    }
    const packages = {
      '': {},
      'node_modules/a/node_modules/@b/c': {},
      'node_modules/d': { license: 'AGPL-3.0' },
    };
    assert.deepEqual(licenceProblems({ packages }), [
      '@b/c: it states no licence',
      'd: AGPL-3.0 was not reviewed',
    ]);
  });

  it('is tested on every promised Node version, by actions pinned to a commit', async () => {
    const { engines } = JSON.parse(await read('package.json'));
    const text = await read('.github/workflows/ci.yml');
    const { jobs, permissions } = parse(text);
    assert.deepEqual(permissions, { contents: 'read' });
    const { strategy, steps } = jobs.test;
    assert.deepEqual(strategy.matrix.node, [20, 22, 24]);
    for (const version of strategy.matrix.node) assert.match(engines.node, new RegExp(`\\b${version}\\b`));
    assert.ok(steps.some((step: { run?: string }) => step.run === 'bash .ci/run'));
    const uses = text.split('\n').filter((line) => line.includes('uses:'));
    assert.equal(uses.length, 4);
    for (const line of uses) assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });
});
