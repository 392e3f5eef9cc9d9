/** Answers interactions with stories: the command, the menu of a message, and the buttons under a story. */
import {
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  type ModalSubmitInteraction,
} from 'discord.js';
import { StoryError } from '../../errors.ts';
import { inputOf, type StoryRequest } from '../../story/story.ts';
import { drawSeed } from '../../story/story-request.ts';
import { requestAgain } from '../../story/variations.ts';
import type { ChatContext } from '../chat-context.ts';
import { LINE_FORM } from '../forms.ts';
import { requestBehind, type StoryButton, storyEnd } from '../read-story.ts';
import { hasWords, type ParsedRequest } from '../submit.ts';
import {
  type Asking,
  addressIn,
  EPHEMERAL,
  isPrivate,
  partsOf,
  replyEphemeral,
  requesterOf,
} from './asking.ts';
import { failureOf, loggable } from './failures.ts';
import { readMarkup, textOfMessage } from './markup.ts';
import { modalOf, valuesOf } from './modals.ts';
import { type SeenMessages, withModel } from './seen-messages.ts';
import type { DiscordHandle } from './surface.ts';

const NO_WORDS = 'There are no words in that opening. Give some, such as: It all began with';
const NO_WORDS_IN_LINE = 'There are no words in that line. Give some, such as: Then the door opened, and';

export class StoryInteractions {
  readonly #chat: ChatContext<DiscordHandle>;
  readonly #messages: SeenMessages;

  constructor(chat: ChatContext<DiscordHandle>, messages: SeenMessages) {
    this.#chat = chat;
    this.#messages = messages;
  }

  async tell(interaction: ChatInputCommandInteraction): Promise<void> {
    const isHidden = interaction.options.getBoolean('private') ?? false;
    const prepare = async () => ({ request: storyAskedIn(interaction, this.#chat) });
    await this.#answer(interaction, prepare, isHidden);
  }

  async continueMessage(interaction: MessageContextMenuCommandInteraction): Promise<void> {
    const { targetMessage, channelId } = interaction;
    if (textOfMessage(partsOf(targetMessage)) === '') {
      const sentence = 'There is no text in that message to continue. Choose one that has some.';
      return replyEphemeral(interaction, sentence);
    }
    await this.#answer(interaction, async () => {
      const context = await storyEnd(this.#messages.of(targetMessage), this.#messages.in(channelId));
      return { request: this.#chat.parse({ prompt: '', context }), source: targetMessage.id };
    });
  }

  /** Writes a variation or a continuation; first asks for the line with which a story goes on. */
  async tellAgain(interaction: ButtonInteraction, button: StoryButton): Promise<void> {
    if (button.action === 'line') return interaction.showModal(modalOf(LINE_FORM, interaction.customId));
    await this.#answer(interaction, () => this.#behind(interaction, button));
  }

  /** Continues a story with the line in a modal. */
  async goOn(interaction: ModalSubmitInteraction, button: StoryButton): Promise<void> {
    await this.#answer(interaction, async () => {
      const line = readMarkup(valuesOf(interaction).line ?? '').trim();
      if (!hasWords(line)) throw new StoryError('bad_request', NO_WORDS_IN_LINE);
      const { request, source } = await this.#behind(interaction, button, line);
      return { request: this.#chat.parseAgain(request), source };
    });
  }

  async #behind(
    interaction: ButtonInteraction | ModalSubmitInteraction,
    button: StoryButton,
    line = '',
  ): Promise<ParsedRequest> {
    const { models, readRequest } = this.#chat;
    const { message, channelId } = interaction;
    const seen = this.#messages.of(message!);
    const { action, source } = button;
    const isNew = action !== 'continue' && action !== 'line' && action !== 'vote';
    if (isPrivate(interaction) && source && isNew) {
      // The bot cannot read the private message that the story continues; its request has the text.
      const known = seen.replyId && (await this.#chat.replies.read(seen.replyId));
      if (known)
        return { request: readRequest(inputOf(requestAgain(action, known.request, '', drawSeed()))), source };
    }
    const find = this.#messages.in(channelId!);
    return requestBehind(withModel(button, models), seen, find, readRequest, drawSeed(), line);
  }

  /** @param isHidden whether only the requester sees the story */
  async #answer(
    interaction: Asking,
    prepare: () => Promise<ParsedRequest>,
    isHidden = isPrivate(interaction),
  ): Promise<void> {
    const at = Date.now();
    let isAcknowledged = false;
    await this.#chat.answer(
      {
        // BullMQ rejects ids that look like numbers, and about one snowflake in a hundred does.
        id: `i${interaction.id}`,
        requester: requesterOf(interaction.user.id, interaction.guildId),
        handle: (source) => ({
          ...addressIn(interaction, isHidden),
          userId: interaction.user.id,
          format: 'container',
          interaction: { id: interaction.id, token: interaction.token, at },
          ...(source ? { source } : {}),
        }),
        acknowledge: async (sentence) => {
          if (sentence) await replyEphemeral(interaction, sentence);
          else isAcknowledged = await this.#acknowledge(interaction, isHidden);
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
  async #acknowledge(interaction: Asking, isHidden: boolean): Promise<boolean> {
    try {
      await interaction.deferReply(isHidden ? { flags: MessageFlags.Ephemeral } : {});
      return true;
    } catch (error) {
      // Unless this is a copy, the process that edits the reply tries again, and detects whether it is too late.
      if (failureOf(error) !== 'acknowledged') {
        this.#chat.logger.warn({ interaction: interaction.id, ...loggable(error) }, 'not acknowledged');
      }
      return false;
    }
  }
}

/**
 * The request in the options of `/scifi`.
 *
 * @throws StoryError `bad_request` or `declined` with a sentence
 */
export function storyAskedIn(
  { options }: ChatInputCommandInteraction,
  chat: Pick<ChatContext<DiscordHandle>, 'parse'>,
): StoryRequest {
  const request = chat.parse({
    prompt: readMarkup(options.getString('prompt', true)),
    preset: options.getString('preset'),
    temperature: options.getNumber('temperature'),
    length: options.getInteger('length'),
    seed: options.getInteger('seed'),
    model: options.getString('model'),
  });
  if (!hasWords(request.prompt)) throw new StoryError('bad_request', NO_WORDS);
  return request;
}
