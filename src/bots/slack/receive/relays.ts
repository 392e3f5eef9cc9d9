/** What users do in relays on Slack: they start one, ask for a line, and the host and administrators end it. */
import type { App } from '@slack/bolt';
import type { ChannelManagers } from '../../../config.ts';
import { StoryError } from '../../../errors.ts';
import { RELAY_ID } from '../../../queue/relays/relays.ts';
import type { ChatContext } from '../../chat-context.ts';
import { demandLine, type RelayOrder } from '../../commands/relay.ts';
import { demandWords } from '../../commands/vote.ts';
import { pressRelay, type RelayButton } from '../../relays/presses.ts';
import { COOLDOWN_MS, OTHER_VERSION } from '../../relays/wording.ts';
import { slackEscaping } from '../../text.ts';
import type { SlackApi } from '../api.ts';
import {
  idPart,
  isDirect,
  keyOf,
  presenceIn,
  requesterOf,
  type SlackConversation,
  type SlackHandle,
  workspaceOf,
} from '../conversations.ts';
import { readMarkup } from '../markup.ts';
import { askWhetherAdministrator, isChannelManager } from '../permissions.ts';
import { ANY_RELAY_BUTTON, decodeRelayButton } from '../relay-messages.ts';
import type { UserNames } from '../user-names.ts';
import { acknowledgeStored } from './answers.ts';
import type { ButtonArgs } from './story-buttons.ts';
import { isAbsentFrom, type VoteStart } from './votes.ts';

const ABSENT = 'I may not write here. Type /invite @sci-fi and try again.';
const NO_CHANNEL = 'A relay needs a channel, where others can join. Use /scifi-relay in one.';

export class SlackRelays {
  readonly #chat: ChatContext<SlackHandle>;
  readonly #api: SlackApi;
  readonly #names: UserNames;
  readonly #managers: ChannelManagers;

  constructor(chat: ChatContext<SlackHandle>, api: SlackApi, names: UserNames, managers: ChannelManagers) {
    this.#chat = chat;
    this.#api = api;
    this.#names = names;
    this.#managers = managers;
  }

  /** Registers the listener of the buttons with Bolt. */
  register(app: App): void {
    app.action({ type: 'block_actions', action_id: ANY_RELAY_BUTTON }, (args) =>
      this.#onButton(args as ButtonArgs),
    );
  }

  /**
   * Starts a relay in the conversation of a command.
   *
   * @throws StoryError with a sentence
   */
  async start(
    { opening, every, turns, preset }: RelayOrder,
    { conversation, userId, botUserId, responseUrl, triggerId }: VoteStart,
  ): Promise<void> {
    if (isDirect(conversation.channelId)) throw new StoryError('bad_request', NO_CHANNEL);
    const words = readMarkup(slackEscaping.escape(opening));
    if (opening !== '') demandWords(words);
    demandLine(words);
    await this.#chat.demandHost('relay', {
      channels: [keyOf(conversation)],
      community: `slack:${conversation.teamId}`,
      isModerator: () => isChannelManager(conversation, userId, this.#managers, this.#api),
    });
    if (await isAbsentFrom(conversation, this.#api)) throw new StoryError('bad_request', ABSENT);
    const request = this.#chat.parse({ prompt: words, preset: preset ?? null });
    const pause = this.#chat.channels.known(keyOf(conversation))?.prompts?.cooldownSeconds;
    await this.#chat.relays.start(`${RELAY_ID}${idPart(triggerId)}`, {
      terms: { request, every, turns, cooldownMs: pause === undefined ? COOLDOWN_MS : pause * 1_000 },
      requester: requesterOf(conversation.teamId, userId),
      hostId: userId,
      hostName: await this.#names.of(conversation, userId),
      channelId: keyOf(conversation),
      communityId: conversation.teamId,
      address: { ...conversation, botUserId, responseUrl, at: Date.now() },
    });
  }

  async #onButton({ body, action, ack, context }: ButtonArgs): Promise<void> {
    const { response_url: responseUrl, user, channel } = body;
    const button = decodeRelayButton(action.action_id, 'value' in action ? (action.value ?? '') : '');
    const conversation = { ...workspaceOf(context, body.team?.id), channelId: channel?.id ?? '' };
    const acting = (button ? this.#act(button, conversation, user.id) : Promise.resolve(OTHER_VERSION)).catch(
      (error: unknown) => this.#chat.refusalFor(error),
    );
    await acknowledgeStored(acting, ack, (sentence) =>
      this.#api.postEphemeral(responseUrl, slackEscaping.escape(sentence)),
    );
  }

  /** Returns a sentence for the user, if there is one. */
  async #act(
    button: RelayButton,
    conversation: SlackConversation,
    userId: string,
  ): Promise<string | undefined> {
    const { relays, shelf } = this.#chat;
    // A blocked user can still end and delete a relay.
    const refusal = button.action === 'ask' && this.#chat.blockedBy(presenceIn(conversation, userId));
    if (refusal) return refusal;
    return pressRelay(relays, button, {
      userId,
      isModerator: async () => (await askWhetherAdministrator(conversation, userId, this.#api)) === 'yes',
      removeWork: () => shelf.removeWork(keyOf(conversation), button.relayId),
    });
  }
}
