import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { StoryError } from '../errors.ts';
import { chooseEngine } from '../generator/engines/choose.ts';
import { ENGINE_OPENERS } from '../generator/engines/openers.ts';
import { listModels, loadModel } from '../generator/model/files.ts';
import { Storyteller } from '../generator/storyteller.ts';
import { tryPort } from '../http/listen.ts';
import { findHolder } from '../queue/backends/embedded/folder-lock.ts';
import { printLine } from './console.ts';
import { checkDiscord } from './doctor-discord.ts';
import { checkRedis } from './doctor-redis.ts';
import { checkSlack } from './doctor-slack.ts';
import { ENV_FILE, readEnvFile } from './env-file.ts';
import { FAILURE_EXIT_CODE } from './exit-codes.ts';
import { systemRefusal } from './explain.ts';

/** One check: its findings, in lines, or an error that says how to fix the problem. */
type Check = (config: Config) => Promise<string | readonly string[]>;

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
  Queue: async (config) => {
    if (config.redisUrl) {
      return checkRedis(config.redisUrl, config);
    }
    const usable = async () => {
      await mkdir(config.dataFolder, { recursive: true });
      await access(config.dataFolder, constants.W_OK);
    };
    await usable().catch(() => {
      throw new StoryError(
        'configuration',
        `${config.dataFolder} cannot be written. Set SCIFI_DATA to a folder that can.`,
      );
    });
    const holder = await findHolder(config.dataFolder);
    if (holder) {
      const process = typeof holder === 'string' ? 'another process' : `process ${holder.pid}`;
      throw new StoryError(
        'configuration',
        `${config.dataFolder} is in use by ${process}. Stop that one (it may be this program, started before), set ` +
          'SCIFI_DATA to another folder, or set REDIS_URL for more than one process.',
      );
    }
    return `embedded, in ${config.dataFolder} (set REDIS_URL for more than one process)`;
  },
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
      const engine = await chosen.create(model, { capacity: 1, threads: config.threads });
      const storyteller = new Storyteller(model, engine, { maxWaiting: 0 });
      const started = performance.now();
      const request = {
        prompt: 'It all began with',
        context: '',
        temperature: 0.4,
        length: 600,
        seed: 1,
        model: name,
      };
      const story = await storyteller.tell(request);
      const rate = Math.round((story.text.length / (performance.now() - started)) * 1_000);
      await storyteller.close();
      found.push(
        `${name} ${model.version}, about ${rate} characters a second alone on ${config.threads} threads`,
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
  Discord: checkDiscord,
  Slack: checkSlack,
};

/** `doctor`: what is configured, what is missing and how to fix it. Exit code 1 when something is missing. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what is configured, what is missing and how to fix it')
    .action(async () => {
      const config = readConfig(process.env);
      for (const [name, check] of Object.entries(CHECKS)) {
        const [verdict, found] = await check(config).then(
          (lines) => ['ok   ', typeof lines === 'string' ? [lines] : lines] as const,
          (error: unknown) => ['FAIL ', [systemRefusal(error) ?? sentenceOf(error)]] as const,
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

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
