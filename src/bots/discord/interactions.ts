/** Handles commands and buttons. */
import {
  type APIMessageTopLevelComponent,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type Interaction,
  type Message,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  type MessageSnapshot,
  PermissionFlagsBits,
} from 'discord.js';
import { StoryError } from '../../errors.ts';
import type { ModelChoice, StoryRequest } from '../../story/story.ts';
import type { LimitsTools } from '../commands/limits.ts';
import { hasWords } from '../prompt-channels.ts';
import { requestBehind, type SeenMessage, type StoryReference, storyEnd } from '../read-story.ts';
import { type AskTools, drawSeed, logged, parseRequest } from '../submit.ts';
import { customIdsOf, type DiscordApi } from './api.ts';
import { answerWithStory, replyEphemeral } from './ask.ts';
import { type BlockTools, changeBlocks, presenceOf } from './block-command.ts';
import { type ChannelTools, changeChannel } from './channel-command.ts';
import { BLOCK, CHANNEL, CONTINUE, FORGET, LIMITS, PRIVACY, SCIFI } from './commands.ts';
import { type Button, decodeButton } from './custom-id.ts';
import { loggable } from './failures.ts';
import type { DiscordHandle } from './handle.ts';
import { changeLimits } from './limits-command.ts';
import { partsOfWire, readMarkup, type TextParts, textOfMessage } from './message-text.ts';
import { forgetUser, type PrivacyTools, tellPrivacy } from './privacy-commands.ts';
import { MAX_CONTENT, readPart } from './story-text.ts';

export interface InteractionTools
  extends AskTools<DiscordHandle>,
    ChannelTools,
    LimitsTools,
    BlockTools,
    PrivacyTools {
  readonly api: DiscordApi;
  readonly models: readonly ModelChoice[];
  readonly botId: string;
}

const NO_WORDS = 'There are no words in that opening. Give some, such as: It all began with';

/** Answers an interaction. Never rejects: no caller awaits it. */
export async function answer(interaction: Interaction, tools: InteractionTools): Promise<void> {
  try {
    const refusal = refusalOf(interaction, tools);
    if (refusal) return await refusal();
    if (interaction.isChatInputCommand()) {
      if (interaction.commandName === SCIFI) await tellStory(interaction, tools);
      else if (interaction.commandName === CHANNEL) await changeChannel(interaction, tools);
      else if (interaction.commandName === LIMITS) await changeLimits(interaction, tools);
      else if (interaction.commandName === BLOCK) await changeBlocks(interaction, tools);
      else if (interaction.commandName === PRIVACY) await tellPrivacy(interaction, tools);
      else if (interaction.commandName === FORGET) await forgetUser(interaction, tools);
    } else if (interaction.isMessageContextMenuCommand()) {
      if (interaction.commandName === CONTINUE) await continueMessage(interaction, tools);
    } else if (interaction.isButton()) {
      await onButton(interaction, tools);
    }
  } catch (error) {
    tools.logger.warn({ interaction: interaction.id, ...loggable(error) }, 'an interaction failed');
  }
}

/** Commands that a blocked user keeps: they can still see and delete the data stored about them. */
const ALWAYS_OPEN: readonly string[] = [PRIVACY, FORGET];

/** Sends the refusal to a blocked user; undefined when the user is not blocked, and for Stop. */
function refusalOf(
  interaction: Interaction,
  { blocks, logger }: InteractionTools,
): (() => Promise<void>) | undefined {
  const isCommand = interaction.isChatInputCommand() || interaction.isMessageContextMenuCommand();
  if (!isCommand && !interaction.isButton()) return undefined;
  if (isCommand && ALWAYS_OPEN.includes(interaction.commandName)) return undefined;
  if (interaction.isButton() && decodeButton(interaction.customId)?.action === 'stop') return undefined;
  const presence = presenceOf(interaction);
  // Moderators who block their own channel can still unblock it: only the operator's blocks apply to them.
  const isUnblocking = isCommand && interaction.commandName === BLOCK;
  try {
    blocks.refuse(presence, { ofOperatorOnly: isUnblocking });
    return undefined;
  } catch (error) {
    return () => replyEphemeral(interaction, logged(error, logger).message);
  }
}

async function tellStory(interaction: ChatInputCommandInteraction, tools: InteractionTools): Promise<void> {
  const { options } = interaction;
  const input = {
    prompt: readMarkup(options.getString('prompt', true)),
    temperature: options.getNumber('temperature'),
    length: options.getInteger('length'),
    seed: options.getInteger('seed'),
    model: options.getString('model'),
  };
  let request: StoryRequest;
  try {
    request = parseRequest(tools.readRequest, input, MAX_CONTENT);
    if (!hasWords(request.prompt)) throw new StoryError('bad_request', NO_WORDS);
  } catch (error) {
    await replyEphemeral(interaction, logged(error, tools.logger).message);
    return;
  }
  await answerWithStory(interaction, async () => ({ request }), tools);
}

async function continueMessage(
  interaction: MessageContextMenuCommandInteraction,
  tools: InteractionTools,
): Promise<void> {
  const { targetMessage } = interaction;
  if (textOfMessage(partsOf(targetMessage)) === '') {
    await replyEphemeral(
      interaction,
      'There is no text in that message to continue. Choose one that has some.',
    );
    return;
  }
  const prepare = async () => {
    const context = await storyEnd(seen(targetMessage, tools.botId), finder(interaction, tools));
    return {
      request: { ...parseRequest(tools.readRequest, { prompt: '' }, MAX_CONTENT), context },
      source: targetMessage.id,
    };
  };
  await answerWithStory(interaction, prepare, tools);
}

async function onButton(interaction: ButtonInteraction, tools: InteractionTools): Promise<void> {
  const button = decodeButton(interaction.customId);
  if (!button)
    await replyEphemeral(interaction, 'This button is from another version. Ask for a story with /scifi.');
  else if (button.action === 'stop') await stop(interaction, button, tools);
  else {
    await answerWithStory(
      interaction,
      async () => {
        const model = tools.models.find(({ name }) => name.startsWith(button.model))?.name;
        if (!model) {
          throw new StoryError(
            'model_unavailable',
            'The model that wrote this is no longer here. Use /scifi.',
          );
        }
        const message = seen(interaction.message, tools.botId);
        const find = finder(interaction, tools);
        return requestBehind({ ...button, model }, message, find, drawSeed());
      },
      tools,
    );
  }
}

async function stop(
  interaction: ButtonInteraction,
  button: Extract<Button, { action: 'stop' }>,
  { replies, logger }: InteractionTools,
): Promise<void> {
  const isModerator = interaction.memberPermissions?.has(PermissionFlagsBits.ManageMessages) ?? false;
  if (interaction.user.id !== button.userId && !isModerator) {
    await replyEphemeral(interaction, 'Only the one who asked for this story, or a moderator, can stop it.');
    return;
  }
  const [, stopping] = await Promise.allSettled([interaction.deferUpdate(), replies.stop(button.replyId)]);
  const problem =
    stopping.status === 'rejected'
      ? logged(stopping.reason, logger).message
      : !stopping.value && 'This story is no longer being written.';
  if (problem) await interaction.followUp({ content: problem, flags: MessageFlags.Ephemeral });
}

function finder(
  { channelId }: ButtonInteraction | MessageContextMenuCommandInteraction,
  { api, botId }: InteractionTools,
): (id: string) => Promise<SeenMessage> {
  return async (id) => {
    const message = await api.read(channelId!, id);
    return seenAs(id, message.author.id === botId, partsOfWire(message));
  };
}

function seen(message: Message, botId: string): SeenMessage {
  return seenAs(message.id, message.author.id === botId, partsOf(message));
}

/** The parts of a discord.js message that hold text. */
function partsOf({ content, embeds, components, messageSnapshots }: Message | MessageSnapshot): TextParts {
  return {
    content: content ?? '',
    embeds: embeds?.map((embed) => embed.toJSON()),
    components: components?.map((component) => component.toJSON() as APIMessageTopLevelComponent),
    forwarded: [...(messageSnapshots?.values() ?? [])].map(partsOf),
  };
}

function seenAs(id: string, isOurs: boolean, parts: TextParts): SeenMessage {
  const { content, components = [] } = parts;
  const buttons = customIdsOf(components).map(decodeButton);
  // A forwarded story of the bot's own has its text in the forwarded message.
  if (!isOurs || content === '') return { id, part: { text: textOfMessage(parts) } };
  const reference = buttons.find((button) => button && button.action !== 'stop');
  return { id, part: readPart(content), reference: reference as StoryReference | undefined };
}
