import { type Command, InvalidArgumentError } from 'commander';
import { readConfig } from '../config.ts';
import { StoryError } from '../errors.ts';
import { listModels } from '../generator/model/files.ts';
import { printLine } from './console.ts';

/**
 * `discord register`: registers the commands with Discord, which the bots also do when the commands have
 * changed.
 */
export function addDiscord(program: Command): void {
  program
    .command('discord')
    .description('manage the Discord bot')
    .command('register')
    .description('register the slash commands, everywhere or in one server')
    .option('--guild <id>', 'register them only in the server with this id', guildId)
    .exitOverride()
    .action(async ({ guild }: { guild?: string }) => {
      const config = readConfig(process.env);
      if (!config.discord) {
        throw new StoryError(
          'configuration',
          'DISCORD_TOKEN is not set. Copy the bot’s token from https://discord.com/developers/applications into .env.',
        );
      }
      const models = await listModels(config.modelsFolder);
      // Loaded here, so that other commands do not load Discord's library.
      const { registerFromTerminal } = await import('../bots/discord/registration.ts');
      const count = await registerFromTerminal(config.discord, models, guild);
      const where = guild
        ? `in the server ${guild}`
        : 'everywhere; clients show them after a reload (Ctrl+R)';
      printLine(`${count} commands registered ${where}.`);
    });
}

function guildId(text: string): string {
  if (!/^\d{17,20}$/.test(text)) {
    throw new InvalidArgumentError('Give the id that “Copy Server ID” copies: 17 to 20 digits.');
  }
  return text;
}
