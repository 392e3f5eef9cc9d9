/** What users do in votes on Slack: they start one, vote, and the host and administrators end it. */
import type { App } from '@slack/bolt';
import type { ChannelManagers } from '../../../config.ts';
import { StoryError } from '../../../errors.ts';
import { VOTE_ID } from '../../../queue/votes/votes.ts';
import type { StoryRequest } from '../../../story/story.ts';
import { openingsOf, type VoteTerms } from '../../../story/vote.ts';
import type { ChatContext } from '../../chat-context.ts';
import { demandWords, type VoteOrder } from '../../commands/vote.ts';
import { slackEscaping } from '../../text.ts';
import { pressVote, type VoteButton } from '../../votes/presses.ts';
import { OTHER_VERSION } from '../../votes/wording.ts';
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
import { failureOf } from '../failures.ts';
import { readMarkup } from '../markup.ts';
import { askWhetherAdministrator, isChannelManager } from '../permissions.ts';
import { ANY_VOTE_BUTTON, decodeVoteButton } from '../vote-messages.ts';
import { acknowledgeStored } from './answers.ts';
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
   * @throws StoryError with a sentence
   */
  async start({ prompt, rounds, seconds, preset }: VoteOrder, given: VoteStart): Promise<void> {
    const words = readMarkup(slackEscaping.escape(prompt));
    demandWords(words);
    const request = this.#chat.parse({ prompt: words, preset: preset ?? null });
    await this.#start({ request, rounds, seconds }, given);
  }

  /**
   * Starts a vote that goes on from a story.
   *
   * @param source the message with the story
   * @throws StoryError with a sentence
   */
  goOn(terms: VoteTerms, source: string | undefined, given: VoteStart): Promise<void> {
    return this.#start(terms, given, source);
  }

  /**
   * Offers openings of a story, of which its requester chooses one.
   *
   * @throws StoryError with a sentence
   */
  offerOpenings(request: StoryRequest, given: VoteStart): Promise<void> {
    return this.#start(openingsOf(request), given);
  }

  async #start(terms: VoteTerms, given: VoteStart, source?: string): Promise<void> {
    const { conversation, userId, botUserId, responseUrl, triggerId } = given;
    if (terms.kind !== 'openings') {
      await this.#chat.demandHost('vote', {
        channels: [keyOf(conversation)],
        community: `slack:${conversation.teamId}`,
        isModerator: () => isChannelManager(conversation, userId, this.#managers, this.#api),
      });
    }
    if (await isAbsentFrom(conversation, this.#api)) throw new StoryError('bad_request', ABSENT);
    await this.#chat.votes.start(`${VOTE_ID}${idPart(triggerId)}`, {
      terms,
      requester: requesterOf(conversation.teamId, userId),
      hostId: userId,
      channelId: keyOf(conversation),
      address: { ...conversation, botUserId, responseUrl, at: Date.now(), ...(source ? { source } : {}) },
    });
  }

  async #onButton({ body, action, ack, context }: ButtonArgs): Promise<void> {
    const { response_url: responseUrl, user, channel } = body;
    const button = decodeVoteButton(action.action_id, 'value' in action ? (action.value ?? '') : '');
    const conversation = { ...workspaceOf(context, body.team?.id), channelId: channel?.id ?? '' };
    const at = Number(action.action_ts) * 1_000;
    const acting = (
      button ? this.#act(button, conversation, user.id, at) : Promise.resolve(OTHER_VERSION)
    ).catch((error: unknown) => this.#chat.refusalFor(error));
    await acknowledgeStored(acting, ack, (sentence) =>
      this.#api.postEphemeral(responseUrl, slackEscaping.escape(sentence)),
    );
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
    // A blocked user can still end and delete a vote.
    const isChoice = button.action === 'choose' || button.action === 'pick';
    const refusal = isChoice ? this.#chat.blockedBy(presenceIn(conversation, userId)) : undefined;
    if (refusal) return refusal;
    const { person } = requesterOf(conversation.teamId, userId);
    const isModerator = async () =>
      (await askWhetherAdministrator(conversation, userId, this.#api)) === 'yes';
    return pressVote(this.#chat.votes.changes, button, { userId, person, at, isModerator });
  }
}

/** Whether the bot is absent from a conversation. If Slack does not say, the bot counts as present. */
export async function isAbsentFrom(conversation: SlackConversation, api: SlackApi): Promise<boolean> {
  try {
    await api.history.look(conversation);
    return false;
  } catch (error) {
    return failureOf(error) === 'absent';
  }
}
