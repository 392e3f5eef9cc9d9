/** What users do with the titles under a story on Slack. */
import type { App } from '@slack/bolt';
import type { ChatContext } from '../../chat-context.ts';
import { NOT_HOST, NOT_ON_SHELF, titleChosen } from '../../shelf/titles.ts';
import { slackEscaping } from '../../text.ts';
import { OTHER_VERSION } from '../../votes/wording.ts';
import type { SlackApi } from '../api.ts';
import {
  keyOf,
  presenceIn,
  type SlackConversation,
  type SlackHandle,
  workspaceOf,
} from '../conversations.ts';
import { askWhetherAdministrator } from '../permissions.ts';
import { ANY_TITLE, decodeTitle } from '../title-buttons.ts';
import type { ButtonArgs } from './story-buttons.ts';

export class SlackTitles {
  readonly #chat: ChatContext<SlackHandle>;
  readonly #api: SlackApi;

  constructor(chat: ChatContext<SlackHandle>, api: SlackApi) {
    this.#chat = chat;
    this.#api = api;
  }

  /** Registers the listener of the buttons with Bolt. */
  register(app: App): void {
    app.action({ type: 'block_actions', action_id: ANY_TITLE }, (args) => this.#onButton(args as ButtonArgs));
  }

  async #onButton({ body, action, ack, context }: ButtonArgs): Promise<void> {
    const { response_url: responseUrl, user, channel } = body;
    const conversation = { ...workspaceOf(context, body.team?.id), channelId: channel?.id ?? '' };
    const value = 'value' in action ? (action.value ?? '') : '';
    await ack();
    const sentence = await this.#choose(value, conversation, user.id).catch((error: unknown) =>
      this.#chat.refusalFor(error),
    );
    await this.#api.postEphemeral(responseUrl, slackEscaping.escape(sentence));
  }

  async #choose(value: string, conversation: SlackConversation, userId: string): Promise<string> {
    const button = decodeTitle(value);
    if (!button) return OTHER_VERSION;
    const refusal = this.#chat.blockedBy(presenceIn(conversation, userId));
    if (refusal) return refusal;
    const { workId, title, hostId } = button;
    const mayChoose =
      userId === hostId || (await askWhetherAdministrator(conversation, userId, this.#api)) === 'yes';
    if (!mayChoose) return NOT_HOST;
    const chosen = await this.#chat.shelf.chooseTitle(keyOf(conversation), workId, title);
    return chosen === undefined ? NOT_ON_SHELF : titleChosen(chosen);
  }
}
