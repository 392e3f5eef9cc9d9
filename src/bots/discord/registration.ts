/** Registers the commands with Discord. */
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

/** The last registration, by application. */
export interface Registered {
  readonly hash: string;
}

/** Registers the commands globally, or in one server only, where they appear at once. */
async function registerCommands(
  rest: REST,
  applicationId: string,
  models: readonly ModelChoice[],
  guildId?: string,
): Promise<number> {
  const commands = commandsFor(models);
  // These two fields are rejected for a server's own commands, which exist in that server only.
  const body = guildId
    ? commands.map(({ contexts: _, integration_types: __, ...command }) => command)
    : commands;
  const route = guildId
    ? Routes.applicationGuildCommands(applicationId, guildId)
    : Routes.applicationCommands(applicationId);
  await rest.put(route, { body });
  return body.length;
}

/** Registers the commands globally if they differ from the last registration. */
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
 * Registers now; where Discord rejects it, as it does after 200 commands a day, tries again until it
 * succeeds. Until then the previous commands stay in use.
 *
 * @param register the registration; returns whether anything was changed
 * @returns a function that ends the attempts
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

/** Registers the commands without starting the bot. Returns the number of commands. */
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
