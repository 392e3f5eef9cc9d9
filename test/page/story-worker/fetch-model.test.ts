import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { saveModel } from '../../../src/generator/model/files.ts';
import { fetchModel, sha256Of } from '../../../src/page/story-worker/fetch-model.ts';
import { randomModel } from '../../generator/model/random-model.ts';
import { temporaryFolder } from '../../helpers/programs.ts';

const FOLDER = new URL('http://host/scifi/models/small/');

describe('fetching a model', () => {
  let folder: string;
  let remove: () => Promise<void>;
  before(async () => {
    ({ folder, remove } = await temporaryFolder());
    await saveModel(folder, randomModel({ seed: 1 }), { dtype: 'float32' });
  });
  after(() => remove());

  /** The files as a host gives them, changed by `change`. */
  const host =
    (change: (file: string, bytes: Buffer) => Uint8Array | undefined = (_file, bytes) => bytes) =>
    async (input: RequestInfo | URL): Promise<Response> => {
      const file = fileURLToPath(String(input).replace(FOLDER.href, 'file:///')).slice(1);
      const body = change(file, await readFile(`${folder}/${file}`));
      return body ? new Response(new Uint8Array(body)) : new Response('', { status: 404 });
    };
  const load = (fetcher: typeof fetch, onProgress = (_share: number) => {}) =>
    fetchModel(FOLDER, 'small', onProgress, fetcher);

  it('returns the saved model, and reports progress', async () => {
    const shares: number[] = [];
    const model = await load(host(), (share) => shares.push(share));
    const saved = randomModel({ seed: 1 });
    assert.deepEqual(model.layers, saved.layers);
    assert.ok(shares.every((share, i) => share > (shares[i - 1] ?? 0)));
    assert.equal(shares.at(-1), 1);
  });

  const faults: Record<string, [(file: string, bytes: Buffer) => Uint8Array | undefined, RegExp]> = {
    'a missing file': [
      (file, bytes) => (file === 'vocabulary.json' ? undefined : bytes),
      /small\/vocabulary\.json .*404/,
    ],
    'a file that is not JSON': [
      (file, bytes) => (file === 'model.json' ? Buffer.from('<html>') : bytes),
      /small\/model\.json .*not JSON/,
    ],
    'weights with one bit changed': [
      (file, bytes) => {
        if (file === 'weights.bin') bytes[7]! ^= 1;
        return bytes;
      },
      /small\/weights\.bin .*SHA-256/,
    ],
    'truncated weights': [
      (file, bytes) => (file === 'weights.bin' ? bytes.subarray(0, -4) : bytes),
      /small\/weights\.bin .*bytes/,
    ],
    'weights that are too long': [
      (file, bytes) => (file === 'weights.bin' ? Buffer.concat([bytes, bytes]) : bytes),
      /small\/weights\.bin .*larger/,
    ],
  };
  for (const [what, [change, message]] of Object.entries(faults)) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(load(host(change)), { code: 'model_unavailable', message });
    });
  }

  it('reports a lost connection', async () => {
    const away = () => Promise.reject(new TypeError('fetch failed'));
    await assert.rejects(load(away), { code: 'model_unavailable', message: /Check the connection/ });
  });
});

const WITHOUT_SUBTLE = null as unknown as undefined;

test('without crypto.subtle the digest is that of node:crypto', async () => {
  // Around the ends of one and two blocks, where the padding changes.
  const lengths = [0, 1, 55, 56, 63, 64, 65, 119, 120, 128];
  const anyBytes = fc.oneof(
    fc.constantFrom(...lengths).chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
    fc.uint8Array({ maxLength: 1_000 }),
  );
  await fc.assert(
    fc.asyncProperty(anyBytes, async (bytes) => {
      const expected = createHash('sha256').update(bytes).digest('hex');
      assert.equal(await sha256Of(bytes as Uint8Array<ArrayBuffer>, WITHOUT_SUBTLE), expected);
      assert.equal(await sha256Of(bytes as Uint8Array<ArrayBuffer>), expected);
    }),
  );
});
