/** What happens when somebody uses a command or presses a button. */
import {
  type APIMessageTopLevelComponent,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type Interaction,
  type Message,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  PermissionFlagsBits,
} from 'discord.js';
import { StoryError } from '../../errors.ts';
import type { ModelChoice, StoryRequest } from '../../story.ts';
import { type AskTools, drawSeed, logged, readWish } from '../ask.ts';
import type { LimitsTools } from '../limits-command.ts';
import { clean } from '../outgoing-text.ts';
import { requestBehind, type SeenMessage, type StoryMark, storyEnd } from '../read-story.ts';
import { customIdsOf, type DiscordApi } from './api.ts';
import { answerWithStory, whisper } from './ask.ts';
import { type ChannelTools, changeChannel } from './channel-command.ts';
import { CHANNEL, CONTINUE, FORGET, LIMITS, PRIVACY, SCIFI } from './commands.ts';
import { type Button, decodeButton } from './custom-id.ts';
import { loggable } from './failures.ts';
import type { DiscordHandle } from './handle.ts';
import { changeLimits } from './limits-command.ts';
import { forgetUser, type PrivacyTools, tellPrivacy } from './privacy-commands.ts';
import { ROOM, readPart } from './story-text.ts';

export interface InteractionTools extends AskTools<DiscordHandle>, ChannelTools, LimitsTools, PrivacyTools {
  readonly api: DiscordApi;
  readonly models: readonly ModelChoice[];
  readonly botId: string;
}

/** Answers an interaction. Never rejects: nobody awaits it. */
export async function answer(interaction: Interaction, tools: InteractionTools): Promise<void> {
  try {
    if (interaction.isChatInputCommand()) {
      if (interaction.commandName === SCIFI) await tellStory(interaction, tools);
      else if (interaction.commandName === CHANNEL) await changeChannel(interaction, tools);
      else if (interaction.commandName === LIMITS) await changeLimits(interaction, tools);
      else if (interaction.commandName === PRIVACY) await tellPrivacy(interaction, tools);
      else if (interaction.commandName === FORGET) await forgetUser(interaction, tools);
    } else if (interaction.isMessageContextMenuCommand()) {
      if (interaction.commandName === CONTINUE) await continueMessage(interaction, tools);
    } else if (interaction.isButton()) {
      await press(interaction, tools);
    }
  } catch (error) {
    tools.logger.warn({ interaction: interaction.id, ...loggable(error) }, 'an interaction failed');
  }
}

async function tellStory(interaction: ChatInputCommandInteraction, tools: InteractionTools): Promise<void> {
  const { options } = interaction;
  const input = {
    prompt: options.getString('prompt', true),
    temperature: options.getNumber('temperature'),
    length: options.getInteger('length'),
    seed: options.getInteger('seed'),
    model: options.getString('model'),
  };
  let request: StoryRequest;
  try {
    request = readWish(tools.readRequest, input, ROOM);
  } catch (error) {
    await whisper(interaction, logged(error, tools.logger).message);
    return;
  }
  await answerWithStory(interaction, async () => ({ request }), tools);
}

async function continueMessage(
  interaction: MessageContextMenuCommandInteraction,
  tools: InteractionTools,
): Promise<void> {
  const { targetMessage } = interaction;
  if (clean(targetMessage.content).trim() === '') {
    await whisper(interaction, 'There is no text in that message to continue. Choose one that has some.');
    return;
  }
  const prepare = async () => {
    const context = await storyEnd(seen(targetMessage, tools.botId), finder(interaction, tools));
    return {
      request: { ...readWish(tools.readRequest, { prompt: '' }, ROOM), context },
      source: targetMessage.id,
    };
  };
  await answerWithStory(interaction, prepare, tools);
}

async function press(interaction: ButtonInteraction, tools: InteractionTools): Promise<void> {
  const button = decodeButton(interaction.customId);
  if (!button)
    await whisper(interaction, 'This button is from another version. Ask for a story with /scifi.');
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
    await whisper(interaction, 'Only the one who asked for this story, or a moderator, can stop it.');
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
    const { author, content, components } = await api.read(channelId!, id);
    return seenAs(id, author.id === botId, content, components ?? []);
  };
}

function seen({ id, author, content, components }: Message, botId: string): SeenMessage {
  const wire = components.map((component) => component.toJSON() as APIMessageTopLevelComponent);
  return seenAs(id, author.id === botId, content, wire);
}

function seenAs(
  id: string,
  isOurs: boolean,
  content: string,
  components: readonly APIMessageTopLevelComponent[],
): SeenMessage {
  if (!isOurs) return { id, part: { text: clean(content) } };
  const buttons = customIdsOf(components).map(decodeButton);
  const mark = buttons.find((button) => button && button.action !== 'stop');
  return { id, part: readPart(content), mark: mark as StoryMark | undefined };
}
