import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { StoryError } from '../errors.ts';
import { chooseEngine } from '../generator/engines/choose.ts';
import { ENGINE_OPENERS } from '../generator/engines/openers.ts';
import { listModels, loadModel } from '../generator/model/files.ts';
import { Storyteller } from '../generator/storyteller.ts';
import { checkDiscord } from './doctor-discord.ts';
import { checkRedis } from './doctor-redis.ts';
import { checkSlack } from './doctor-slack.ts';

/** One look at one thing: what is found, or an error that says how to mend it. */
type Check = (config: Config) => Promise<string>;

const CHECKS: Readonly<Record<string, Check>> = {
  'Node.js': async () => process.version,
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
    return found.join('; ');
  },
  Page: async (config) => `would listen on http://${config.host}:${config.port}`,
  Discord: checkDiscord,
  Slack: checkSlack,
};

/** `doctor`: what is configured, what is missing and how to mend it. Exit code 1 when something is. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what is configured, what is missing and how to fix it')
    .action(async () => {
      const config = readConfig(process.env);
      for (const [name, check] of Object.entries(CHECKS)) {
        const line = await check(config).then(
          (found) => `ok    ${name}: ${found}`,
          (error: unknown) => {
            process.exitCode = 1;
            return `FAIL  ${name}: ${error instanceof Error ? error.message : String(error)}`;
          },
        );
        process.stdout.write(`${line}\n`);
      }
    });
}
