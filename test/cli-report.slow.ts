/** `scifi report` at a terminal, and the same figures among the metrics, of real processes. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { CliHost } from './helpers/cli.ts';
import { embeddedFolder } from './helpers/embedded-folder.ts';
import { ask, followReply } from './helpers/page-client.ts';
import { startRole } from './helpers/processes.ts';
import { freePort, REDIS_SERVER, skipWithout, startRedis } from './helpers/programs.ts';

const STORY_TIMEOUT_MS = 180_000;
const TABLE = [
  /^Feedback on the stories of the last 30 days \(UTC\):$/,
  /^$/,
  /^model +version +preset +liked +disliked +share liked +95% interval$/,
  /^scifi +[0-9a-f]+ +lively +1 +1 +50% +9% to 91%$/,
  /^all +1 +1 +50% +9% to 91%$/,
];

/** Asks for two stories on the page; likes one of them, and dislikes the other. */
async function rateTwo(page: string): Promise<void> {
  for (const verdict of ['liked', 'disliked']) {
    const id = await ask(page, { prompt: 'It all began with', length: 120, seed: 7 });
    await followReply(page, id, STORY_TIMEOUT_MS);
    for (let repeated = 0; repeated < 2; repeated++) {
      const response = await fetch(`${page}/api/replies/${id}/feedback`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ verdict }),
      });
      assert.deepEqual(await response.json(), { id, verdict });
    }
  }
}

function assertTable(text: string): void {
  const lines = text.trimEnd().split('\n');
  assert.equal(lines.length, TABLE.length, text);
  for (const [index, line] of lines.entries()) assert.match(line, TABLE[index]!);
}

describe('scifi report', { timeout: 180_000 }, () => {
  const host = new CliHost();
  after(() => host.stop());

  it('asks the running bot, which has the embedded queue, and reads that itself afterwards', async () => {
    const [port, operatorPort] = [await freePort(), await freePort()];
    const { folder, remove } = await embeddedFolder();
    const env = { SCIFI_DATA: folder, SCIFI_OPERATOR_PORT: String(operatorPort) };
    try {
      const role = await startRole('start', { ...env, SCIFI_PORT: String(port), SCIFI_PACE: '0' });
      try {
        const none = await host.run(['report'], env);
        assert.equal(none.stdout, 'No user has liked or disliked a story of the last 30 days (UTC).\n');
        await rateTwo(`http://127.0.0.1:${port}`);
        const metrics = await (await fetch(`http://127.0.0.1:${operatorPort}/metrics`)).text();
        for (const verdict of ['liked', 'disliked']) {
          const labels = `platform="web",model="scifi",preset="lively",verdict="${verdict}"`;
          assert.ok(metrics.includes(`\nscifi_feedback_votes{${labels}} 1\n`), metrics);
        }
        assertTable((await host.run(['report'], env)).stdout);
        const blind = await host.run(['report'], { SCIFI_DATA: folder });
        assert.equal(blind.code, 2);
        assert.match(blind.stderr, /is in use by a running bot, .* set SCIFI_OPERATOR_PORT for the bot/);
        const lost = await host.run(['report'], { ...env, SCIFI_OPERATOR_PORT: String(await freePort()) });
        assert.equal(lost.code, 2);
        assert.match(lost.stderr, /does not report \(ECONNREFUSED\)\. Give this command the SCIFI_OPERATOR/);
        for (const path of ['feedback', 'feedback?days=0', 'feedback?days=x', 'constructor?days=1']) {
          const { status } = await fetch(`http://127.0.0.1:${operatorPort}/reports/${path}`);
          assert.equal(status, path.startsWith('feedback') ? 400 : 404, path);
        }
      } finally {
        await role.stop();
      }
      assertTable((await host.run(['report'], env)).stdout);
      const { stdout } = await host.run(['report', '--json', '--days', '1'], env);
      const { days, all, groups } = JSON.parse(stdout);
      assert.deepEqual([days, all.liked, all.disliked, all.share, groups.length], [1, 1, 1, 0.5, 1]);
      assert.deepEqual(groups[0].platforms, { web: { liked: 1, disliked: 1 } });
      const wrong = await host.run(['report', '--days', '0']);
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /Give a whole number from 1 to 400/);
    } finally {
      await remove();
    }
  });

  it('reads Redis while bots run', { skip: skipWithout(REDIS_SERVER) }, async () => {
    const redis = await startRedis();
    const port = await freePort();
    const env = { REDIS_URL: redis.url, SCIFI_PORT: String(port), SCIFI_PACE: '0' };
    try {
      const role = await startRole('start', env);
      try {
        await rateTwo(`http://127.0.0.1:${port}`);
        assertTable((await host.run(['report'], { REDIS_URL: redis.url })).stdout);
      } finally {
        await role.stop();
      }
    } finally {
      await redis.stop();
    }
  });
});
