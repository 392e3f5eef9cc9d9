/** `scifi block` at a terminal, with the embedded queue. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CliHost, type Outcome, scifi } from './helpers/cli.ts';

const EVE = 'discord:user:123456789012345678';
const TEAM = 'slack:workspace:T0123';

describe('scifi block', { timeout: 240_000 }, () => {
  const host = new CliHost();
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scifi-block-'));
  });
  after(async () => {
    host.stop();
    await rm(folder, { recursive: true });
  });

  function run(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
    return host.run(['block', ...args], { SCIFI_DATA: folder, ...env });
  }

  it('adds, lists and removes entries, and another process finds the added ones', async () => {
    assert.equal((await run(['list'])).stdout, 'Nothing is blocked.\n');
    const added = await run(['add', EVE, TEAM]);
    assert.deepEqual([added.code, added.stdout], [0, `${EVE} is blocked.\n${TEAM} is blocked.\n`]);
    const listed = await scifi(['block', 'list'], { SCIFI_DATA: folder, SCIFI_BLOCKED: 'slack:user:U99' });
    assert.deepEqual(
      listed.stdout.trim().split('\n').toSorted(),
      [EVE, 'slack:user:U99 (SCIFI_BLOCKED)', TEAM].toSorted(),
    );
    assert.equal((await run(['remove', EVE])).stdout, `${EVE} is no longer blocked.\n`);
    assert.equal((await run(['remove', EVE])).stdout, `${EVE} was not blocked.\n`);
    const stays = await run(['remove', TEAM], { SCIFI_BLOCKED: TEAM });
    assert.match(stays.stdout, /stays blocked by SCIFI_BLOCKED/);
  });

  it('reports mistakes', async () => {
    const nonsense = await run(['add', 'discord:user:ann']);
    assert.equal(nonsense.code, 2);
    assert.match(nonsense.stderr, /Give one or more of discord:user:ID, discord:server:ID/);
    const setting = await run(['list'], { SCIFI_BLOCKED: 'ann' });
    assert.equal(setting.code, 2);
    assert.match(setting.stderr, /SCIFI_BLOCKED: expected a list with commas of discord:user:ID/);
    const away = await run(['list'], { REDIS_URL: 'redis://127.0.0.1:1' });
    assert.equal(away.code, 1);
    assert.doesNotMatch(away.stderr, /\n\s+at /, 'no stack trace');
  });
});
