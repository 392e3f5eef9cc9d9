/** Answers the buttons under a story, and the forms that two of them show. */
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  AllMiddlewareArgs,
  App,
  BlockAction,
  BlockElementAction,
  SlackActionMiddlewareArgs,
  SlackViewMiddlewareArgs,
  ViewSubmitAction,
} from '@slack/bolt';
import { StoryError } from '../../../errors.ts';
import { drawSeed } from '../../../story/story-request.ts';
import type { ChatContext } from '../../chat-context.ts';
import { readVoteForm } from '../../commands/vote.ts';
import { type Form, type FormValues, LINE_FORM, VOTE_FORM } from '../../forms.ts';
import { requestBehind, type StoryButton } from '../../read-story.ts';
import { hasWords, PATIENCE_MS, type ParsedRequest } from '../../submit.ts';
import type { SlackApi } from '../api.ts';
import { idPart, requesterOf, type SlackHandle, workspaceOf } from '../conversations.ts';
import type { WireMessage } from '../history.ts';
import { ANY_BUTTON, actionIdOf, decodeButton, isOwn } from '../reply/buttons.ts';
import { decodeFeedback, FEEDBACK_ACTION } from '../reply/feedback.ts';
import { type Answers, acknowledgeStored } from './answers.ts';
import { ANY_FORM, type FormAction, readView, viewOf } from './modals.ts';
import { OwnReplies, type Press, wordsOf } from './own-replies.ts';
import { finderIn, seenAs } from './seen-messages.ts';
import type { SlackVotes } from './votes.ts';

const NO_WORDS_IN_LINE = 'There are no words in that line. Give some, such as: Then the door opened, and';
const OTHER_VERSION = 'This button is from another version. Ask for a story with /scifi.';

export type ButtonArgs = SlackActionMiddlewareArgs<BlockAction<BlockElementAction>> & AllMiddlewareArgs;
type ViewArgs = SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs;

export class StoryButtons {
  readonly #chat: ChatContext<SlackHandle>;
  readonly #api: SlackApi;
  readonly #answers: Answers;
  readonly #own: OwnReplies;
  readonly #votes: SlackVotes;

  constructor(chat: ChatContext<SlackHandle>, api: SlackApi, answers: Answers, votes: SlackVotes) {
    this.#chat = chat;
    this.#api = api;
    this.#answers = answers;
    this.#own = new OwnReplies(chat, api);
    this.#votes = votes;
  }

  /** Registers the listeners with Bolt. */
  register(app: App): void {
    app.action({ type: 'block_actions', action_id: ANY_BUTTON }, (args) =>
      this.#onButton(args as ButtonArgs),
    );
    app.action({ type: 'block_actions', action_id: FEEDBACK_ACTION }, (args) =>
      this.#onFeedback(args as ButtonArgs),
    );
    app.view(ANY_FORM, (args) => this.#onForm(args as ViewArgs));
  }

  async #onButton({ body, action, ack, context }: ButtonArgs): Promise<void> {
    const { response_url: responseUrl, user } = body;
    const acknowledge = this.#answers.acknowledgeThen(ack, responseUrl);
    const value = 'value' in action ? (action.value ?? '') : '';
    const button = decodeButton(action.action_id, value);
    if (!button) return acknowledge(OTHER_VERSION);
    const message = body.message as WireMessage | undefined;
    const channelId = body.channel?.id;
    if (!message || !channelId) return acknowledge('Slack does not show me that message. Ask with /scifi.');
    const conversation = { ...workspaceOf(context, body.team?.id), channelId };
    const { botId, botUserId = '' } = context;
    const press = { conversation, message, userId: user.id, botId, botUserId, responseUrl };
    // A blocked user can still stop and delete a story.
    const isFree = isOwn(button) && button.action !== 'edit' && button.action !== 'share';
    const refusal = isFree ? undefined : this.#answers.blockedBy(conversation, user.id);
    if (refusal) return acknowledge(refusal);
    if (isOwn(button) || button.action === 'line' || button.action === 'vote') {
      const show = (form: Form, kind: FormAction) => {
        const { ts, thread_ts: threadTs } = message;
        const view = viewOf(form, kind, { conversation, responseUrl, ts, threadTs, value });
        return this.#api.openView(conversation, body.trigger_id, view);
      };
      const act = async () => {
        if (!isOwn(button)) {
          const isLine = button.action === 'line';
          await show(isLine ? LINE_FORM : VOTE_FORM, isLine ? 'line' : 'vote');
        } else if (button.action === 'edit') await show(await this.#own.formOf(button, press), 'edit');
        else return this.#own.act(button, press);
        return undefined;
      };
      const acting = act().catch((error: unknown) => this.#chat.refusalFor(error));
      return acknowledgeStored(acting, ack, (sentence) =>
        this.#answers.replyEphemeral(responseUrl, sentence),
      );
    }
    const asked = this.#answers.asked(`b${idPart(body.trigger_id)}`, handleOf(press), acknowledge);
    await this.#chat.answer(asked, () => this.#behind(button, press));
  }

  async #onFeedback({ body, action, ack, context }: ButtonArgs): Promise<void> {
    const { response_url: responseUrl, user } = body;
    const acknowledge = this.#answers.acknowledgeThen(ack, responseUrl);
    const rated = decodeFeedback('value' in action ? (action.value ?? '') : '');
    const channelId = body.channel?.id;
    if (!rated || !channelId) return acknowledge(OTHER_VERSION);
    const conversation = { ...workspaceOf(context, body.team?.id), channelId };
    const refusal = this.#answers.blockedBy(conversation, user.id);
    if (refusal) return acknowledge(refusal);
    // Acknowledged first: a queue that is slow would outlast Slack's three seconds.
    await ack();
    const { person } = requesterOf(conversation.teamId, user.id);
    const pressedAt = Number(action.action_ts) * 1_000;
    const sentence = await this.#chat.rate({ ...rated, rater: person, pressedAt });
    await this.#answers.replyEphemeral(responseUrl, sentence);
  }

  /** Carries out a form: a refusal is shown in it. */
  async #onForm({ body, view, ack, context }: ViewArgs): Promise<void> {
    const { action, origin, values, firstField } = readView(view);
    const { conversation, responseUrl, ts, threadTs, value } = origin;
    const { botId, botUserId = '' } = context;
    const acknowledge = (sentence?: string) =>
      sentence ? ack({ response_action: 'errors', errors: { [firstField]: sentence } }) : ack();
    const button = decodeButton(actionIdOf(action), value);
    const refusal = button ? this.#answers.blockedBy(conversation, body.user.id) : OTHER_VERSION;
    if (!button || refusal) return acknowledge(refusal);
    const replyEphemeral = (sentence: string) => this.#answers.replyEphemeral(responseUrl, sentence);
    const pressOf = async () => {
      const message = await this.#api.history.read(
        { ...conversation, ...(threadTs ? { threadTs } : {}) },
        ts,
      );
      if (!message) throw new StoryError('not_found', 'The message with this story is gone.');
      return { conversation, message, userId: body.user.id, botId, botUserId, responseUrl };
    };
    try {
      const press = await pressOf();
      if (isOwn(button)) {
        return await this.#own.rewrite(button, press, values, { acknowledge, replyEphemeral });
      }
      if (button.action === 'vote') {
        const starting = this.#startVote(button, press, values, view.id).then(
          () => undefined,
          (error: unknown) => this.#chat.refusalFor(error),
        );
        const soon = await Promise.race([starting, sleep(PATIENCE_MS, 'slow' as const)]);
        if (soon !== 'slow') return await acknowledge(soon);
        await acknowledge();
        const late = await starting;
        return late === undefined ? undefined : await replyEphemeral(late);
      }
      const asked = this.#answers.asked(`v${idPart(view.id)}`, handleOf(press), acknowledge);
      // A sentence would be shown as a refusal.
      await this.#chat.answer({ ...asked, acknowledge }, async () => {
        const line = wordsOf(values.line ?? '');
        if (!hasWords(line)) throw new StoryError('bad_request', NO_WORDS_IN_LINE);
        const { request, source } = await this.#behind(button, press, line);
        return { request: this.#chat.parseAgain(request), source };
      });
    } catch (error) {
      await acknowledge(this.#chat.refusalFor(error));
    }
  }

  /** Starts a vote that goes on from the story of a message, in its thread if it is in one. */
  async #startVote(button: StoryButton, press: Press, values: FormValues, triggerId: string): Promise<void> {
    const times = readVoteForm(values);
    const { request, source } = await this.#behind(button, press);
    const { userId, botUserId, responseUrl } = press;
    const { thread_ts: threadTs } = press.message;
    const conversation = { ...press.conversation, ...(threadTs ? { threadTs } : {}) };
    const given = { conversation, userId, botUserId, responseUrl, triggerId };
    await this.#votes.goOn({ request, ...times }, source, given);
  }

  #behind(button: StoryButton, { message, conversation, botId }: Press, line = ''): Promise<ParsedRequest> {
    const { models, readRequest } = this.#chat;
    if (!models.some(({ name }) => name === button.model)) {
      throw new StoryError('model_unavailable', 'The model that wrote this is no longer here. Use /scifi.');
    }
    const find = finderIn(this.#api, conversation, botId);
    return requestBehind(button, seenAs(message, botId), find, readRequest, drawSeed(), line);
  }
}

/** The handle of a story that answers a button. */
function handleOf({ conversation, message, userId, botUserId, responseUrl }: Press) {
  const { thread_ts: threadTs } = message;
  return { ...conversation, ...(threadTs ? { threadTs } : {}), userId, botUserId, responseUrl };
}
