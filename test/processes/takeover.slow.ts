/**
 * A worker is killed in the middle of a story, and its successor computes otherwise: by another engine, or with
 * another version of the model. The story that ends is a whole one by one writer, byte for byte.
 */
import assert from 'node:assert/strict';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { EngineName } from '../../src/generator/engines/choose.ts';
import { beginningOf, type ReplyState } from '../../src/story/story.ts';
import { embeddedFolder } from '../helpers/embedded-folder.ts';
import { ask, followReply } from '../helpers/page-client.ts';
import { type Role, type RoleProcess, startRole } from '../helpers/processes.ts';
import { freePort, REDIS_SERVER, skipWithout, startRedis, temporaryFolder } from '../helpers/programs.ts';
import { PROMPT, undisturbed } from '../helpers/undisturbed.ts';

const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
/** Long enough that the kill, which follows the first text at once, comes before the end. */
const LENGTH = 6_000;
const SEED = 11;
const STORY_TIMEOUT_MS = 180_000;

interface Writer {
  readonly engine: EngineName;
  readonly modelsFolder: string;
}

const ONNX: Writer = { engine: 'onnx', modelsFolder: MODELS };
const INTEGER: Writer = { engine: 'integer', modelsFolder: MODELS };

interface TakeOver {
  readonly first: Writer;
  readonly second: Writer;
  /** The roles of the processes that are killed and started again; the others go on. */
  readonly killed: readonly Role[];
  readonly others?: readonly Role[];
  readonly queue: Readonly<Record<string, string>>;
}

/** Kills a story's worker after the first text, and checks every state of the reply up to the successor's end. */
async function takeOver({ first, second, killed, others = [], queue }: TakeOver): Promise<void> {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const envOf = ({ engine, modelsFolder }: Writer) => ({
    ...queue,
    SCIFI_ENGINE: engine,
    SCIFI_MODELS: modelsFolder,
    SCIFI_PORT: String(port),
    SCIFI_PACE: '0',
  });
  const running = new Map<Role, RoleProcess>();
  const writers = await Promise.all([first, second].map((writer) => undisturbed(PROMPT, writer)));
  try {
    const texts = await Promise.all(writers.map((writer) => writer.text(SEED, LENGTH)));
    assert.notEqual(texts[0], texts[1], 'the two writers write different stories');
    for (const role of [...others, ...killed]) running.set(role, await startRole(role, envOf(first)));
    const id = await ask(base, { prompt: PROMPT, length: LENGTH, seed: SEED });
    const states: ReplyState[] = [];
    let hasText = () => {};
    const begun = new Promise<void>((resolve) => {
      hasText = resolve;
    });
    const end = followReply(base, id, STORY_TIMEOUT_MS, (state) => {
      states.push(state);
      if (state.status === 'writing' && state.text.length > PROMPT.length) hasText();
    });
    await Promise.race([begun, end]);
    await Promise.all(killed.map((role) => running.get(role)!.kill()));
    for (const role of killed) running.set(role, await startRole(role, envOf(second)));
    const last = await end;
    assert.equal(last.status === 'finished' && last.text, texts[1]);
    assert.equal(last.status === 'finished' && last.beginning, 1, 'begun anew');
    const seen = new Set<number>();
    for (const state of states) {
      if (state.status !== 'writing') continue;
      seen.add(beginningOf(state));
      assert.ok(texts[beginningOf(state)]!.startsWith(state.text), `one writer, never mixed: ${state.text}`);
    }
    assert.ok(seen.has(0), 'the first writer was seen');
    // A second reader gets the same end.
    assert.deepEqual(await followReply(base, id, STORY_TIMEOUT_MS), last);
  } finally {
    for (const process of running.values()) await process.kill();
    for (const writer of writers) await writer.close();
  }
}

/** Models of which `scifi` has other weights. */
async function otherModels(folder: string): Promise<string> {
  await cp(join(MODELS, 'melville'), join(folder, 'scifi'), { recursive: true });
  const choices = [{ name: 'scifi', title: 'Another version', description: 'for tests' }];
  await writeFile(join(folder, 'models.json'), JSON.stringify(choices));
  return folder;
}

describe('a story whose worker is killed, on Redis', {
  skip: skipWithout(REDIS_SERVER),
  concurrency: 1,
}, () => {
  const onRedis = async (run: (queue: Record<string, string>) => Promise<void>) => {
    const redis = await startRedis();
    try {
      await run({ REDIS_URL: redis.url });
    } finally {
      await redis.stop();
    }
  };

  it('begins anew when integer follows onnx', () =>
    onRedis((queue) =>
      takeOver({ first: ONNX, second: INTEGER, killed: ['worker'], others: ['bots'], queue }),
    ));

  it('begins anew when onnx follows integer, and the bots were killed with the worker', () =>
    onRedis((queue) => takeOver({ first: INTEGER, second: ONNX, killed: ['worker', 'bots'], queue })));

  it('begins anew when another version of the model follows', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      const second = { ...INTEGER, modelsFolder: await otherModels(folder) };
      await onRedis((queue) =>
        takeOver({ first: INTEGER, second, killed: ['worker'], others: ['bots'], queue }),
      );
    } finally {
      await remove();
    }
  });
});

describe('a story whose process is killed, embedded', () => {
  it('begins anew when integer follows onnx', async () => {
    const { folder, remove } = await embeddedFolder();
    try {
      const queue = { REDIS_URL: '', SCIFI_DATA: folder };
      await takeOver({ first: ONNX, second: INTEGER, killed: ['start'], queue });
    } finally {
      await remove();
    }
  });
});
