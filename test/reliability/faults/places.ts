/** Failures of a process's environment: its weights, its disk, its clock, its event loop, its chats. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Deployment } from '../../harness/deployment.ts';
import { embeddedFolder } from '../../helpers/embedded-folder.ts';
import { printed } from '../../helpers/processes.ts';
import { temporaryFolder, until } from '../../helpers/programs.ts';
import { count, type Fate } from '../counts.ts';
import { type Fault, FEW_SLOTS } from '../fault.ts';
import { CROWD, countAndAskAgain } from './outage.ts';

const MISTAKE_EXIT_CODE = 2;
const HOUR_MS = 3_600_000;
/** A disk just large enough for a working queue. */
const DISK_MIB = 160;
/** How long it is full. */
const FULL_MS = 30_000;

/** Weights that were truncated, and weights with a flipped bit. */
export function damagedWeights(): Fault {
  return {
    name: 'weights are truncated, or one bit of them is changed',
    how: 'a worker is started on such files while users wait; then one on the right files',
    async run() {
      const { folder, remove } = await temporaryFolder();
      const deployment = await Deployment.open();
      try {
        await deployment.start('bots', 'bots');
        const round = deployment.ask({ page: 2, discord: 1, slack: 1 });
        const damages: [string, (path: string) => Promise<void>][] = [
          ['has \\d+ bytes', async (path) => truncate(path, (await stat(path)).size - 1)],
          [
            'SHA-256 is not the one',
            async (path) => {
              const bytes = await readFile(path);
              bytes[bytes.length >> 1]! ^= 1;
              await writeFile(path, bytes);
            },
          ],
        ];
        for (const [index, [reason, damage]] of damages.entries()) {
          const models = join(folder, String(index));
          await cp('models', models, { recursive: true });
          await damage(join(models, 'scifi', 'weights.bin'));
          const worker = deployment.spawn('damaged', 'worker', { SCIFI_MODELS: models });
          assert.equal(await worker.ended, MISTAKE_EXIT_CODE, worker.output());
          assert.match(worker.output(), new RegExp(`scifi/weights\\.bin cannot be used: .*${reason}`));
          assert.doesNotMatch(worker.output(), /\n +at /);
        }
        await deployment.start('worker', 'worker');
        return { ...count(await round.fates()), remark: 'refused at the start, by size and by checksum' };
      } finally {
        await deployment.close();
        await remove();
      }
    },
  };
}

/** A full disk under the embedded queue. */
export function fullDisk(): Fault {
  return {
    name: 'the disk under the embedded queue is full',
    how: `a file system of ${DISK_MIB} MiB is filled up for ${FULL_MS / 1_000} s while stories grow; then there is space again, and the process is started again`,
    async run() {
      const { folder: disk, remove } = await temporaryFolder();
      const template = await embeddedFolder();
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk]);
      const deployment = await Deployment.open({ isEmbedded: true, dataFolder: join(disk, 'data') });
      const ballast = join(disk, 'ballast');
      try {
        await cp(template.folder, join(disk, 'data'), { recursive: true });
        const process = await deployment.start('start', 'start');
        const round = deployment.ask(CROWD);
        await round.underWay;
        const { available } = diskOf(disk);
        // Other writes of the queue may use the space first.
        await writeFile(ballast, Buffer.alloc(available)).catch((error) => {
          if (error.code !== 'ENOSPC') throw error;
        });
        const during = deployment.ask({ page: 2 });
        const ended = await Promise.race([process.ended, sleep(FULL_MS, 'lives' as const)]);
        assert.notEqual(ended, 0, 'a process whose queue is gone does not claim that all was well');
        await rm(ballast);
        if (ended !== 'lives') {
          assert.match(process.output(), /disk/i, 'it says why');
          await deployment.start('start', 'start');
        }
        const fates: Fate[] = [...(await round.fates()), ...(await during.fates())];
        const counts = await countAndAskAgain(deployment, fates);
        const remark = ended === 'lives' ? 'the process continued' : `the process ended with ${ended}`;
        return { ...counts, remark };
      } finally {
        await deployment.close();
        execFileSync('umount', ['-l', disk]);
        await Promise.all([remove(), template.remove()]);
      }
    },
  };
}

function diskOf(path: string): { readonly available: number } {
  const [, line] = execFileSync('df', ['-B1', '--output=avail', path], { encoding: 'utf8' }).split('\n');
  return { available: Number(line) };
}

/** The wall clock is set, forwards and backwards. */
export function clockJumps(): Fault {
  return {
    name: 'the clock of all processes jumps an hour ahead, and two hours back',
    how: 'their `Date` is moved while stories grow',
    async run() {
      const { folder, remove } = await temporaryFolder();
      const file = join(folder, 'clock');
      const set = (ms: number) => writeFile(file, String(ms));
      await set(0);
      const deployment = await Deployment.open();
      try {
        const env = { TEST_CLOCK_FILE: file };
        await deployment.start('worker', 'worker', env, ['clock']);
        await deployment.start('bots', 'bots', env, ['clock']);
        const fates: Fate[] = [];
        for (const ms of [HOUR_MS, -HOUR_MS, 0]) {
          const round = deployment.ask(CROWD);
          await round.underWay;
          await set(ms);
          fates.push(...(await round.fates()));
        }
        return count(fates);
      } finally {
        await deployment.close();
        await remove();
      }
    },
  };
}

/** A process whose event loop is blocked for a long time. */
export function blocked(victim: 'worker' | 'bots', seconds: number): Fault {
  return {
    name: `the event loop of the ${victim} is blocked for ${seconds} s`,
    how: 'inside the process, as by a runaway loop; a second process of the kind runs',
    async run() {
      const deployment = await Deployment.open();
      const env = { TEST_BLOCK_MS: String(seconds * 1_000), ...FEW_SLOTS };
      // Only this process edits: the first process alone receives the chats' events, as with shards.
      const second = { SCIFI_PORT: '0', DISCORD_SHARDS: 'none', SLACK_BOT_TOKEN: '', SLACK_APP_TOKEN: '' };
      try {
        await deployment.start('worker', 'worker', env, ['block']);
        await deployment.start('bots', 'bots', env, ['block']);
        const round = deployment.ask(CROWD);
        await round.underWay;
        const other = await deployment.start('second', victim, victim === 'bots' ? second : FEW_SLOTS);
        const late = victim === 'worker' ? deployment.ask(CROWD) : undefined;
        // Both have some of the stories by then, and have finished none.
        if (late) await sleep(400);
        deployment.process(victim).signal('SIGUSR2');
        const counts = count([...(await round.fates()), ...((await late?.fates()) ?? [])]);
        if (victim === 'bots') return counts;
        const taken = other.output().match(/taken back from a lost worker/g)?.length ?? 0;
        assert.ok(taken > 0, 'the worker was blocked when it had nothing to write');
        return { ...counts, remark: `${taken} stories were taken over` };
      } finally {
        await deployment.close();
      }
    },
  };
}

/** Discord and Slack are out of reach, at the start and later. */
export function chatsAway(): Fault {
  return {
    name: 'Discord and Slack cannot be reached, at the start and later',
    how: 'the connections to both are cut before the bots start, restored, and cut again for 5 s while stories grow',
    async run() {
      const deployment = await Deployment.open({ areChatsAfar: true });
      try {
        for (const way of deployment.chats) await way.cut('reset');
        await deployment.start('worker', 'worker');
        const bots = await deployment.start('bots', 'bots');
        const page = await deployment.ask({ page: 2 }).fates();
        for (const way of deployment.chats) await way.mend();
        await printed(bots, /Discord ready/, 60_000);
        await printed(bots, /Slack ready/, 60_000);
        const round = deployment.ask(CROWD);
        await round.underWay;
        for (const way of deployment.chats) await way.cut('reset');
        await sleep(5_000);
        for (const way of deployment.chats) await way.mend();
        const fates = await round.fates();
        let again: Fate[] = [];
        await until(
          async () => {
            again = await deployment.ask({ discord: 1, slack: 1 }).fates();
            return again.every(({ end }) => end === 'whole');
          },
          'both to be heard again',
          60_000,
        );
        return count([...page, ...fates, ...again]);
      } finally {
        await deployment.close();
      }
    },
  };
}
