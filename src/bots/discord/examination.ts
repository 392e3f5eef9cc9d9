/** Checks the bot's settings at Discord, for the operator. */
import {
  type APIApplicationCommand,
  type APIGatewayBotInfo,
  PermissionFlagsBits,
  type RESTAPIPartialCurrentUserGuild,
  Routes,
} from 'discord.js';
import type { DiscordConfig } from '../../config.ts';
import { ownCommand } from '../../terminal.ts';
import { DiscordApi } from './api.ts';
import { inviteLink, readApplication } from './application.ts';
import { missingFor } from './channel-check.ts';

/** Servers that are checked; the operator of a bot in more servers is assumed to know its settings. */
const SERVERS_MAX = 100;

/**
 * Finds out what works and what is missing, as lines.
 *
 * @throws StoryError `configuration` when Discord rejects the token
 */
export async function examine(config: DiscordConfig): Promise<string[]> {
  const api = new DiscordApi(config);
  try {
    const application = await readApplication(api.bot);
    const gateway = (await api.bot.get(Routes.gatewayBot())) as APIGatewayBotInfo;
    const commands = (await api.bot.get(
      Routes.applicationCommands(application.id),
    )) as readonly APIApplicationCommand[];
    const servers = (await api.bot.get(Routes.userGuilds(), {
      query: new URLSearchParams({ limit: String(SERVERS_MAX) }),
    })) as readonly RESTAPIPartialCurrentUserGuild[];
    const { remaining, total } = gateway.session_start_limit;
    return [
      `${application.name} (${application.id}), shards: ${config.shards} of ${gateway.shards}, ` +
        `${remaining} of ${total} connections left today`,
      application.readsMessages
        ? 'Message Content Intent: on'
        : 'Message Content Intent: off; in prompt channels it sees only messages that mention it ' +
          '(developer portal, Bot, Privileged Gateway Intents)',
      commands.length > 0
        ? `commands: ${commands.map(({ name }) => name).join(', ')}`
        : `commands: none yet; they are registered at the first start, or by \`${ownCommand(['discord', 'register'])}\``,
      ...serversLines(servers),
      `invite: ${inviteLink(application.id)}`,
    ];
  } finally {
    api.close();
  }
}

function serversLines(servers: readonly RESTAPIPartialCurrentUserGuild[]): string[] {
  if (servers.length === 0) return ['servers: none yet; open the link below to invite it'];
  const lines = servers.flatMap(({ name, permissions }) => {
    const given = BigInt(permissions);
    const has = (bit: bigint) => (given & (bit | PermissionFlagsBits.Administrator)) !== 0n;
    const prompts = { messages: 'every', cooldownSeconds: 0, leastCharacters: 1, threads: true } as const;
    const missing = missingFor({ channelId: '', prompts }, { permissions: { has: has as never } });
    return missing.length > 0 ? [`in ${name} it lacks ${missing.join(', ')} (server settings, Roles)`] : [];
  });
  const count = servers.length === SERVERS_MAX ? `at least ${SERVERS_MAX}` : servers.length;
  return [`servers: ${count}`, ...lines];
}
