/** Answers commands and buttons. */
import {
  type APIMessageTopLevelComponent,
  ApplicationIntegrationType,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type Interaction,
  InteractionContextType,
  type Message,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  type MessageSnapshot,
  PermissionFlagsBits,
} from 'discord.js';
import { StoryError } from '../../errors.ts';
import type { Requester } from '../../queue/admission/store.ts';
import { drawSeed } from '../../story/story-request.ts';
import type { ChatContext } from '../adapter.ts';
import type { Presence } from '../blocks.ts';
import type { Caller, Command } from '../commands/command.ts';
import { COMMANDS } from '../commands/table.ts';
import { requestBehind, type SeenMessage, type StoryReference, storyEnd } from '../read-story.ts';
import { hasWords, type ParsedRequest } from '../submit.ts';
import { customIdsOf, type DiscordApi } from './api.ts';
import type { Application } from './application.ts';
import { impossibleIn, missingFor } from './channel-check.ts';
import { CONTINUE, SCIFI } from './commands.ts';
import { failureOf, loggable } from './failures.ts';
import { partsOfWire, readMarkup, type TextParts, textOfMessage } from './markup.ts';
import { type Button, decodeButton, readPart } from './messages.ts';
import type { DiscordHandle } from './surface.ts';

type Asking = ChatInputCommandInteraction | MessageContextMenuCommandInteraction | ButtonInteraction;

const NO_WORDS = 'There are no words in that opening. Give some, such as: It all began with';
const NO_INTENT =
  'I cannot read messages that do not mention me: the “Message Content Intent” is off. Switch it on in the ' +
  'developer portal under Bot and restart me, or choose “only those that mention me”.';
/** Replaces a user's id that is forgotten: no user of Discord has this one. */
const FORGOTTEN_USER = '0';
/** A reply that only the requester can see, and that notifies no user. */
const EPHEMERAL = { flags: MessageFlags.Ephemeral, allowedMentions: { parse: [] } } as const;

export class Interactions {
  readonly #chat: ChatContext<DiscordHandle>;
  readonly #api: DiscordApi;
  readonly #application: Application;

  constructor(chat: ChatContext<DiscordHandle>, api: DiscordApi, application: Application) {
    this.#chat = chat;
    this.#api = api;
    this.#application = application;
  }

  /** Answers an interaction. Never rejects: no caller awaits it. */
  async answer(interaction: Interaction): Promise<void> {
    try {
      if (interaction.isChatInputCommand()) await this.#onCommand(interaction);
      else if (interaction.isMessageContextMenuCommand()) {
        if (interaction.commandName === CONTINUE) await this.#continueMessage(interaction);
      } else if (interaction.isButton()) await this.#onButton(interaction);
    } catch (error) {
      this.#chat.logger.warn({ interaction: interaction.id, ...loggable(error) }, 'an interaction failed');
    }
  }

  async #onCommand(interaction: ChatInputCommandInteraction): Promise<void> {
    const command = COMMANDS.find(({ name }) => name === interaction.commandName);
    if (await this.#refuseBlocked(interaction, command?.ignoresBlocks)) return;
    if (interaction.commandName === SCIFI) return this.#tellStory(interaction);
    if (!command) return;
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const { options } = interaction;
    const order = command.fromOptions({
      subcommand: options.getSubcommand(false) ?? '',
      // For a user, this is the id: one who has left the server can be blocked, but cannot be resolved.
      value: (name) => options.get(name)?.value,
    });
    const content = await this.#chat.run(command, order, this.#callerOf(interaction));
    await interaction.editReply({ content, allowedMentions: { parse: [] } });
  }

  /** Sends the refusal to a blocked user; returns whether the user is blocked. */
  async #refuseBlocked(interaction: Asking, ignored?: Command['ignoresBlocks']): Promise<boolean> {
    const refusal = this.#chat.blockedBy(presenceOf(interaction, interaction.user.id), ignored);
    if (refusal) await replyEphemeral(interaction, refusal);
    return refusal !== undefined;
  }

  #callerOf({ user, guildId, channelId, channel, appPermissions }: ChatInputCommandInteraction): Caller {
    const facts = { type: channel?.type, permissions: appPermissions };
    return {
      platform: 'discord',
      userId: user.id,
      communityId: guildId ?? '',
      channelId,
      environment: async () => ({
        missing: (settings) => missingFor(settings, facts),
        impossible: (settings) => impossibleIn(settings, facts),
        ...(guildId ? { home: { community: guildId } } : {}),
        remedy: 'Give me that in the channel’s settings under Permissions, and try again.',
        blindness: this.#application.readsMessages ? undefined : NO_INTENT,
      }),
      forget: () =>
        this.#chat.forget({
          isTheirs: ({ userId }) => userId === user.id,
          anonymous: (handle) => ({ ...handle, userId: FORGOTTEN_USER }),
        }),
    };
  }

  async #tellStory(interaction: ChatInputCommandInteraction): Promise<void> {
    const { options } = interaction;
    await this.#answerWithStory(interaction, async () => {
      const request = this.#chat.parse({
        prompt: readMarkup(options.getString('prompt', true)),
        preset: options.getString('preset'),
        temperature: options.getNumber('temperature'),
        length: options.getInteger('length'),
        seed: options.getInteger('seed'),
        model: options.getString('model'),
      });
      if (!hasWords(request.prompt)) throw new StoryError('bad_request', NO_WORDS);
      return { request };
    });
  }

  async #continueMessage(interaction: MessageContextMenuCommandInteraction): Promise<void> {
    if (await this.#refuseBlocked(interaction)) return;
    const { targetMessage } = interaction;
    if (textOfMessage(partsOf(targetMessage)) === '') {
      const sentence = 'There is no text in that message to continue. Choose one that has some.';
      return replyEphemeral(interaction, sentence);
    }
    await this.#answerWithStory(interaction, async () => {
      const context = await storyEnd(this.#seen(targetMessage), this.#finder(interaction));
      return { request: this.#chat.parse({ prompt: '', context }), source: targetMessage.id };
    });
  }

  async #onButton(interaction: ButtonInteraction): Promise<void> {
    const button = decodeButton(interaction.customId);
    // A blocked user can still stop a story.
    if (button?.action === 'stop') return this.#stop(interaction, button);
    if (await this.#refuseBlocked(interaction)) return;
    if (!button) {
      return replyEphemeral(interaction, 'This button is from another version. Ask for a story with /scifi.');
    }
    await this.#answerWithStory(interaction, async () => {
      const { models, readRequest } = this.#chat;
      const model = models.find(({ name }) => name.startsWith(button.model))?.name;
      if (!model) {
        throw new StoryError('model_unavailable', 'The model that wrote this is no longer here. Use /scifi.');
      }
      const message = this.#seen(interaction.message);
      return requestBehind({ ...button, model }, message, this.#finder(interaction), readRequest, drawSeed());
    });
  }

  async #stop(interaction: ButtonInteraction, button: Extract<Button, { action: 'stop' }>): Promise<void> {
    const isModerator = interaction.memberPermissions?.has(PermissionFlagsBits.ManageMessages) ?? false;
    if (interaction.user.id !== button.userId && !isModerator) {
      const sentence = 'Only the user who asked for this story, or a moderator, can stop it.';
      return replyEphemeral(interaction, sentence);
    }
    const [, stopping] = await Promise.allSettled([
      interaction.deferUpdate(),
      this.#chat.stop(button.replyId),
    ]);
    const problem =
      stopping.status === 'rejected'
        ? this.#chat.refusalFor(stopping.reason)
        : !stopping.value && 'This story is no longer being written.';
    if (problem) await interaction.followUp({ content: problem, flags: MessageFlags.Ephemeral });
  }

  async #answerWithStory(interaction: Asking, prepare: () => Promise<ParsedRequest>): Promise<void> {
    const at = Date.now();
    let isAcknowledged = false;
    await this.#chat.answer(
      {
        // BullMQ rejects ids that look like numbers, and about one snowflake in a hundred does.
        id: `i${interaction.id}`,
        requester: requesterOf(interaction.user.id, interaction.guildId),
        handle: (source) => ({
          channelId: interaction.channelId!,
          userId: interaction.user.id,
          inChannel: mayWriteHere(interaction),
          interaction: { id: interaction.id, token: interaction.token, at },
          ...(source ? { source } : {}),
        }),
        acknowledge: async (sentence) => {
          if (sentence) await replyEphemeral(interaction, sentence);
          else isAcknowledged = await this.#acknowledge(interaction);
        },
        replyEphemeral: async (content) => {
          // A copy of an interaction that another process has answered: send nothing more.
          if (!isAcknowledged) return;
          // The "thinking…" message is public; the reason for the failure is sent to the requester only.
          await interaction.deleteReply();
          await interaction.followUp({ content, ...EPHEMERAL });
        },
      },
      prepare,
    );
  }

  /** Sends the "thinking…" message; returns whether it was sent. */
  async #acknowledge(interaction: Asking): Promise<boolean> {
    try {
      await interaction.deferReply();
      return true;
    } catch (error) {
      // Unless this is a copy, the process that edits the reply tries again, and detects whether it is too late.
      if (failureOf(error) !== 'acknowledged') {
        this.#chat.logger.warn({ interaction: interaction.id, ...loggable(error) }, 'not acknowledged');
      }
      return false;
    }
  }

  #finder({ channelId }: Asking): (id: string) => Promise<SeenMessage> {
    return async (id) => {
      const message = await this.#api.read(channelId!, id);
      return this.#seenAs(id, message.author.id, partsOfWire(message));
    };
  }

  #seen(message: Message): SeenMessage {
    return this.#seenAs(message.id, message.author.id, partsOf(message));
  }

  #seenAs(id: string, authorId: string, parts: TextParts): SeenMessage {
    const { content, components = [] } = parts;
    // A forwarded story of the bot's own has its text in the forwarded message.
    if (authorId !== this.#application.botId || content === '') {
      return { id, part: { text: textOfMessage(parts) } };
    }
    const buttons = customIdsOf(components).map(decodeButton);
    const reference = buttons.find((button) => button && button.action !== 'stop');
    return { id, part: readPart(content), reference: reference as StoryReference | undefined };
  }
}

/** The requester that the queue uses for a Discord user. */
export function requesterOf(userId: string, guildId: string | null): Requester {
  return { person: `discord:${userId}`, ...(guildId ? { community: `discord:${guildId}` } : {}) };
}

/** A user in the conversation of an interaction or a message. */
export function presenceOf(
  { guildId, channelId, channel }: Pick<Interaction | Message, 'guildId' | 'channelId' | 'channel'>,
  userId: string,
): Presence {
  const parentId = channel?.isThread() ? channel.parentId : undefined;
  return {
    platform: 'discord',
    userId,
    community: guildId ?? undefined,
    channels: [channelId, parentId].filter((id) => typeof id === 'string'),
  };
}

async function replyEphemeral(interaction: Asking, content: string): Promise<void> {
  await interaction.reply({ content, ...EPHEMERAL });
}

/** Whether the bot itself may write in the channel of the interaction, or can only answer the interaction. */
function mayWriteHere(interaction: Asking): boolean {
  if (interaction.context === InteractionContextType.BotDM) return true;
  const isMember = interaction.authorizingIntegrationOwners?.[ApplicationIntegrationType.GuildInstall];
  if (interaction.context !== InteractionContextType.Guild || !isMember) return false;
  const write = interaction.channel?.isThread()
    ? PermissionFlagsBits.SendMessagesInThreads
    : PermissionFlagsBits.SendMessages;
  return interaction.appPermissions.has([PermissionFlagsBits.ViewChannel, write]);
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
