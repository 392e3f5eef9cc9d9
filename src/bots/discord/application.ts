/** What Discord knows about the bot: its user, what it may read, and the invite link. */
import {
  type APIApplication,
  type APIUser,
  ApplicationFlags,
  PermissionFlagsBits,
  type REST,
  Routes,
} from 'discord.js';
import { StoryError } from '../../errors.ts';
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
export function inviteLink(applicationId: string): string {
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: 'bot applications.commands',
    permissions: PERMISSIONS.toString(),
  });
  return `https://discord.com/oauth2/authorize?${query}`;
}
