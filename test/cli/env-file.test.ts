import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readEnvFile } from '../../src/cli/env-file.ts';
import { readConfig } from '../../src/config.ts';
import { type Outcome, scifi } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/programs.ts';

const LINES = '# settings\nSCIFI_PORT=4000\nSCIFI_PREFIX="böse Überschrift"\r\nLOG_LEVEL=debug\n';

/** A text in the encodings that editors write. */
const ENCODED: Readonly<Record<string, Buffer>> = {
  'UTF-8': Buffer.from(LINES),
  'UTF-8 with a byte-order mark': Buffer.from(`\ufeff${LINES}`),
  'UTF-16 as Windows has it': Buffer.from(`\ufeff${LINES}`, 'utf16le'),
  'UTF-16 of the other byte order': Buffer.from(`\ufeff${LINES}`, 'utf16le').swap16(),
  'UTF-16 without a mark': Buffer.from(LINES, 'utf16le'),
  'the line ends of an old Mac': Buffer.from(LINES.replaceAll(/\r?\n/g, '\r')),
};

describe('the settings file', () => {
  let folder: string;
  let remove: () => Promise<void>;

  before(async () => {
    ({ folder, remove } = await temporaryFolder());
  });
  after(() => remove());

  async function read(content: string | Buffer) {
    const path = join(folder, 'settings');
    await writeFile(path, content);
    return readEnvFile(path)!;
  }

  for (const [encoding, content] of Object.entries(ENCODED)) {
    it(`is read in ${encoding}`, async () => {
      const { values } = await read(content);
      assert.deepEqual(
        { ...values },
        { SCIFI_PORT: '4000', SCIFI_PREFIX: 'böse Überschrift', LOG_LEVEL: 'debug' },
      );
    });
  }

  it('names lines that are not settings, and keeps the line after them', async () => {
    const { values, notices } = await read('DISCORD_TOKEN a.b.c\nSCIFI_PORT=1\nA="one\ntwo"\nnonsense\n');
    assert.deepEqual({ ...values }, { SCIFI_PORT: '1', A: 'one\ntwo' });
    assert.deepEqual(
      notices.map((notice) => /line (\d+) is no setting/.exec(notice)?.[1]),
      ['1', '5'],
    );
    assert.doesNotMatch(notices.join(), /a\.b\.c|nonsense/, 'it may be a secret');
  });

  it('reports why it cannot be read', async () => {
    assert.equal(readEnvFile(join(folder, 'nosuch')), undefined);
    await mkdir(join(folder, 'a folder'));
    assert.throws(() => readEnvFile(join(folder, 'a folder')), {
      code: 'configuration',
      message: /a folder is a folder\. Remove it, or put a file in its place/,
    });
    await assert.rejects(read(Buffer.from([0x41, 0x3d, 0xff, 0xc0])), {
      message: /is not UTF-8 text\. Save it again/,
    });
  });

  it('is read from the command’s folder, below the environment, without a stack trace', async () => {
    const at = async (name: string, content: Buffer | undefined): Promise<Outcome> => {
      const place = join(folder, name);
      await mkdir(place);
      if (content) await writeFile(join(place, '.env'), content);
      else await mkdir(join(place, '.env'));
      return scifi(['doctor'], { SCIFI_MODELS: '/nowhere', SCIFI_DATA: join(place, 'data') }, place);
    };
    const [wide, isFolder] = await Promise.all([
      at('wide', Buffer.from('\ufeffSCIFI_OPERATOR_PORT=0\nSCIFI_PORT=99999\nno setting\n', 'utf16le')),
      at('folder', undefined),
    ]);
    assert.match(wide.stdout, /^ok {4}Settings: from the environment and \.env$/m);
    assert.match(wide.stdout, /^ +note: \.env is UTF-16, and was read as that/m);
    assert.match(wide.stdout, /^ +note: \.env, line 3 is no setting/m);
    assert.match(wide.stdout, /^ok {4}Operator port: can listen/m);
    assert.equal(isFolder.code, 2);
    assert.match(isFolder.stderr, /^\.env is a folder\. .*\n$/);
  });
});

describe('settings with extra characters around or beside them', () => {
  const SECRET = '0123456789abcdef0123456789abcdef';
  const slack = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_PORT: '3001' };

  it('lose surrounding white space, line ends, invisible characters and quotes', () => {
    for (const around of [
      `${SECRET}\n`,
      ` ${SECRET}\r\n`,
      `\u200b${SECRET}\ufeff`,
      `"${SECRET}"`,
      `' ${SECRET} '`,
    ]) {
      const { slack: read, notices } = readConfig({ ...slack, SLACK_SIGNING_SECRET: around });
      assert.equal(read!.http!.signingSecret, SECRET);
      assert.match(
        notices.join(),
        /^SLACK_SIGNING_SECRET: the white space or quotes around its value were left out\.$/,
      );
    }
    assert.deepEqual(readConfig({ ...slack, SLACK_SIGNING_SECRET: SECRET }).notices, []);
    assert.equal(readConfig({ SCIFI_PORT: ' 4000\n' }).port, 4_000);
  });

  it('are refused with characters inside them that no platform writes', () => {
    for (const inside of [`${SECRET} ${SECRET}`, `${SECRET}\n${SECRET}`, `${SECRET}\u200b0`, `“${SECRET}”`]) {
      assert.throws(
        () => readConfig({ ...slack, SLACK_SIGNING_SECRET: inside }),
        (error: Error) =>
          /SLACK_SIGNING_SECRET: contains white space or/.test(error.message) &&
          !error.message.includes(SECRET),
      );
    }
  });

  it('keep characters that may belong to a password, with a warning', () => {
    const operator = { SCIFI_OPERATOR_PORT: '0' };
    const { operator: read, notices } = readConfig({
      ...operator,
      SCIFI_BOARD_PASSWORD: ' correct horse"\n',
    });
    assert.equal(read!.boardPassword, ' correct horse"');
    assert.match(notices.join(), /^SCIFI_BOARD_PASSWORD begins or ends with white space/);
    assert.equal(
      readConfig({ ...operator, SCIFI_BOARD_PASSWORD: 'correct horse\n' }).operator!.boardPassword,
      'correct horse',
    );
  });

  it('are found under misspelled names', () => {
    const misspelt: [string, string][] = [
      ['DISCORD_TOKN', 'DISCORD_TOKEN'],
      ['DICSORD_TOKEN', 'DISCORD_TOKEN'],
      ['discord_token', 'DISCORD_TOKEN'],
      ['SLACK_SIGNING_SECRETS', 'SLACK_SIGNING_SECRET'],
      ['SLAK_APP_TOKEN', 'SLACK_APP_TOKEN'],
      ['SCIFI_PROT', 'SCIFI_PORT'],
      ['SCFI_PORT', 'SCIFI_PORT'],
      ['REDIS_URI', 'REDIS_URL'],
    ];
    for (const [name, meant] of misspelt) {
      assert.throws(() => readConfig({ [name]: 'hunter2' }), {
        code: 'configuration',
        message: `The settings cannot be used. ${name}: there is no such setting (did you mean ${meant}?).`,
      });
    }
    assert.throws(() => readConfig({ SCIFI_NONSENSE: '1' }), /SCIFI_NONSENSE: there is no such setting/);
  });

  it('only cause a warning where the name may be another program’s', () => {
    const { notices } = readConfig({
      DISCORD_BOT_TOKEN: 'hunter2',
      SLACK_WEBHOOK_URL: 'hunter2',
      REDIS_URI: 'hunter2',
      REDIS_URL: 'redis://host',
      HOME: '/root',
      OTEL_SERVICE_NAME: 'x',
      npm_lifecycle_event: 'x',
    });
    assert.equal(notices.length, 2, notices.join('\n'));
    assert.match(notices[0]!, /^DISCORD_BOT_TOKEN: .*nothing reads it; did you mean DISCORD_TOKEN\?$/);
    assert.match(notices[1]!, /^SLACK_WEBHOOK_URL: there is no such setting, and nothing reads it\.$/);
  });

  it('are reduced to host names where host names are expected', () => {
    const read = (hosts: string) => readConfig({ SCIFI_ALLOWED_HOSTS: hosts }).allowedHosts;
    assert.deepEqual(read('https://Scifi.Example.org/, stories.example.org:8443 ,localhost'), [
      'scifi.example.org',
      'stories.example.org',
      'localhost',
    ]);
    assert.deepEqual(read('http://[::1]:3000'), ['[::1]']);
    for (const wrong of [
      'https://example.org/path',
      '*.example.org',
      'two words',
      'https://',
      'user@example.org',
    ]) {
      assert.throws(() => read(wrong), /SCIFI_ALLOWED_HOSTS: expected host names such as/, wrong);
    }
    for (const name of ['SCIFI_HOST', 'SCIFI_OPERATOR_HOST']) {
      for (const wrong of ['http://0.0.0.0', '0.0.0.0:3000', 'localhost:3000', '*']) {
        assert.throws(
          () => readConfig({ [name]: wrong }),
          new RegExp(`${name}: expected an address or a name`),
        );
      }
      for (const right of ['0.0.0.0', '::', '[::1]', 'localhost', 'my-machine.lan'])
        readConfig({ [name]: right });
    }
    assert.equal(readConfig({ SCIFI_HOST: '[::1]' }).host, '::1');
    const discord = { DISCORD_TOKEN: 'a.b.c', DISCORD_API: 'https://discord.com/api/v10/' };
    assert.equal(readConfig(discord).discord!.api, 'https://discord.com/api');
  });
});
