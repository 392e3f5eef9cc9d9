/** Votes on Discord: the messages that show them, and what users do with their buttons. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type ModalSubmitInteraction,
  PermissionFlagsBits,
} from 'discord.js';
import { StoryError } from '../../errors.ts';
import type { VoteRecord } from '../../queue/votes/records.ts';
import { type VoteBoard, VoteLost } from '../../queue/votes/rounds.ts';
import { VOTE_ID } from '../../queue/votes/votes.ts';
import type { ModelChoice } from '../../story/story.ts';
import { drawSeed } from '../../story/story-request.ts';
import { openingsOf, type VoteTerms } from '../../story/vote.ts';
import type { AddressOf, ChatContext } from '../chat-context.ts';
import { demandWords, readVoteForm, type VoteOrder } from '../commands/vote.ts';
import { VOTE_FORM } from '../forms.ts';
import { requestBehind, type StoryButton } from '../read-story.ts';
import { PATIENCE_MS } from '../submit.ts';
import { pressVote, type VoteButton } from '../votes/presses.ts';
import { CHOOSE_BELOW, VOTE_BEGINS } from '../votes/wording.ts';
import type { DiscordApi, MessageBody } from './api.ts';
import { addressIn, answerPress, EPHEMERAL, replyEphemeral, requesterOf, startIn } from './asking.ts';
import { failureOf } from './failures.ts';
import { readMarkup } from './markup.ts';
import { modalOf, valuesOf } from './modals.ts';
import { type SeenMessages, withModel } from './seen-messages.ts';
import { storyAskedIn } from './stories.ts';
import type { DiscordHandle } from './surface.ts';
import { layOutRefused, layOutVote } from './vote-messages.ts';

type Address = AddressOf<DiscordHandle>;

/** The least time between two edits of one vote. */
const EDIT_INTERVAL_MS = 1_000;
/**
 * Edits a second that show new counts, of all votes together: a fifth of this process's requests
 * (`BOT_REQUESTS_PER_SECOND`), so that the ends of rounds do not wait behind them.
 */
const COUNTS_PER_SECOND = 5;
/** A vote that was not shown for this time has no edits. */
const IDLE_MS = 15_000;
const MAY_NOT_WRITE =
  'A vote needs a channel in which I may write: give me View Channel and Send Messages here, or use another channel.';
const MAY_NOT_OFFER =
  'Choices need a channel in which I may write, and everyone there sees them. Ask without choices, or in another channel.';
const REFUSED = 'The AutoMod of this server refused how this story goes on, so the vote is over.';

/** Where votes are shown. */
export class DiscordVoteBoard implements VoteBoard<Address> {
  readonly #api: DiscordApi;
  readonly #models: readonly ModelChoice[];
  /** When each vote was last shown, by `performance.now()`. */
  readonly #shown = new Map<string, number>();
  readonly #deleteMessages: (address: Address, messages: readonly string[]) => Promise<void>;

  constructor(
    api: DiscordApi,
    models: readonly ModelChoice[],
    deleteMessages: (address: Address, messages: readonly string[]) => Promise<void>,
  ) {
    this.#api = api;
    this.#models = models;
    this.#deleteMessages = deleteMessages;
  }

  async show(
    id: string,
    { vote, hostId, address, messages, isTitling }: VoteRecord<Address>,
    counts: readonly number[],
  ) {
    const { channelId } = address;
    const ids = [...messages];
    let pauseMs = Math.max(EDIT_INTERVAL_MS, (this.#countShown(id) * 1_000) / COUNTS_PER_SECOND);
    try {
      for (let index = 0; ; index++) {
        const facts = { voteId: id, hostId, models: this.#models, messages: ids, isTitling };
        const bodies = layOutVote(vote, counts, facts);
        const body = bodies[index];
        if (!body) return { messages: ids, pauseMs };
        const known = ids[index];
        let sent = known
          ? await this.#api.edit(channelId, known, body)
          : await this.#api.send(channelId, `${id}/${index}`, body);
        ids[index] = sent.id;
        // The message was sent before and the response was lost: it exists, but may show less.
        if (!sent.isCurrent) sent = await this.#api.edit(channelId, sent.id, body);
        pauseMs = Math.max(pauseMs, sent.pauseMs);
      }
    } catch (error) {
      const failure = failureOf(error);
      if (failure === 'temporary' || failure === 'defect') throw error;
      const [first] = ids;
      if (failure === 'refused' && first !== undefined) {
        const [whole, short] = layOutRefused(vote, REFUSED);
        const show = (body: MessageBody) => this.#api.edit(channelId, first, body);
        await show(whole).catch(() => show(short).catch(() => {}));
      }
      throw new VoteLost(failure, { cause: error });
    }
  }

  /** The votes that are shown at present, with this one. */
  #countShown(id: string): number {
    const now = performance.now();
    this.#shown.set(id, now);
    for (const [other, at] of this.#shown) if (at < now - IDLE_MS) this.#shown.delete(other);
    return this.#shown.size;
  }

  remove(address: Address, messages: readonly string[]): Promise<void> {
    return this.#deleteMessages(address, messages);
  }
}

type Starting = ChatInputCommandInteraction | ModalSubmitInteraction;

/** What users do in votes. */
export class VoteInteractions {
  readonly #chat: ChatContext<DiscordHandle>;
  readonly #messages: SeenMessages;

  constructor(chat: ChatContext<DiscordHandle>, messages: SeenMessages) {
    this.#chat = chat;
    this.#messages = messages;
  }

  /**
   * Starts a vote in the channel of a command.
   *
   * @throws StoryError with a sentence
   */
  async start(
    interaction: ChatInputCommandInteraction,
    { prompt, rounds, seconds, preset }: VoteOrder,
  ): Promise<void> {
    const address = await this.#addressFor(interaction);
    const words = readMarkup(prompt);
    demandWords(words);
    const request = this.#chat.parse({ prompt: words, preset: preset ?? null });
    await this.#start(interaction, { request, rounds, seconds }, address);
  }

  /** Asks for the rounds and the seconds of a vote that goes on from a story. */
  async showForm(interaction: ButtonInteraction): Promise<void> {
    if (!addressIn(interaction).inChannel) return replyEphemeral(interaction, MAY_NOT_WRITE);
    await interaction.showModal(modalOf(VOTE_FORM, interaction.customId));
  }

  /** Starts a vote that goes on from the story above the button. */
  async goOn(interaction: ModalSubmitInteraction, button: StoryButton): Promise<void> {
    await this.#answer(interaction, VOTE_BEGINS, async () => {
      const address = await this.#addressFor(interaction);
      const times = readVoteForm(valuesOf(interaction));
      const { models, readRequest } = this.#chat;
      const seen = this.#messages.of(interaction.message!);
      const find = this.#messages.in(address.channelId);
      const story = await requestBehind(withModel(button, models), seen, find, readRequest, drawSeed());
      const { request, source } = story;
      await this.#start(interaction, { request, ...times }, { ...address, ...(source ? { source } : {}) });
    });
  }

  /** Offers openings of a story, of which its requester chooses one. */
  async offerOpenings(interaction: ChatInputCommandInteraction): Promise<void> {
    await this.#answer(interaction, CHOOSE_BELOW, async () => {
      const isHidden = interaction.options.getBoolean('private') ?? false;
      const address = addressFor(interaction, MAY_NOT_OFFER, isHidden);
      await this.#start(interaction, openingsOf(storyAskedIn(interaction, this.#chat)), address);
    });
  }

  /**
   * Where a vote of the channel is shown.
   *
   * @throws StoryError with a sentence where the bot may not write, or the user may not start one
   */
  async #addressFor(interaction: Starting): Promise<Address> {
    const address = addressFor(interaction, MAY_NOT_WRITE);
    await this.#chat.demandHost('vote', startIn(interaction));
    return address;
  }

  async #start(interaction: Starting, terms: VoteTerms, address: Address): Promise<void> {
    const { id, user, guildId } = interaction;
    await this.#chat.votes.start(`${VOTE_ID}${id}`, {
      terms,
      requester: requesterOf(user.id, guildId),
      hostId: user.id,
      channelId: address.channelId,
      address,
    });
  }

  /**
   * Answers with a sentence for the user only: the given one, or the one that refuses. Acknowledges when the vote is
   * stored, or earlier, when the queue is slow.
   */
  async #answer(interaction: Starting, sentence: string, act: () => Promise<void>): Promise<void> {
    const acting = act().then(
      () => sentence,
      (error: unknown) => this.#chat.refusalFor(error),
    );
    const soon = await Promise.race([acting, sleep(PATIENCE_MS, undefined)]);
    if (soon) return replyEphemeral(interaction, soon);
    await interaction.deferReply({ flags: EPHEMERAL.flags });
    const { allowedMentions } = EPHEMERAL;
    await interaction.editReply({ content: await acting, allowedMentions });
  }

  async press(interaction: ButtonInteraction, button: VoteButton): Promise<void> {
    const { user, guildId, memberPermissions, createdTimestamp: at } = interaction;
    const { person } = requesterOf(user.id, guildId);
    const isModerator = async () => memberPermissions?.has(PermissionFlagsBits.ManageMessages) ?? false;
    const acting = pressVote(this.#chat.votes.changes, button, { userId: user.id, person, at, isModerator });
    const sentence = acting.catch((error: unknown) => this.#chat.refusalFor(error));
    await answerPress(interaction, sentence, this.#chat.logger);
  }
}

/**
 * Where a vote is shown. The reply in its place is a box, as replies to commands are.
 *
 * @throws StoryError with the sentence where the bot may not write
 */
function addressFor(interaction: Starting, sentence: string, isHidden?: boolean): Address {
  const address = addressIn(interaction, isHidden);
  if (!address.inChannel) throw new StoryError('bad_request', sentence);
  return { ...address, format: 'container' };
}
