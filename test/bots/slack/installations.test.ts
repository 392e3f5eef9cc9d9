/** Tokens at rest: unreadable without the key, and removed with the app. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Installation } from '@slack/bolt';
import { pino } from 'pino';
import { NoInstallation } from '../../../src/bots/slack/failures.ts';
import { Installations } from '../../../src/bots/slack/installations.ts';
import type { QueueConnection } from '../../../src/queue/connection.ts';
import { BACKENDS, type Backend } from '../../helpers/backends.ts';

const logger = pino({ level: 'silent' });
const TOKEN = 'xoxb-1234567890-secret';

function installation(teamId: string): Installation<'v2', false> {
  return {
    team: { id: teamId, name: 'A team' },
    enterprise: undefined,
    user: { id: 'U1', token: undefined, scopes: undefined },
    bot: { id: 'B1', userId: 'U0', scopes: ['commands'], token: TOKEN },
    isEnterpriseInstall: false,
    authVersion: 'v2',
  };
}

const organisation = {
  ...installation(''),
  team: undefined,
  enterprise: { id: 'E1' },
  isEnterpriseInstall: true,
} as Installation<'v2', true>;

describe('installations of the Slack app', { timeout: 240_000 }, () => {
  let backend: Backend;
  let connection: QueueConnection;
  const key = randomBytes(32);

  before(async () => {
    backend = await BACKENDS.find(({ skip }) => !skip)!.start();
    connection = await backend.connect();
  });
  after(() => backend.stop());

  async function open(withKey = key): Promise<Installations> {
    const installations = new Installations(connection, withKey, logger);
    await installations.ready();
    return installations;
  }

  it('persist across processes, by workspace and by organisation', async () => {
    const first = await open();
    await first.storeInstallation(installation('T1'));
    await first.storeInstallation(organisation);
    const second = await open();
    assert.equal(await second.tokenOf({ teamId: 'T1' }), TOKEN);
    assert.deepEqual(await second.scopesOf({ teamId: 'T1' }), ['commands']);
    assert.equal(
      await second.tokenOf({ teamId: 'T9', enterpriseId: 'E1', isEnterpriseInstall: true }),
      TOKEN,
    );
    await assert.rejects(second.tokenOf({ teamId: 'T9' }), NoInstallation);
    await assert.rejects(second.scopesOf({ teamId: 'T9' }), NoInstallation);
    await Promise.all([first.close(), second.close()]);
  });

  it('hold no token in plain text, and none that another key or another workspace decrypts', async () => {
    const installations = await open();
    await installations.storeInstallation(installation('T2'));
    const queue = connection.queue<{ sealed: string }, never>('settings-slack-installations');
    const job = (await queue.getJob('kteam-T2'))!;
    const kept = JSON.stringify(job.data);
    assert.doesNotMatch(kept, /xoxb|secret|A team/);
    assert.doesNotMatch(Buffer.from(job.data.sealed, 'base64').toString('latin1'), /xoxb|secret|A team/);
    const stranger = await open(randomBytes(32));
    await assert.rejects(stranger.tokenOf({ teamId: 'T2' }), /SLACK_ENCRYPTION_KEY is another one/);
    // An attacker with write access to the queue's store gives one workspace the token of another.
    await queue.add('setting' as never, job.data as never, { jobId: 'kteam-T3' });
    await assert.rejects(installations.tokenOf({ teamId: 'T3' }), /cannot be decrypted/);
    const sealed = Buffer.from(job.data.sealed, 'base64');
    sealed[sealed.length - 1]! ^= 1;
    await job.updateData({ sealed: sealed.toString('base64') } as never);
    const another = await open();
    await assert.rejects(another.tokenOf({ teamId: 'T2' }), /cannot be decrypted/);
    await Promise.all([installations.close(), stranger.close(), another.close(), queue.close()]);
  });

  it('are encrypted differently every time, and removed with the app', async () => {
    const installations = await open();
    const queue = connection.queue<{ sealed: string }, never>('settings-slack-installations');
    const sealedOnce = async () => {
      await installations.storeInstallation(installation('T4'));
      return (await queue.getJob('kteam-T4'))!.data.sealed;
    };
    assert.notEqual(await sealedOnce(), await sealedOnce());
    assert.equal(await installations.tokenOf({ teamId: 'T4' }), TOKEN);
    await installations.deleteInstallation({
      teamId: 'T4',
      enterpriseId: undefined,
      isEnterpriseInstall: false,
    });
    await assert.rejects(installations.tokenOf({ teamId: 'T4' }), NoInstallation);
    assert.equal(await queue.getJob('kteam-T4'), undefined);
    await Promise.all([installations.close(), queue.close()]);
  });

  it('require a key of 32 bytes', () => {
    assert.throws(() => new Installations(connection, randomBytes(16), logger), RangeError);
  });
});
