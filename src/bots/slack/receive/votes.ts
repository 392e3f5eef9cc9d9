/** What users do in votes on Slack: they start one, vote, and the host and administrators end it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '@slack/bolt';
import type { ChannelManagers } from '../../../config.ts';
import { StoryError } from '../../../errors.ts';
import { VOTE_ID } from '../../../queue/votes/votes.ts';
import type { ChatContext } from '../../chat-context.ts';
import { demandWords, type VoteOrder } from '../../commands/vote.ts';
import { PATIENCE_MS } from '../../submit.ts';
import { slackEscaping } from '../../text.ts';
import { IS_OVER, LATE, NOT_KEPT, notHost, OTHER_VERSION, ROUND_IS_OVER } from '../../votes/wording.ts';
import type { SlackApi } from '../api.ts';
import {
  idPart,
  keyOf,
  presenceIn,
  requesterOf,
  type SlackConversation,
  type SlackHandle,
  workspaceOf,
} from '../conversations.ts';
import { readMarkup } from '../markup.ts';
import { askWhetherAdministrator, isChannelManager } from '../permissions.ts';
import { ANY_VOTE_BUTTON, decodeVoteButton, type VoteButton } from '../vote-messages.ts';
import type { ButtonArgs } from './story-buttons.ts';

const ABSENT = 'I may not write here. Type /invite @sci-fi and try again.';

/** Where a vote is started, and by whom. */
export interface VoteStart {
  readonly conversation: SlackConversation;
  readonly userId: string;
  readonly botUserId: string;
  readonly responseUrl: string;
  /** The id of the action, the same for every copy of it. */
  readonly triggerId: string;
}

export class SlackVotes {
  readonly #chat: ChatContext<SlackHandle>;
  readonly #api: SlackApi;
  readonly #managers: ChannelManagers;

  constructor(chat: ChatContext<SlackHandle>, api: SlackApi, managers: ChannelManagers) {
    this.#chat = chat;
    this.#api = api;
    this.#managers = managers;
  }

  /** Registers the listener of the buttons with Bolt. */
  register(app: App): void {
    app.action({ type: 'block_actions', action_id: ANY_VOTE_BUTTON }, (args) =>
      this.#onButton(args as ButtonArgs),
    );
  }

  /**
   * Starts a vote in the conversation of a command.
   *
   * @param isAbsent whether the bot is not in the conversation
   * @throws StoryError with a sentence
   */
  async start(
    { prompt, rounds, seconds, preset }: VoteOrder,
    { conversation, userId, botUserId, responseUrl, triggerId }: VoteStart,
    isAbsent: () => Promise<boolean>,
  ): Promise<void> {
    await this.#chat.demandHost('vote', {
      channels: [keyOf(conversation)],
      community: `slack:${conversation.teamId}`,
      isModerator: () => isChannelManager(conversation, userId, this.#managers, this.#api),
    });
    const words = readMarkup(slackEscaping.escape(prompt));
    demandWords(words);
    if (await isAbsent()) throw new StoryError('bad_request', ABSENT);
    const request = this.#chat.parse({ prompt: words, preset: preset ?? null });
    await this.#chat.votes.start(`${VOTE_ID}${idPart(triggerId)}`, {
      terms: { request, rounds, seconds },
      requester: requesterOf(conversation.teamId, userId),
      hostId: userId,
      channelId: keyOf(conversation),
      address: { ...conversation, botUserId, responseUrl, at: Date.now() },
    });
  }

  /** Acknowledges when the action is stored, or earlier, when the queue is slow. */
  async #onButton({ body, action, ack, context }: ButtonArgs): Promise<void> {
    const { response_url: responseUrl, user, channel } = body;
    const button = decodeVoteButton(action.action_id, 'value' in action ? (action.value ?? '') : '');
    const conversation = { ...workspaceOf(context, body.team?.id), channelId: channel?.id ?? '' };
    const at = Number(action.action_ts) * 1_000;
    const acting = (
      button ? this.#act(button, conversation, user.id, at) : Promise.resolve(OTHER_VERSION)
    ).catch((error: unknown) => this.#chat.refusalFor(error));
    await Promise.race([acting, sleep(PATIENCE_MS)]);
    await ack();
    const sentence = await acting;
    if (sentence) await this.#api.postEphemeral(responseUrl, slackEscaping.escape(sentence));
  }

  /**
   * Returns a sentence for the user, if there is one.
   *
   * @param at when the user pressed the button, in ms since 1970
   */
  async #act(
    button: VoteButton,
    conversation: SlackConversation,
    userId: string,
    at: number,
  ): Promise<string | undefined> {
    const { votes } = this.#chat;
    const { voteId, round } = button;
    if (button.action === 'choose') {
      const refusal = this.#chat.blockedBy(presenceIn(conversation, userId));
      if (refusal) return refusal;
      const { person } = requesterOf(conversation.teamId, userId);
      return (await votes.cast(voteId, round, person, button.choice, at)) ? undefined : LATE;
    }
    const isHost = userId === button.hostId;
    if (!isHost && (await askWhetherAdministrator(conversation, userId, this.#api)) !== 'yes') {
      return notHost(button.action);
    }
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
