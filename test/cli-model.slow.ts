/** `scifi model` at a terminal: a Keras model is imported, shown, offered, writes, and is exported again. */
import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ancestorLayers, kerasHdf5 } from './generator/model/formats/keras-files.ts';
import { CliHost, MODELS, type Outcome } from './helpers/cli.ts';
import { temporaryFolder } from './helpers/programs.ts';

const PRINTABLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(32 + i));
const CHARACTERS = ['\n', ...PRINTABLE];

describe('scifi model', () => {
  let folder: string;
  let remove: () => Promise<void>;
  const host = new CliHost();
  const file = (name: string) => join(folder, name);
  const model = (...args: string[]) => host.run(['model', ...args], { SCIFI_MODELS: file('models') });
  async function succeeds(running: Promise<Outcome>): Promise<string> {
    const { code, stdout, stderr } = await running;
    assert.deepEqual([code, stderr], [0, '']);
    return stdout;
  }

  before(async () => {
    ({ folder, remove } = await temporaryFolder());
    await mkdir(file('models'));
    await mkdir(file('models/plots'));
    await cp(join(MODELS, 'scifi'), file('models/scifi'), { recursive: true });
    const choices = [{ name: 'scifi', title: 'Science fiction', description: 'Pulp' }];
    await writeFile(file('models/models.json'), JSON.stringify(choices));
    const bytes = await kerasHdf5(ancestorLayers(CHARACTERS.length));
    await writeFile(file('Beat.h5'), bytes);
    await writeFile(file('cut.h5'), bytes.subarray(0, bytes.length / 2));
    await writeFile(file('text.h5'), 'The ship was lost.');
    const charToId = Object.fromEntries(CHARACTERS.map((character, id) => [character, id]));
    await writeFile(file('dict.json'), JSON.stringify(charToId));
  });
  after(async () => {
    host.stop();
    await remove();
  });

  it('imports, shows, offers and runs the ancestor’s network, and exports it to the same weights', async () => {
    const said = await succeeds(model('import', file('Beat.h5'), '--vocabulary', file('dict.json')));
    assert.match(said, /^Beat\.h5 \(HDF5 of Keras 2\.1\.5\) is now .*models\/beat, version [0-9a-f]{12}\.$/m);
    assert.match(said, /^Reading: windows of 50 characters\.\nA character costs 2 steps/m);
    assert.match(await readFile(file('models/beat/README.md'), 'utf8'), /\| Imported from +\| HDF5 of Keras/);
    const inspected = await succeeds(model('inspect', 'beat'));
    assert.match(inspected, /^LSTM of 6, relu and hard_sigmoid +5 +6 +288$/m);

    assert.match(await succeeds(model('list')), /^beat +no .*\n$/m);
    assert.match(await succeeds(model('use', 'beat')), /^beat is the default now, before scifi\./);
    const listed = await succeeds(model('list'));
    assert.match(listed, /^beat +default .*\nscifi +yes /m);
    assert.doesNotMatch(listed, /plots/);
    const write = ['write', 'It all', '--length', '70', '--seed', '3', '--model', 'beat'];
    const story = await succeeds(host.run(write, { SCIFI_MODELS: file('models') }));
    assert.ok(story.startsWith('It all') && story.length > 40, story);
    assert.equal(await succeeds(host.run([...write.slice(0, -1), file('models/beat')])), story);

    const versions = new Set<string>();
    for (const [format, out] of [
      ['hdf5', 'again.h5'],
      ['tfjs', 'again'],
    ] as const) {
      await succeeds(model('export', 'beat', file(out), '--format', format));
      const into = file(`models/from-${format}`);
      const dictionary = ['--vocabulary', file('dict.json'), '--out', into];
      versions.add(/version (\w+)/.exec(await succeeds(model('import', file(out), ...dictionary)))![1]!);
    }
    versions.add(/version (\w+)/.exec(said)![1]!);
    assert.equal(versions.size, 1, [...versions].join());
    await succeeds(model('export', 'beat', file('again.onnx'), '--format', 'onnx'));
    const dictionary = JSON.parse(await readFile(file('again.onnx.id-to-char.json'), 'utf8'));
    assert.deepEqual(Object.values(dictionary), CHARACTERS);
  });

  it('refuses in one line that names the fault', async () => {
    const vocabulary = ['--vocabulary', file('dict.json'), '--out', file('models/bad')];
    for (const [args, sentence] of [
      [['import', file('nosuch.h5'), ...vocabulary], /^nosuch\.h5 cannot be imported: there is no such file/],
      [['import', file('cut.h5'), ...vocabulary], /^cut\.h5 cannot be imported: it is not a whole HDF5 file/],
      [['import', file('text.h5'), ...vocabulary], /it is none of HDF5, \.keras, safetensors/],
      [['import', file('Beat.h5'), '--out', file('x')], /--vocabulary/],
      [
        [
          'import',
          file('Beat.h5'),
          '--vocabulary',
          join(MODELS, 'scifi/vocabulary.json'),
          '--out',
          file('x'),
        ],
        /its ids end at 96, but those of the model in Beat\.h5 at 94/,
      ],
      [['import', file('Beat.h5'), ...vocabulary, '--window', '0'], /window/],
      [['export', 'scifi', file('dict.json'), '--format', 'onnx'], /exists already/],
      [
        ['export', 'scifi', file('y'), '--format', 'tfjs', '--weights', 'int8'],
        /Use --format scifi for int8/,
      ],
      [
        ['export', 'scifi', file('y'), '--format', 'onnx', '--weights', 'int8'],
        /weights of onnx are float32/,
      ],
      [['export', 'scifi', file('y'), '--format', 'pickle'], /Allowed choices are tfjs, onnx, hdf5/],
      [['use', 'nosuch'], /nosuch\/model\.json cannot be used: there is no such file/],
      [['inspect', file('cut.h5')], /it is not a whole HDF5 file/],
    ] as const) {
      const { code, stdout, stderr } = await model(...args);
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
      assert.match(stderr, sentence);
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /\n +at /);
    }
  });
});
