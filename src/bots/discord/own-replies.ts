/** The buttons of a reply's owner: its requester and the moderators may stop, edit and delete it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ButtonInteraction, type ModalSubmitInteraction, PermissionFlagsBits } from 'discord.js';
import { StoryError } from '../../errors.ts';
import type { ChatContext } from '../chat-context.ts';
import { editForm, readEditForm } from '../forms.ts';
import { editedId, NO_REQUEST, notOwner } from '../ownership.ts';
import { requestShown } from '../read-story.ts';
import { hasWords, PATIENCE_MS, type ParsedRequest } from '../submit.ts';
import { addressIn, EPHEMERAL, replyEphemeral, requesterOf } from './asking.ts';
import type { OwnButton, OwnReply } from './buttons.ts';
import { loggable } from './failures.ts';
import { readMarkup } from './markup.ts';
import { modalOf, valuesOf } from './modals.ts';
import { type SeenMessages, withModel } from './seen-messages.ts';
import type { DiscordHandle } from './surface.ts';

const NOT_WRITTEN = 'This story is no longer being written.';
const NO_WORDS = 'There are no words in that opening, so nothing was changed.';

type OwnInteraction = ButtonInteraction | ModalSubmitInteraction;

export class OwnReplies {
  readonly #chat: ChatContext<DiscordHandle>;
  readonly #messages: SeenMessages;

  constructor(chat: ChatContext<DiscordHandle>, messages: SeenMessages) {
    this.#chat = chat;
    this.#messages = messages;
  }

  async act(interaction: ButtonInteraction, button: OwnButton): Promise<void> {
    if (!isOwner(interaction, button.userId)) return replyEphemeral(interaction, notOwner(button.action));
    if (button.action === 'edit') return this.#showForm(interaction, button);
    // Acknowledged when the action is stored, so that a crash loses no acknowledged one; or earlier, when the queue
    // is slow.
    const acting = this.#actOn(interaction, button).catch((error: unknown) => this.#chat.refusalFor(error));
    await Promise.race([acting, sleep(PATIENCE_MS)]);
    await this.#acknowledge(interaction);
    const sentence = await acting;
    if (sentence) await followUp(interaction, sentence);
  }

  /** Returns a sentence for the user, if there is one. */
  async #actOn(interaction: ButtonInteraction, button: OwnButton): Promise<string | undefined> {
    if (button.action === 'stop') {
      return (await this.#chat.replies.stop(button.replyId)) ? undefined : NOT_WRITTEN;
    }
    if (button.action === 'share') return this.#share(interaction, button);
    await this.#remove(interaction, button);
    return undefined;
  }

  /** Has a reply written anew in its own place, from the request in a modal. */
  async rewrite(interaction: ModalSubmitInteraction, reply: OwnReply): Promise<void> {
    if (!isOwner(interaction, reply.userId)) return replyEphemeral(interaction, notOwner('edit'));
    const message = interaction.message!.id;
    const address = addressIn(interaction);
    const { id, token, createdTimestamp: at } = interaction;
    await this.#chat.answer(
      {
        id: editedId(reply.replyId),
        requester: requesterOf(interaction.user.id, interaction.guildId),
        handle: (source) => ({
          ...address,
          // A story that a moderator edits stays its requester's.
          userId: reply.userId,
          // Also where it replaces a reply in the other format: an edit converts the message that it takes over.
          format: 'container',
          // Where the bot may write, it edits the messages itself: the interaction can edit only one of them.
          ...(address.inChannel ? {} : { interaction: { id, token, at, on: message } }),
          ...(source ? { source } : {}),
        }),
        acknowledge: (sentence) =>
          sentence ? replyEphemeral(interaction, sentence) : this.#acknowledge(interaction),
        replyEphemeral: (sentence) => followUp(interaction, sentence),
      },
      async () => {
        const { request: edited, source } = await this.#requestOf(interaction, reply.replyId);
        const input = readEditForm(valuesOf(interaction), edited);
        const request = this.#chat.parse({ ...input, prompt: readMarkup(input.prompt) });
        if (request.context === '' && !hasWords(request.prompt))
          throw new StoryError('bad_request', NO_WORDS);
        const replaces = { replyId: reply.replyId, messages: [...reply.before, message] };
        return { request, source, replaces };
      },
    );
  }

  async #share(interaction: ButtonInteraction, { replyId }: OwnReply): Promise<string> {
    const { user, guildId, message, channelId } = interaction;
    const { person } = requesterOf(user.id, guildId);
    const find = this.#messages.in(channelId);
    return this.#chat.sharing.share(replyId, person, this.#messages.of(message), find);
  }

  async #showForm(interaction: ButtonInteraction, { replyId }: OwnReply): Promise<void> {
    let form: Parameters<ButtonInteraction['showModal']>[0];
    try {
      const { request } = await this.#requestOf(interaction, replyId);
      form = modalOf(editForm(request, this.#chat.models), interaction.customId);
    } catch (error) {
      return replyEphemeral(interaction, this.#chat.refusalFor(error));
    }
    await interaction.showModal(form);
  }

  /** The request as it was asked, as long as it is kept, and otherwise as the messages show it. */
  async #requestOf({ message, channelId }: OwnInteraction, replyId: string): Promise<ParsedRequest> {
    const seen = this.#messages.of(message!);
    const { reference } = seen;
    const known = await this.#chat.replies.read(replyId);
    if (known) return { request: known.request, source: reference?.source };
    if (!reference) throw new StoryError('not_found', NO_REQUEST);
    return requestShown(withModel(reference, this.#chat.models), seen, this.#messages.in(channelId!));
  }

  async #remove(interaction: ButtonInteraction, { replyId, before }: OwnReply): Promise<void> {
    const { id, token, message, createdTimestamp: at } = interaction;
    const address = { ...addressIn(interaction), interaction: { id, token, at, on: message.id } };
    await this.#chat.removals.request({ replyId, address, messages: [...before, message.id] });
  }

  async #acknowledge(interaction: OwnInteraction): Promise<void> {
    await interaction.deferUpdate().catch((error) => {
      this.#chat.logger.warn({ interaction: interaction.id, ...loggable(error) }, 'not acknowledged');
    });
  }
}

/** Whether a user requested a reply, or moderates the channel. */
function isOwner({ user, memberPermissions }: OwnInteraction, requesterId: string): boolean {
  return user.id === requesterId || (memberPermissions?.has(PermissionFlagsBits.ManageMessages) ?? false);
}

async function followUp(interaction: OwnInteraction, content: string): Promise<void> {
  await interaction.followUp({ content, ...EPHEMERAL });
}
