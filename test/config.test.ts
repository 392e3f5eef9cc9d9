import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { readConfig, SETTINGS } from '../src/config.ts';

describe('readConfig', () => {
  it('has a default for everything, and takes empty values for absent ones', () => {
    const config = readConfig({});
    assert.deepEqual(
      [config.redisUrl, config.pace, config.slots, config.host, config.port, config.retentionMs],
      [undefined, 120, 64, '127.0.0.1', 3_000, 24 * 3_600_000],
    );
    assert.deepEqual(readConfig({ REDIS_URL: '', SCIFI_PACE: '', SCIFI_PORT: '' }), config);
    assert.ok(config.threads >= 1);
  });

  it('reads what is set', () => {
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

  it('never repeats a value, which may be a secret', () => {
    assert.throws(
      () => readConfig({ REDIS_URL: 'http://user:hunter2@host' }),
      (error: Error) => !error.message.includes('hunter2'),
    );
  });

  it('is explained, setting by setting and with the true defaults, in .env.example', async () => {
    const example = await readFile(new URL('../.env.example', import.meta.url), 'utf8');
    const shown = Object.fromEntries(
      [...example.matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value!]),
    );
    assert.deepEqual(Object.keys(shown).toSorted(), SETTINGS.toSorted());
    const { REDIS_URL, ...defaults } = shown;
    assert.ok(REDIS_URL);
    assert.deepEqual(readConfig(defaults), readConfig({}));
  });
});
