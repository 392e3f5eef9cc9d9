/** Dispatches interactions: commands, buttons and modals. */
import {
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type Interaction,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  type ModalSubmitInteraction,
} from 'discord.js';
import type { ChatContext } from '../chat-context.ts';
import type { Caller, Command, FileAnswer } from '../commands/command.ts';
import { COMMANDS } from '../commands/table.ts';
import type { DiscordApi } from './api.ts';
import type { Application } from './application.ts';
import { type Asking, presenceOf, replyEphemeral, requesterOf } from './asking.ts';
import { decodeButton, isOwn } from './buttons.ts';
import { impossibleIn, missingFor } from './channel-check.ts';
import { loggable } from './failures.ts';
import { decodeFeedback, takeFeedback } from './feedback.ts';
import { OwnReplies } from './own-replies.ts';
import { decodeRelayButton, isRelayButton } from './relay-messages.ts';
import { RelayInteractions } from './relays.ts';
import { SeenMessages } from './seen-messages.ts';
import { StoryInteractions } from './stories.ts';
import { CONTINUE, SCIFI } from './story-command.ts';
import type { DiscordHandle } from './surface.ts';
import { decodeTitle, takeTitle } from './title-buttons.ts';
import { decodeVoteButton, isVoteButton } from './vote-messages.ts';
import { VoteInteractions } from './votes.ts';

const OTHER_VERSION = 'This button is from another version. Ask for a story with /scifi.';
const NO_INTENT =
  'I cannot read messages that do not mention me: the “Message Content Intent” is off. Switch it on in the ' +
  'developer portal under Bot and restart me, or choose “only those that mention me”.';
/** Replaces a user's id that is forgotten: no user of Discord has this one. */
const FORGOTTEN_USER = '0';

export class Interactions {
  readonly #chat: ChatContext<DiscordHandle>;
  readonly #application: Application;
  readonly #stories: StoryInteractions;
  readonly #own: OwnReplies;
  readonly #votes: VoteInteractions;
  readonly #relays: RelayInteractions;

  constructor(chat: ChatContext<DiscordHandle>, api: DiscordApi, application: Application) {
    const messages = new SeenMessages(api, application.botId);
    this.#chat = chat;
    this.#application = application;
    this.#stories = new StoryInteractions(chat, messages);
    this.#own = new OwnReplies(chat, messages);
    this.#votes = new VoteInteractions(chat, messages);
    this.#relays = new RelayInteractions(chat, application);
  }

  /** Answers an interaction. Never rejects: no caller awaits it. */
  async answer(interaction: Interaction): Promise<void> {
    try {
      if (interaction.isChatInputCommand()) await this.#onCommand(interaction);
      else if (interaction.isMessageContextMenuCommand()) {
        if (interaction.commandName === CONTINUE) await this.#continueMessage(interaction);
      } else if (interaction.isButton()) await this.#onButton(interaction);
      else if (interaction.isModalSubmit() && interaction.isFromMessage()) await this.#onModal(interaction);
    } catch (error) {
      this.#chat.logger.warn({ interaction: interaction.id, ...loggable(error) }, 'an interaction failed');
    }
  }

  async #onCommand(interaction: ChatInputCommandInteraction): Promise<void> {
    const command = COMMANDS.find(({ name }) => name === interaction.commandName);
    if (await this.#refuseBlocked(interaction, command?.ignoresBlocks)) return;
    if (interaction.commandName === SCIFI) {
      const isChoice = interaction.options.getInteger('choices') !== null;
      return isChoice ? this.#votes.offerOpenings(interaction) : this.#stories.tell(interaction);
    }
    if (!command) return;
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const answer = await this.#run(command, interaction);
    const { text, files } =
      typeof answer === 'string' ? { text: answer, files: [] } : { text: answer.text, files: [answer.file] };
    await interaction.editReply({
      content: text,
      allowedMentions: { parse: [] },
      files: files.map(({ name, bytes }) => ({ name, attachment: Buffer.from(bytes) })),
    });
  }

  async #run(command: Command, interaction: ChatInputCommandInteraction): Promise<string | FileAnswer> {
    const { options } = interaction;
    let order: unknown;
    try {
      order = command.fromOptions({
        subcommand: options.getSubcommand(false) ?? '',
        // For a user, this is the id: one who has left the server can be blocked, but cannot be resolved.
        value: (name) => options.get(name)?.value,
      });
    } catch (error) {
      return this.#chat.refusalFor(error);
    }
    return this.#chat.run(command, order, this.#callerOf(interaction));
  }

  /** Sends the refusal to a blocked user; returns whether the user is blocked. */
  async #refuseBlocked(interaction: Asking, ignored?: Command['ignoresBlocks']): Promise<boolean> {
    const refusal = this.#chat.blockedBy(presenceOf(interaction, interaction.user.id), ignored);
    if (refusal) await replyEphemeral(interaction, refusal);
    return refusal !== undefined;
  }

  #callerOf(interaction: ChatInputCommandInteraction): Caller {
    const { user, guildId, channelId, channel, appPermissions } = interaction;
    const facts = { type: channel?.type, permissions: appPermissions };
    return {
      platform: 'discord',
      userId: user.id,
      person: requesterOf(user.id, guildId).person,
      communityId: guildId ?? '',
      channelId,
      environment: async () => ({
        missing: (settings) => missingFor(settings, facts),
        impossible: (settings) => impossibleIn(settings, facts),
        ...(guildId ? { home: { community: guildId } } : {}),
        remedy: 'Give me that in the channel’s settings under Permissions, and try again.',
        blindness: this.#application.readsMessages ? undefined : NO_INTENT,
      }),
      keptStories: () =>
        this.#chat.replies.kept((handle) => handle.channelId === channelId && !handle.isPrivate),
      shelf: this.#chat.shelfOf(channelId, guildId ?? ''),
      startVote: (order) => this.#votes.start(interaction, order),
      startRelay: (order) => this.#relays.start(interaction, order),
      forget: async () => {
        const { person } = requesterOf(user.id, guildId);
        await this.#chat.forgetWritten(({ hostId }) => hostId === user.id, person);
        await this.#chat.forgetting.forget({
          isTheirs: ({ userId }) => userId === user.id,
          anonymous: (handle) => ({ ...handle, userId: FORGOTTEN_USER }),
        });
      },
    };
  }

  async #continueMessage(interaction: MessageContextMenuCommandInteraction): Promise<void> {
    if (await this.#refuseBlocked(interaction)) return;
    await this.#stories.continueMessage(interaction);
  }

  async #onButton(interaction: ButtonInteraction): Promise<void> {
    if (isVoteButton(interaction.customId)) return this.#onVoteButton(interaction);
    if (isRelayButton(interaction.customId)) return this.#onRelayButton(interaction);
    const button = decodeButton(interaction.customId);
    const isMaking = button?.action === 'edit' || button?.action === 'share';
    // A blocked user can still stop and delete a story.
    if (button && isOwn(button) && !isMaking) return this.#own.act(interaction, button);
    if (await this.#refuseBlocked(interaction)) return;
    const rated = decodeFeedback(interaction.customId);
    if (rated) return takeFeedback(interaction, rated, this.#chat);
    const title = decodeTitle(interaction.customId);
    if (title) return takeTitle(interaction, title, this.#chat);
    if (!button) return replyEphemeral(interaction, OTHER_VERSION);
    if (isOwn(button)) return this.#own.act(interaction, button);
    if (button.action === 'vote') return this.#votes.showForm(interaction);
    await this.#stories.tellAgain(interaction, button);
  }

  async #onVoteButton(interaction: ButtonInteraction): Promise<void> {
    const button = decodeVoteButton(interaction.customId);
    // A blocked user can still end and delete a vote.
    const isChoice = button?.action === 'choose' || button?.action === 'pick';
    if (isChoice && (await this.#refuseBlocked(interaction))) return;
    if (!button) return replyEphemeral(interaction, OTHER_VERSION);
    await this.#votes.press(interaction, button);
  }

  async #onRelayButton(interaction: ButtonInteraction): Promise<void> {
    const button = decodeRelayButton(interaction.customId);
    // A blocked user can still end and delete a relay.
    if (button?.action === 'ask' && (await this.#refuseBlocked(interaction))) return;
    if (!button) return replyEphemeral(interaction, OTHER_VERSION);
    await this.#relays.press(interaction, button);
  }

  /** A modal has the id of the button that showed it. */
  async #onModal(interaction: ModalSubmitInteraction): Promise<void> {
    const button = decodeButton(interaction.customId);
    if (await this.#refuseBlocked(interaction)) return;
    if (button?.action === 'edit') return this.#own.rewrite(interaction, button);
    if (button?.action === 'line') return this.#stories.goOn(interaction, button);
    if (button?.action === 'vote') return this.#votes.goOn(interaction, button);
    await replyEphemeral(interaction, OTHER_VERSION);
  }
}
