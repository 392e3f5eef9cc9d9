/** Votes on Discord: the messages that show them, and what users do with their buttons. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ButtonInteraction, type ChatInputCommandInteraction, PermissionFlagsBits } from 'discord.js';
import { StoryError } from '../../errors.ts';
import type { VoteRecord } from '../../queue/votes/records.ts';
import { type VoteBoard, VoteLost } from '../../queue/votes/rounds.ts';
import { VOTE_ID } from '../../queue/votes/votes.ts';
import type { ModelChoice } from '../../story/story.ts';
import type { AddressOf, ChatContext } from '../chat-context.ts';
import { demandWords, type VoteOrder } from '../commands/vote.ts';
import { PATIENCE_MS } from '../submit.ts';
import { IS_OVER, LATE, NOT_KEPT, notHost, ROUND_IS_OVER } from '../votes/wording.ts';
import type { DiscordApi } from './api.ts';
import { addressIn, EPHEMERAL, replyEphemeral, requesterOf, startIn } from './asking.ts';
import { failureOf, loggable } from './failures.ts';
import { readMarkup } from './markup.ts';
import type { DiscordHandle } from './surface.ts';
import { layOutVote, type VoteButton } from './vote-messages.ts';

type Address = AddressOf<DiscordHandle>;

/** The least time between two edits of one vote. */
const EDIT_INTERVAL_MS = 1_000;
const MAY_NOT_WRITE =
  'A vote needs a channel in which I may write: give me View Channel and Send Messages here, or use another channel.';
const REFUSED = 'The AutoMod of this server refused this story, so the vote is over.';

/** Where votes are shown. */
export class DiscordVoteBoard implements VoteBoard<Address> {
  readonly #api: DiscordApi;
  readonly #models: readonly ModelChoice[];
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
    { vote, hostId, address, messages }: VoteRecord<Address>,
    counts: readonly number[],
  ) {
    const { channelId } = address;
    const ids = [...messages];
    let pauseMs = EDIT_INTERVAL_MS;
    try {
      for (let index = 0; ; index++) {
        const bodies = layOutVote(vote, counts, { voteId: id, hostId, models: this.#models, messages: ids });
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
      if (failure === 'refused' && ids[0] !== undefined) {
        await this.#api.edit(channelId, ids[0], { content: `-# ${REFUSED}`, components: [] }).catch(() => {});
      }
      throw new VoteLost(failure, { cause: error });
    }
  }

  remove(address: Address, messages: readonly string[]): Promise<void> {
    return this.#deleteMessages(address, messages);
  }
}

/** What users do in votes. */
export class VoteInteractions {
  readonly #chat: ChatContext<DiscordHandle>;

  constructor(chat: ChatContext<DiscordHandle>) {
    this.#chat = chat;
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
    const { id, user, guildId, channelId } = interaction;
    const address = addressIn(interaction);
    if (!address.inChannel) throw new StoryError('bad_request', MAY_NOT_WRITE);
    await this.#chat.demandHost('vote', startIn(interaction));
    const words = readMarkup(prompt);
    demandWords(words);
    const request = this.#chat.parse({ prompt: words, preset: preset ?? null });
    await this.#chat.votes.start(`${VOTE_ID}${id}`, {
      terms: { request, rounds, seconds },
      requester: requesterOf(user.id, guildId),
      hostId: user.id,
      channelId,
      address,
    });
  }

  /** Acknowledges when the action is stored, or earlier, when the queue is slow. */
  async press(interaction: ButtonInteraction, button: VoteButton): Promise<void> {
    const acting = this.#act(interaction, button).catch((error: unknown) => this.#chat.refusalFor(error));
    const soon = await Promise.race([acting, sleep(PATIENCE_MS, 'slow' as const)]);
    if (soon && soon !== 'slow') return replyEphemeral(interaction, soon);
    await interaction.deferUpdate().catch((error) => {
      this.#chat.logger.warn({ interaction: interaction.id, ...loggable(error) }, 'not acknowledged');
    });
    const sentence = await acting;
    if (sentence) await interaction.followUp({ content: sentence, ...EPHEMERAL });
  }

  /** Returns a sentence for the user, if there is one. */
  async #act(interaction: ButtonInteraction, button: VoteButton): Promise<string | undefined> {
    const { votes } = this.#chat;
    const { voteId, round } = button;
    const { user, guildId, memberPermissions } = interaction;
    if (button.action === 'choose') {
      const { person } = requesterOf(user.id, guildId);
      const { createdTimestamp } = interaction;
      return (await votes.cast(voteId, round, person, button.choice, createdTimestamp)) ? undefined : LATE;
    }
    const isModerator = memberPermissions?.has(PermissionFlagsBits.ManageMessages) ?? false;
    if (user.id !== button.hostId && !isModerator) return notHost(button.action);
    switch (button.action) {
      case 'close':
        return (await votes.closeRound(voteId, round)) ? undefined : ROUND_IS_OVER;
      case 'end':
        return (await votes.end(voteId)) ? undefined : IS_OVER;
      case 'delete':
        return (await votes.delete(voteId)) ? undefined : NOT_KEPT;
    }
  }
}
