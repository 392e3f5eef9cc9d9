/** What Discord knows about the bot: its user, what it may read, the invite link, and what `doctor` checks. */
import {
  type APIApplication,
  type APIApplicationCommand,
  type APIGatewayBotInfo,
  type APIUser,
  ApplicationFlags,
  PermissionFlagsBits,
  type REST,
  type RESTAPIPartialCurrentUserGuild,
  Routes,
} from 'discord.js';
import type { DiscordConfig } from '../../config.ts';
import { StoryError } from '../../errors.ts';
import { ownCommand } from '../../terminal.ts';
import { DiscordApi } from './api.ts';
import { missingFor } from './channel-check.ts';
import { failureOf, unreachable } from './failures.ts';

export interface Application {
  readonly id: string;
  readonly name: string;
  /** The bot's user. */
  readonly botId: string;
  /** Whether Discord lets the bot read messages that do not mention it. */
  readonly readsMessages: boolean;
}

/** The permissions that the invite link requests. */
const PERMISSIONS =
  PermissionFlagsBits.ViewChannel |
  PermissionFlagsBits.SendMessages |
  PermissionFlagsBits.SendMessagesInThreads |
  PermissionFlagsBits.CreatePublicThreads |
  PermissionFlagsBits.ReadMessageHistory |
  PermissionFlagsBits.AddReactions;

/**
 * Reads the bot's application from Discord.
 *
 * @throws StoryError `configuration` when Discord rejects the token, `chat_unavailable` when it cannot be
 *   reached
 */
export async function readApplication(rest: REST): Promise<Application> {
  try {
    const application = (await rest.get(Routes.currentApplication())) as APIApplication;
    const bot = (await rest.get(Routes.user('@me'))) as APIUser;
    const { GatewayMessageContent, GatewayMessageContentLimited } = ApplicationFlags;
    return {
      id: application.id,
      name: application.name,
      botId: bot.id,
      readsMessages:
        ((application.flags ?? 0) & (GatewayMessageContent | GatewayMessageContentLimited)) !== 0,
    };
  } catch (cause) {
    const failure = failureOf(cause);
    if (failure === 'temporary') throw unreachable(cause);
    const sentence =
      failure === 'unauthorized'
        ? 'Discord does not accept DISCORD_TOKEN. Copy it anew from the developer portal, under Bot, Reset Token.'
        : `Discord does not answer as it should (${failure}). Check DISCORD_API.`;
    throw new StoryError('configuration', sentence, { cause });
  }
}

/** The link with which a user adds the bot to a server. */
function inviteLink(applicationId: string): string {
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: 'bot applications.commands',
    permissions: PERMISSIONS.toString(),
  });
  return `https://discord.com/oauth2/authorize?${query}`;
}

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
