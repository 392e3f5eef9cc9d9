/** Telling Discord of the commands. */
import { createHash } from 'node:crypto';
import { type REST, Routes } from 'discord.js';
import type { Logger } from 'pino';
import type { DiscordConfig } from '../../config.ts';
import { StoryError } from '../../errors.ts';
import type { Settings } from '../../queue/settings.ts';
import type { ModelChoice } from '../../story/story.ts';
import { DiscordApi } from './api.ts';
import { readApplication } from './application.ts';
import { commandsFor } from './commands.ts';
import { failureOf, loggable } from './failures.ts';

/** Pause between two attempts. */
const RETRY_MS = 10 * 60_000;

/** What was registered last, by application. */
export interface Registered {
  readonly hash: string;
}

/** Registers the commands everywhere, or in one server only, where they appear at once. */
export async function registerCommands(
  rest: REST,
  applicationId: string,
  models: readonly ModelChoice[],
  guildId?: string,
): Promise<number> {
  const commands = commandsFor(models);
  // A server's own commands are for that server and nowhere else: these two fields are refused there.
  const body = guildId
    ? commands.map(({ contexts: _, integration_types: __, ...command }) => command)
    : commands;
  const route = guildId
    ? Routes.applicationGuildCommands(applicationId, guildId)
    : Routes.applicationCommands(applicationId);
  await rest.put(route, { body });
  return body.length;
}

/** Registers the commands everywhere if they are not those that were registered last. */
export async function registerChangedCommands(
  rest: REST,
  applicationId: string,
  models: readonly ModelChoice[],
  settings: Settings<Registered>,
): Promise<boolean> {
  const hash = createHash('sha256')
    .update(JSON.stringify(commandsFor(models)))
    .digest('hex');
  const last = await settings.read(applicationId);
  if (last?.hash === hash) return false;
  await registerCommands(rest, applicationId, models);
  await settings.write(applicationId, { hash });
  return true;
}

/**
 * Registers now; where Discord refuses, as it does after 200 commands a day, again until it does not. Meanwhile
 * people have the commands that were registered before.
 *
 * @param register what to do; whether anything was changed
 * @returns ends the attempts
 */
export async function keepRegistering(register: () => Promise<boolean>, logger: Logger): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const attempt = async (): Promise<void> => {
    try {
      if (await register()) logger.info('Discord commands registered');
    } catch (error) {
      if (isOver) return;
      logger.warn(loggable(error), 'Discord commands are not registered; they are tried again');
      timer = setTimeout(() => void attempt(), RETRY_MS);
    }
  };
  await attempt();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** Registers the commands with nothing else running. Returns how many there are. */
export async function registerFromTerminal(
  config: DiscordConfig,
  models: readonly ModelChoice[],
  guildId?: string,
): Promise<number> {
  const api = new DiscordApi(config);
  try {
    const { id } = await readApplication(api.bot);
    return await registerCommands(api.bot, id, models, guildId);
  } catch (error) {
    if (error instanceof StoryError) throw error;
    const sentence = `Discord refused the commands (${failureOf(error)}). Is the bot in the server of that id?`;
    throw new StoryError('configuration', sentence, { cause: error });
  } finally {
    api.close();
  }
}
