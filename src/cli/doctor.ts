import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { StoryError } from '../errors.ts';
import { chooseEngine } from '../generator/engines/choose.ts';
import { ENGINE_OPENERS } from '../generator/engines/openers.ts';
import { listModels, loadModel } from '../generator/model/files.ts';
import { Storyteller } from '../generator/storyteller.ts';
import { tryPort } from '../http/listen.ts';
import { makeFolder } from '../make-folder.ts';
import { findHolder } from '../queue/backends/embedded/folder-lock.ts';
import { printLine } from './console.ts';
import { ENV_FILE, readEnvFile } from './env-file.ts';
import { FAILURE_EXIT_CODE, systemRefusal } from './explain.ts';

/** One check: its findings, in lines, or an error that says how to fix the problem. */
type Check = (config: Config) => Promise<string | readonly string[]>;

/** The story by which a model's speed is measured. */
const SPEED_TEST = {
  prompt: 'It all began with',
  context: '',
  temperature: 0.4,
  length: 600,
  seed: 1,
} as const;

/** Further lines of a check are aligned with the text of its first. */
const INDENT = ' '.repeat(14);

const CHECKS: Readonly<Record<string, Check>> = {
  'Node.js': async () => process.version,
  Settings: async ({ notices }) => {
    const file = readEnvFile(ENV_FILE);
    const source = file
      ? `from the environment and ${ENV_FILE}`
      : `from the environment (there is no ${ENV_FILE} here)`;
    return [source, ...[...(file?.notices ?? []), ...notices].map((notice) => `note: ${notice}`)];
  },
  Queue: (config) =>
    config.redisUrl ? checkRedis(config.redisUrl, config) : checkDataFolder(config.dataFolder),
  Engine: async (config) => {
    const chosen = await chooseEngine(config.engine, ENGINE_OPENERS);
    await chosen.close();
    return chosen.reason;
  },
  Models: async (config) => {
    const found: string[] = [];
    const chosen = await chooseEngine(config.engine, ENGINE_OPENERS);
    for (const { name } of await listModels(config.modelsFolder)) {
      const model = await loadModel(join(config.modelsFolder, name));
      let why = '';
      const engine = await chosen.create(model, {
        capacity: 1,
        threads: config.threads,
        onRefusal: (reason) => {
          why = ` (not on ${chosen.name}: ${reason})`;
        },
      });
      const storyteller = new Storyteller(model, engine, { maxWaiting: 0 });
      const started = performance.now();
      const story = await storyteller.tell({ ...SPEED_TEST, model: name });
      const rate = Math.round((story.text.length / (performance.now() - started)) * 1_000);
      await storyteller.close();
      found.push(
        `${name} ${model.version} on ${engine.name}${why}, about ${rate} characters a second alone on ` +
          `${config.threads} threads`,
      );
    }
    await chosen.close();
    return found;
  },
  Page: async ({ host, port }) => {
    await tryPort({ host, port, setting: 'SCIFI_PORT' });
    return `can listen on ${addressOf(host, port)}`;
  },
  'Operator port': async ({ operator }) => {
    if (!operator) return 'off (set SCIFI_OPERATOR_PORT to have probes and metrics)';
    await tryPort({ ...operator, setting: 'SCIFI_OPERATOR_PORT' });
    return `can listen on ${addressOf(operator.host, operator.port)}`;
  },
  Discord: async ({ discord }) => {
    if (!discord) return 'off (set DISCORD_TOKEN to run it)';
    const { examine } = await import('../bots/discord/application.ts');
    return examine(discord);
  },
  Slack: async ({ slack }) => {
    if (!slack) return 'off (set SLACK_BOT_TOKEN and SLACK_APP_TOKEN to run it)';
    if (slack.http) await tryPort({ host: slack.host, port: slack.http.port, setting: 'SLACK_PORT' });
    const { examine } = await import('../bots/slack/examination.ts');
    return examine(slack);
  },
};

/** `doctor`: what is configured, what is missing and how to fix it. Exit code 1 when something is missing. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('show what is configured, what is missing and how to fix it')
    .action(async () => {
      const config = readConfig(process.env);
      for (const [name, check] of Object.entries(CHECKS)) {
        const [verdict, found] = await check(config).then(
          (lines) => ['ok   ', typeof lines === 'string' ? [lines] : lines] as const,
          (error: unknown) =>
            ['FAIL ', [systemRefusal(error) ?? (error as Error)?.message ?? String(error)]] as const,
        );
        if (verdict === 'FAIL ') process.exitCode = FAILURE_EXIT_CODE;
        for (const [index, line] of found.entries()) {
          printLine(index === 0 ? `${verdict} ${name}: ${line}` : `${INDENT}${line}`);
        }
      }
    });
}

function addressOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Checks the folder of the embedded queue.
 *
 * @throws StoryError that says how to fix it
 */
async function checkDataFolder(folder: string): Promise<string> {
  try {
    await makeFolder(folder);
    await access(folder, constants.W_OK);
  } catch (cause) {
    const sentence = `${folder} cannot be written. Set SCIFI_DATA to a folder that can.`;
    throw new StoryError('configuration', sentence, { cause });
  }
  const holder = await findHolder(folder);
  if (holder) {
    const process = typeof holder === 'string' ? 'another process' : `process ${holder.pid}`;
    throw new StoryError(
      'configuration',
      `${folder} is in use by ${process}. Stop that one (it may be this program, started before), set ` +
        'SCIFI_DATA to another folder, or set REDIS_URL for more than one process.',
    );
  }
  return `embedded, in ${folder} (set REDIS_URL for more than one process)`;
}

/**
 * Checks the Redis of REDIS_URL.
 *
 * @returns a description of the server
 * @throws StoryError that says how to fix it
 */
export async function checkRedis(
  url: string,
  { redisSecurity, prefix }: Pick<Config, 'redisSecurity' | 'prefix'>,
): Promise<string> {
  // Loaded only if a Redis is configured.
  const [{ parseRedisUrl }, { readTarget }, { probeRedis }] = await Promise.all([
    import('../queue/backends/redis/address.ts'),
    import('../queue/backends/redis/clients.ts'),
    import('../queue/backends/redis/probe.ts'),
  ]);
  const { product, masters, evictions } = await probeRedis(
    await readTarget(parseRedisUrl(url), redisSecurity),
    prefix,
  );
  if (evictions.length > 0) {
    throw new StoryError(
      'configuration',
      `${product} deletes stories when its memory is full (${evictions.join(', ')}). ` +
        'Set maxmemory-policy to noeviction.',
    );
  }
  return `${product} answers${masters > 1 ? `, a cluster of ${masters} masters` : ''}`;
}
