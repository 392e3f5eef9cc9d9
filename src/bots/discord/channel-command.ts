/** `/scifi-channel` on Discord. */
import { type ChatInputCommandInteraction, MessageFlags } from 'discord.js';
import type { Logger } from 'pino';
import type { PromptChannels } from '../channel-settings.ts';
import { type ChannelOrder, carryOut } from '../commands/channel.ts';
import { PROMPT_CHANNEL_BOUNDS } from '../prompt-channels.ts';
import { logged } from '../submit.ts';
import { impossibleIn, missingFor } from './channel-check.ts';

export interface ChannelTools {
  readonly channels: PromptChannels;
  /** Whether Discord lets the bot read messages that do not mention it. */
  readonly readsMessages: boolean;
  readonly logger: Logger;
}

const NO_INTENT =
  'I cannot read messages that do not mention me: the “Message Content Intent” is off. Switch it on in the ' +
  'developer portal under Bot and restart me, or choose “only those that mention me”.';

/** Answers the command with an ephemeral reply. */
export async function changeChannel(
  interaction: ChatInputCommandInteraction,
  tools: ChannelTools,
): Promise<void> {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const content = await change(interaction, tools).catch((error) => logged(error, tools.logger).message);
  await interaction.editReply({ content, allowedMentions: { parse: [] } });
}

async function change(interaction: ChatInputCommandInteraction, tools: ChannelTools): Promise<string> {
  const order = orderOf(interaction);
  const { channelId, guildId, appPermissions } = interaction;
  const facts = { type: interaction.channel?.type, permissions: appPermissions };
  return carryOut(order, channelId, tools.channels, {
    missing: (channel) => missingFor(channel, facts),
    impossible: (channel) => impossibleIn(channel, facts),
    ...(guildId ? { home: { community: guildId } } : {}),
    remedy: 'Give me that in the channel’s settings under Permissions, and try again.',
    blindness: tools.readsMessages ? undefined : NO_INTENT,
  });
}

function orderOf({ options }: ChatInputCommandInteraction): ChannelOrder {
  switch (options.getSubcommand()) {
    case 'on': {
      const { cooldownSeconds, leastCharacters } = PROMPT_CHANNEL_BOUNDS;
      const prompts = {
        messages: options.getString('messages', true) as 'every' | 'mentions',
        cooldownSeconds: options.getInteger('cooldown') ?? cooldownSeconds.default,
        leastCharacters: options.getInteger('minimum') ?? leastCharacters.default,
        threads: options.getBoolean('threads') ?? false,
      };
      return { kind: 'on', prompts };
    }
    case 'daily': {
      const hour = options.getInteger('hour', true);
      return { kind: 'daily', daily: { hour, timeZone: options.getString('timezone') ?? 'UTC' } };
    }
    case 'off':
      return { kind: 'off' };
    default:
      return { kind: 'status' };
  }
}
