/** The buttons of a reply's owner: its requester and administrators may stop, edit and delete it. */
import { StoryError } from '../../../errors.ts';
import type { ChatContext } from '../../chat-context.ts';
import { editForm, type Form, type FormValues, readEditForm } from '../../forms.ts';
import { editedId, NO_REQUEST, notOwner } from '../../ownership.ts';
import { requestShown } from '../../read-story.ts';
import { type Asked, hasWords, type ParsedRequest } from '../../submit.ts';
import { slackEscaping } from '../../text.ts';
import type { SlackApi } from '../api.ts';
import { requesterOf, type SlackConversation, type SlackHandle } from '../conversations.ts';
import { failureOf } from '../failures.ts';
import type { WireMessage } from '../history.ts';
import { readMarkup } from '../markup.ts';
import { askWhetherAdministrator } from '../permissions.ts';
import type { OwnButton } from '../reply/buttons.ts';
import { replyIdOf } from '../reply/messages.ts';
import { finderIn, seenAs } from './seen-messages.ts';

const NOT_WRITTEN = 'This story is no longer being written.';
const NO_WORDS = 'There are no words in that opening, so nothing was changed.';

/** Where a button was pressed, by whom, and how that user is answered. */
export interface Press {
  readonly conversation: SlackConversation;
  readonly message: WireMessage;
  readonly userId: string;
  readonly botId: string | undefined;
  readonly botUserId: string;
  readonly responseUrl: string;
}

export class OwnReplies {
  readonly #chat: ChatContext<SlackHandle>;
  readonly #api: SlackApi;

  constructor(chat: ChatContext<SlackHandle>, api: SlackApi) {
    this.#chat = chat;
    this.#api = api;
  }

  /**
   * Stops, removes or shares a reply.
   *
   * @returns a sentence for the user, if there is one
   * @throws StoryError `bad_request` with a sentence for a user who may not
   */
  async act(button: OwnButton, press: Press): Promise<string | undefined> {
    await this.#demandOwner(button, press);
    const { replyId } = button;
    if (button.action === 'share') return this.#share(replyId, press);
    if (button.action === 'stop') {
      if (await this.#chat.replies.stop(replyId)) return undefined;
      throw new StoryError('not_found', NOT_WRITTEN);
    }
    const { conversation, botUserId, responseUrl } = press;
    const address = { ...conversation, botUserId, responseUrl, at: Date.now() };
    await this.#chat.removals.request({ replyId, address, messages: await this.#messagesOf(replyId, press) });
    return undefined;
  }

  async #share(replyId: string, { conversation, message, userId, botId }: Press): Promise<string> {
    const { person } = requesterOf(conversation.teamId, userId);
    const find = finderIn(this.#api, conversation, botId);
    return this.#chat.sharing.share(replyId, person, seenAs(message, botId), find);
  }

  /**
   * The form with which a reply's request is changed.
   *
   * @throws StoryError with a sentence
   */
  async formOf(button: OwnButton, press: Press): Promise<Form> {
    await this.#demandOwner(button, press);
    const { request } = await this.#requestOf(button.replyId, press);
    return editForm(request, this.#chat.models);
  }

  /** Has a reply written anew in its own place, from the request in a form. */
  async rewrite(
    button: OwnButton,
    press: Press,
    values: FormValues,
    answered: Pick<Asked<SlackHandle>, 'acknowledge' | 'replyEphemeral'>,
  ): Promise<void> {
    const { conversation, message, userId, botUserId, responseUrl } = press;
    const { thread_ts: threadTs } = message;
    const at = Date.now();
    await this.#chat.answer(
      {
        id: editedId(button.replyId),
        requester: requesterOf(conversation.teamId, userId),
        handle: (source) => ({
          ...conversation,
          ...(threadTs ? { threadTs } : {}),
          // A story that an administrator edits stays its requester's.
          userId: button.userId,
          botUserId,
          responseUrl,
          at,
          ...(source ? { source } : {}),
        }),
        ...answered,
      },
      async () => {
        await this.#demandOwner(button, press);
        const { request: edited, source } = await this.#requestOf(button.replyId, press);
        const input = readEditForm(values, edited);
        const request = this.#chat.parse({ ...input, prompt: wordsOf(input.prompt) });
        if (request.context === '' && !hasWords(request.prompt))
          throw new StoryError('bad_request', NO_WORDS);
        const messages = await this.#messagesOf(button.replyId, press);
        return { request, source, replaces: { replyId: button.replyId, messages } };
      },
    );
  }

  /** The request as it was asked, as long as it is kept, and otherwise as the message shows it. */
  async #requestOf(replyId: string, { conversation, message, botId }: Press): Promise<ParsedRequest> {
    const seen = seenAs(message, botId);
    const { reference } = seen;
    const known = await this.#chat.replies.read(replyId);
    if (known) return { request: known.request, source: reference?.source };
    if (!reference) throw new StoryError('not_found', NO_REQUEST);
    return requestShown(reference, seen, finderIn(this.#api, conversation, botId));
  }

  /** The requester and administrators own a reply. Any user may stop a daily line. */
  async #demandOwner({ action, userId: requesterId }: OwnButton, press: Press): Promise<void> {
    const { conversation, userId, botUserId } = press;
    if (requesterId === userId || (action === 'stop' && requesterId === botUserId)) return;
    if ((await askWhetherAdministrator(conversation, userId, this.#api)) === 'yes') return;
    throw new StoryError('bad_request', notOwner(action));
  }

  /** The messages of a reply that can be found without its record: the one with the button, and the one above it. */
  async #messagesOf(replyId: string, { conversation, message }: Press): Promise<string[]> {
    const { ts, thread_ts: root } = message;
    if (!root || root === ts) return [ts];
    const above = await this.#api.history.read(conversation, root).catch((error) => {
      if (failureOf(error) === 'temporary') throw error;
      return undefined;
    });
    return replyIdOf(above?.blocks) === replyId ? [ts, root] : [ts];
  }
}

/** The words that a user typed into a form, where text is not escaped. */
export function wordsOf(typed: string): string {
  return readMarkup(slackEscaping.escape(typed)).trim();
}
