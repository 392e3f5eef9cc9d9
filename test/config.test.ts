import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { SETTINGS } from '../src/config/settings.ts';
import { readConfig } from '../src/config.ts';

describe('readConfig', () => {
  it('has a default for every setting, and takes empty values for absent ones', () => {
    const config = readConfig({});
    assert.deepEqual(
      [config.redisUrl, config.pace, config.slots, config.host, config.port, config.retentionMs],
      [undefined, 120, 64, '127.0.0.1', 3_000, 24 * 3_600_000],
    );
    assert.deepEqual(readConfig({ REDIS_URL: '', SCIFI_PACE: '', SCIFI_PORT: '' }), config);
    assert.deepEqual(readConfig({ SCIFI_PORT: ' ', SCIFI_PACE: '\t', SCIFI_PREFIX: ' ' }), config);
    assert.ok(config.threads >= 1);
  });

  it('reads the set values', () => {
    const config = readConfig({
      REDIS_URL: 'rediss://user:word@host:1/2',
      SCIFI_PACE: '0',
      SCIFI_ALLOWED_HOSTS: ' a.example , b.example,',
    });
    assert.equal(config.redisUrl, 'rediss://user:word@host:1/2');
    assert.equal(config.pace, 0);
    assert.deepEqual(config.allowedHosts, ['a.example', 'b.example']);
  });

  it('names every mistake at once', () => {
    assert.throws(
      () =>
        readConfig({
          SCIFI_PROT: '1',
          SCIFI_PORT: 'x',
          SCIFI_SLOTS: '0',
          REDIS_URL: 'host:6379',
          LOG_LEVEL: 'loud',
        }),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'configuration');
        for (const name of ['SCIFI_PROT', 'SCIFI_PORT', 'SCIFI_SLOTS', 'REDIS_URL', 'LOG_LEVEL']) {
          assert.match(error.message, new RegExp(`${name}: `));
        }
        return true;
      },
    );
  });

  it('reads the Redis options besides the address, each into its own field', () => {
    const files = { REDIS_TLS_CA: 'ca.pem', REDIS_TLS_CERT: 'cert.pem', REDIS_TLS_KEY: 'key.pem' };
    const sentinel = { REDIS_SENTINEL_USERNAME: 'me', REDIS_SENTINEL_PASSWORD: 'hunter2' };
    const url = 'rediss+sentinel://:word@a,b/main';
    assert.deepEqual(readConfig({ REDIS_URL: url, ...files, ...sentinel }).redisSecurity, {
      files: { ca: resolve('ca.pem'), cert: resolve('cert.pem'), key: resolve('key.pem') },
      sentinel: { username: 'me', password: 'hunter2' },
    });
    assert.deepEqual(readConfig({}).redisSecurity, { files: {}, sentinel: {} });
    const wrong: [Record<string, string>, RegExp][] = [
      [{ REDIS_URL: 'redis://a,b' }, /REDIS_URL: expected one host/],
      [{ REDIS_URL: 'redis+cluster://a/1' }, /REDIS_URL: .*a cluster has only one/],
      [{ REDIS_URL: 'redis://a', REDIS_TLS_CA: 'ca.pem' }, /REDIS_TLS_CA.*begins with rediss/],
      [{ REDIS_URL: 'rediss://a', REDIS_TLS_CERT: 'c' }, /REDIS_TLS_CERT and REDIS_TLS_KEY: only both/],
      [{ REDIS_URL: 'redis://a', REDIS_SENTINEL_PASSWORD: 'hunter2' }, /only with a redis\+sentinel:\/\//],
    ];
    for (const [environment, expected] of wrong) {
      assert.throws(
        () => readConfig(environment),
        ({ message }: Error) => expected.test(message) && !message.includes('hunter2'),
      );
    }
  });

  it('reads block lists, and reports their form', () => {
    const { blocked } = readConfig({ SCIFI_BLOCKED: 'slack:user:U012, discord:server:123456789012345678,' });
    assert.deepEqual(blocked, [
      { platform: 'slack', kind: 'user', id: 'U012' },
      { platform: 'discord', kind: 'community', id: '123456789012345678' },
    ]);
    assert.deepEqual(readConfig({}).blocked, []);
    assert.throws(
      () => readConfig({ SCIFI_BLOCKED: 'slack:user:U012,ann' }),
      /SCIFI_BLOCKED: expected a list/,
    );
  });

  it('reads Slack’s settings together: one workspace or many, Socket Mode or HTTP', () => {
    const bot = { SLACK_BOT_TOKEN: 'xoxb-1' };
    const socket = { SLACK_APP_TOKEN: 'xapp-1' };
    const http = { SLACK_SIGNING_SECRET: 'x'.repeat(32), SLACK_PORT: '3001' };
    const many = {
      SLACK_CLIENT_ID: '1.2',
      SLACK_CLIENT_SECRET: 'secret',
      SLACK_STATE_SECRET: 'x'.repeat(16),
      SLACK_ENCRYPTION_KEY: '0f'.repeat(32),
    };
    assert.equal(readConfig({}).slack, undefined);
    assert.equal(readConfig({ SLACK_REPLY: 'stream' }).slack, undefined);
    const usual = readConfig({ ...bot, ...socket }).slack!;
    assert.deepEqual(
      [usual.botToken, usual.http, usual.reply, usual.api],
      ['xoxb-1', undefined, 'edit', 'https://slack.com/api/'],
    );
    const managed = (list: string) =>
      readConfig({ ...bot, ...socket, SLACK_CHANNEL_MANAGERS: list }).slack!.channelManagers;
    assert.deepEqual(managed('U012, T034'), { isEverybody: false, ids: new Set(['U012', 'T034']) });
    assert.equal(managed('everybody').isEverybody, true);
    assert.deepEqual(usual.channelManagers, { isEverybody: false, ids: new Set() });
    assert.deepEqual(readConfig({ ...bot, ...http }).slack!.http, {
      signingSecret: 'x'.repeat(32),
      port: 3_001,
    });
    assert.equal(readConfig({ ...many, ...http }).slack!.installation!.encryptionKey.length, 32);
    const wrong: [Record<string, string>, RegExp][] = [
      [bot, /SLACK_APP_TOKEN: missing, for Socket Mode; or set SLACK_SIGNING_SECRET and SLACK_PORT/],
      [{ ...bot, SLACK_SIGNING_SECRET: 'x'.repeat(32) }, /SLACK_APP_TOKEN: missing/],
      [socket, /SLACK_BOT_TOKEN: missing/],
      [{ ...socket, ...many, SLACK_STATE_SECRET: '' }, /SLACK_STATE_SECRET: missing/],
      [{ ...socket, ...many }, /SLACK_SIGNING_SECRET or SLACK_PORT: missing, because several workspaces/],
      [{ ...socket, ...bot, ...many, SLACK_PORT: '1' }, /SLACK_BOT_TOKEN: not together with SLACK_CLIENT_ID/],
      [{ SLACK_BOT_TOKEN: 'xoxp-1', ...socket }, /SLACK_BOT_TOKEN: expected the Bot User OAuth Token/],
      [{ ...bot, SLACK_APP_TOKEN: 'xoxb-1' }, /SLACK_APP_TOKEN: expected an App-Level Token/],
      [{ SLACK_CHANNEL_MANAGERS: '@ann' }, /SLACK_CHANNEL_MANAGERS: expected ids of users \(U\.\.\.\)/],
      [{ ...many, SLACK_ENCRYPTION_KEY: 'hunter2' }, /SLACK_ENCRYPTION_KEY: expected 64 hexadecimal digits/],
    ];
    for (const [environment, sentence] of wrong) {
      assert.throws(() => readConfig(environment), { code: 'configuration', message: sentence });
      assert.throws(
        () => readConfig(environment),
        (error: Error) => !error.message.includes('hunter2'),
      );
    }
  });

  it('checks every number against its bounds', () => {
    const bounds: Record<string, [number, number]> = {
      SCIFI_THREADS: [0, 256],
      SCIFI_SLOTS: [1, 8_192],
      SCIFI_MAX_WAITING: [0, 1_000_000],
      SCIFI_LONGEST_WAIT: [0, 86_400],
      SCIFI_PERSON_RUNNING: [0, 1_000],
      SCIFI_PERSON_WAITING: [0, 1_000],
      SCIFI_PERSON_HOURLY: [0, 1_000_000],
      SCIFI_PLACE_STORIES: [0, 1_000_000],
      SCIFI_PLACE_HOURLY: [0, 1_000_000],
      SCIFI_TOGETHER_CHANNEL: [0, 1_000],
      SCIFI_TOGETHER_COMMUNITY: [0, 1_000],
      SCIFI_REPLIES: [1, 100_000],
      SCIFI_PACE: [0, 100_000],
      SCIFI_RETENTION_HOURS: [1, 8_760],
      SCIFI_PORT: [0, 65_535],
      SCIFI_STORIES_PER_MINUTE: [1, 1_000_000],
      SCIFI_REQUESTS_PER_MINUTE: [1, 100_000_000],
    };
    for (const [name, [least, most]] of Object.entries(bounds)) {
      for (const value of [least, most]) readConfig({ [name]: String(value) });
      for (const value of [least - 1, most + 1, least + 0.5, 'many', 'NaN', 'Infinity']) {
        assert.throws(
          () => readConfig({ [name]: String(value) }),
          { code: 'configuration', message: new RegExp(`${name}: expected`) },
          `${name}=${value}`,
        );
      }
    }
    // Words are checked against the allowed ones.
    for (const proxies of [
      'loopback',
      '10.0.0.1',
      '10.0.0.0/8, 192.168.0.0/16',
      '::1,fc00::/7,uniquelocal',
    ]) {
      assert.equal(readConfig({ SCIFI_TRUST_PROXY: proxies }).trustProxy, proxies);
    }
    for (const wrong of [
      { SCIFI_PREFIX: 'a b' },
      { SCIFI_ENGINE: 'gpu' },
      { REDIS_URL: 'redis://[' },
      { SCIFI_PAGE_LIMITS: 'some' },
      { SCIFI_TRUST_PROXY: 'true' },
      { SCIFI_TRUST_PROXY: '10.0.0.0/33' },
      { SCIFI_TRUST_PROXY: 'loopback/8' },
      { SCIFI_TRUST_PROXY: 'proxy.example.org' },
    ]) {
      assert.throws(() => readConfig(wrong), { message: new RegExp(`${Object.keys(wrong)[0]}: `) });
    }
  });

  it('never repeats a value, which may be a secret', () => {
    assert.throws(
      () => readConfig({ REDIS_URL: 'http://user:hunter2@host' }),
      (error: Error) => !error.message.includes('hunter2'),
    );
  });

  it('is documented, setting by setting and with the actual defaults, in .env.example', async () => {
    const example = await readFile(new URL('../.env.example', import.meta.url), 'utf8');
    const shown = Object.fromEntries(
      [...example.matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value!]),
    );
    assert.deepEqual(Object.keys(shown).toSorted(), SETTINGS.toSorted());
    const { REDIS_URL, ...defaults } = shown;
    assert.ok(REDIS_URL);
    assert.deepEqual(readConfig(defaults), readConfig({}));

    const limits = await readFile(new URL('../docs/limits.md', import.meta.url), 'utf8');
    const rows = [...limits.matchAll(/^\| `(SCIFI_\w+)` \| *`?([^|`]*?)`? *\|/gm)];
    assert.ok(rows.length >= 12);
    for (const [, name, value] of rows) assert.equal(value!.replaceAll(',', ''), defaults[name!], name);
  });
});
