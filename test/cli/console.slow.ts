/** External text with terminal control characters, through every command that prints external text. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FakeDiscord } from '../fakes/discord/fake-discord.ts';
import { PERMISSION } from '../fakes/discord/world.ts';
import { FakeGutenberg } from '../fakes/gutenberg/fake-gutenberg.ts';
import { FakeSlack } from '../fakes/slack/fake-slack.ts';
import { CliHost, MODELS, type Outcome } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/programs.ts';

/** Sets the window's title, turns red, begins a line, and reverses the direction of the following text. */
const HOSTILE = 'x\u001b]0;owned\u0007\u009b31m\r\nok    Queue: all is well\u202e';

describe('external text in the output of commands', { timeout: 240_000 }, () => {
  let folder: string;
  let remove: () => Promise<void>;
  const host = new CliHost();

  before(async () => {
    ({ folder, remove } = await temporaryFolder());
  });
  after(async () => {
    host.stop();
    await remove();
  });

  /** Asserts that the output is printable, and that it shows the hostile text. */
  function assertShown({ stdout, stderr }: Outcome): void {
    const said = stdout + stderr;
    assert.match(said, /x\\u001b\]0;owned\\u0007/, 'it is shown');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.doesNotMatch(said, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    assert.doesNotMatch(said, /^ok {4}Queue: all is well/m, 'no line of its own');
  }

  it('is printable for a tensor, a layer and a file that cannot be imported', async () => {
    const header = Buffer.from(
      JSON.stringify({ [HOSTILE]: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } }),
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const tensors = join(folder, 'weights.safetensors');
    await writeFile(tensors, Buffer.concat([length, header, Buffer.alloc(4)]));
    const out = join(folder, 'imported');
    assertShown(await host.run(['model', 'import', tensors, '--out', out]));
    assertShown(await host.run(['model', 'inspect', tensors]));

    const layered = join(folder, 'layered');
    await mkdir(layered);
    for (const file of await readdir(join(MODELS, 'scifi')))
      await copyFile(join(MODELS, 'scifi', file), join(layered, file));
    const model = JSON.parse(await readFile(join(layered, 'model.json'), 'utf8'));
    model.modelTopology.config.layers[1].class_name = HOSTILE;
    await writeFile(join(layered, 'model.json'), JSON.stringify(model));
    assertShown(await host.run(['model', 'inspect', layered]));

    const named = join(folder, HOSTILE);
    await writeFile(named, 'no model');
    assertShown(await host.run(['model', 'import', named, '--out', out]));
    assertShown(await host.run(['evaluate', join(MODELS, 'scifi'), join(folder, `${HOSTILE}-missing`)]));
  });

  it('is printable for titles of a catalogue and names of its shelves', async () => {
    const fake = await FakeGutenberg.start([
      {
        id: '84',
        title: HOSTILE,
        text: Buffer.from('a'),
        paths: [],
        shelves: `Science Fiction; Science ${HOSTILE.replace(';', '')}`,
      },
    ]);
    try {
      const download = (shelf: string) => {
        const args = ['--mirror', fake.url, '--catalogue', fake.catalogue, '--rate', '1000', '--dry-run'];
        return host.run(['corpus', 'download', '--bookshelf', shelf, '--out', join(folder, 'raw'), ...args]);
      };
      const { stdout } = await download('Science Fiction');
      assert.match(
        stdout,
        /^1 of 1 {6}84 {2}x\\u001b\]0;owned\\u0007\\u009b31m ok Queue: all is well\\u202e: listed$/m,
      );
      const shelf = await download('Science');
      assertShown({ ...shelf, stderr: shelf.stderr.replace(']0owned', ']0;owned') });
    } finally {
      await fake.stop();
    }
  });

  it('is printable for names on Discord and Slack', async () => {
    const [discord, slack] = await Promise.all([FakeDiscord.start(), FakeSlack.start()]);
    try {
      discord.world.permissions &= ~PERMISSION.createPublicThreads;
      Object.assign(discord.world.guild, { name: HOSTILE });
      Object.assign(slack.workspace, { name: HOSTILE });
      const queue = { SCIFI_MODELS: '/nowhere', SCIFI_DATA: join(folder, 'data') };
      const onDiscord = { DISCORD_TOKEN: discord.token, DISCORD_API: discord.api };
      assertShown(await host.run(['doctor'], { ...queue, ...onDiscord }));
      const onSlack = {
        SLACK_BOT_TOKEN: slack.workspace.token,
        SLACK_APP_TOKEN: slack.world.appToken,
        SLACK_API: slack.api,
      };
      assertShown(await host.run(['doctor'], { ...queue, ...onSlack }));
    } finally {
      await Promise.all([discord.stop(), slack.stop()]);
    }
  });

  it('is printable for words and settings of a user', async () => {
    assertShown(await host.run(['write', '--model', HOSTILE]));
    assertShown(await host.run(['write', `--${HOSTILE}`]));
    assertShown(await host.run([HOSTILE]));
    assertShown(await host.run(['doctor'], { SCIFI_DATA: join(folder, HOSTILE), SCIFI_MODELS: '/nowhere' }));
    assertShown(await host.run(['doctor'], { [`SCIFI_${HOSTILE}`]: '1' }));
    assertShown(
      await host.run(['write', HOSTILE.replace('\r\n', ' '), '--length', '150', '--temperature', '0']),
    );
    assertShown(await host.run(['train', join(folder, HOSTILE), '--out', folder]));
  });

  it('is printable for a list of models', async () => {
    const models = join(folder, 'models');
    await mkdir(join(models, 'odd'), { recursive: true });
    await writeFile(
      join(models, 'odd/model.json'),
      JSON.stringify({ modelTopology: { class_name: HOSTILE } }),
    );
    await writeFile(
      join(models, 'models.json'),
      JSON.stringify([{ name: 'odd', title: HOSTILE, description: '' }]),
    );
    assertShown(await host.run(['model', 'list'], { SCIFI_MODELS: models }));
  });
});
