/** Answers `/scifi`, buttons, the shortcut and the App Home. */
import type {
  AllMiddlewareArgs,
  App,
  BlockAction,
  BlockElementAction,
  MessageShortcut,
  SlackActionMiddlewareArgs,
  SlackCommandMiddlewareArgs,
  SlackShortcutMiddlewareArgs,
} from '@slack/bolt';
import { StoryError } from '../../../errors.ts';
import type { Preset, StoryRequest } from '../../../story/story.ts';
import { drawSeed } from '../../../story/story-request.ts';
import type { ChatContext } from '../../adapter.ts';
import { requestBehind, type SeenMessage, storyEnd } from '../../read-story.ts';
import { type Asked, hasWords } from '../../submit.ts';
import { clean, slackEscaping } from '../../text.ts';
import type { SlackApi, WireMessage } from '../api.ts';
import {
  idPart,
  locate,
  messageId,
  presenceIn,
  requesterOf,
  type SlackConversation,
  type SlackHandle,
  workspaceOf,
} from '../conversations.ts';
import { ANY_SETTING, homeView, type People, readChoice, storyHelp } from '../home.ts';
import { readMarkup, readStoryWords } from '../markup.ts';
import type { Budgets } from '../reply/budgets.ts';
import { ANY_BUTTON, type Button, decodeButton, readBlocks } from '../reply/messages.ts';

export const SCIFI = '/scifi';
export const CONTINUE = 'scifi-continue-message';
const NO_WORDS =
  'There are no words in that opening: emoji and links are left out. Give some, such as /scifi It all began with.';
const CROWDED =
  'Many stories are being written in this workspace at the moment. Yours comes whole, as soon as it is done.';

type CommandArgs = SlackCommandMiddlewareArgs & AllMiddlewareArgs;
type ButtonArgs = SlackActionMiddlewareArgs<BlockAction<BlockElementAction>> & AllMiddlewareArgs;
type ShortcutArgs = SlackShortcutMiddlewareArgs<MessageShortcut> & AllMiddlewareArgs;

export class Listeners {
  readonly #chat: ChatContext<SlackHandle>;
  readonly #api: SlackApi;
  readonly #budgets: Budgets;
  readonly #people: People;

  constructor(chat: ChatContext<SlackHandle>, api: SlackApi, budgets: Budgets, people: People) {
    this.#chat = chat;
    this.#api = api;
    this.#budgets = budgets;
    this.#people = people;
  }

  /** Registers the listeners with Bolt. */
  register(app: App): void {
    app.command(SCIFI, (args) => this.#tellStory(args));
    app.shortcut({ type: 'message_action', callback_id: CONTINUE }, (args) =>
      this.#continueMessage(args as ShortcutArgs),
    );
    app.action({ type: 'block_actions', action_id: ANY_BUTTON }, (args) =>
      this.#onButton(args as ButtonArgs),
    );
    app.action({ type: 'block_actions', action_id: ANY_SETTING }, (args) => this.#prefer(args as ButtonArgs));
    app.event('app_home_opened', async ({ event, context }) => {
      if (event.tab !== 'home') return;
      const workspace = workspaceOf(context, undefined);
      const preferences = await this.#people.read(workspace.teamId, event.user);
      await this.#api.publishHome(workspace, event.user, homeView(this.#chat.models, preferences));
    });
  }

  #blockedBy(conversation: SlackConversation, userId: string): string | undefined {
    return this.#chat.blockedBy(presenceIn(conversation, userId));
  }

  async #tellStory({ command, ack, context }: CommandArgs): Promise<void> {
    const { user_id: userId, response_url: responseUrl, trigger_id } = command;
    const conversation = { ...workspaceOf(context, command.team_id), channelId: command.channel_id };
    const acknowledge = (text?: string) => ack(text ? { response_type: 'ephemeral', text } : undefined);
    const refusal = this.#blockedBy(conversation, userId);
    if (refusal) return acknowledge(slackEscaping.escape(refusal));
    const typed = (command.text ?? '').trim();
    const text = readMarkup(typed).trim();
    if (typed === '' || text.toLowerCase() === 'help') return acknowledge(storyHelp(this.#chat.models));
    const handle = { ...conversation, userId, botUserId: context.botUserId ?? '', responseUrl };
    const asked = this.#asked(`c${idPart(trigger_id)}`, handle, (sentence) =>
      acknowledge(sentence && slackEscaping.escape(sentence)),
    );
    await this.#chat.answer(asked, async () => {
      const isTyped = readStoryWords(slackEscaping.unescape(typed)).prompt !== '';
      if (isTyped && !hasWords(readStoryWords(text).prompt)) throw new StoryError('bad_request', NO_WORDS);
      return { request: await requestOf(text, conversation, userId, this.#people, this.#chat) };
    });
  }

  async #continueMessage({ shortcut, ack, context }: ShortcutArgs): Promise<void> {
    const { channel, response_url: responseUrl, trigger_id, user } = shortcut;
    const message = shortcut.message as unknown as WireMessage;
    const conversation = { ...workspaceOf(context, shortcut.team?.id), channelId: channel.id };
    const acknowledge = this.#acknowledgeThen(ack, responseUrl);
    const refusal = this.#blockedBy(conversation, user.id);
    if (refusal) return acknowledge(refusal);
    const seen = seenAs(message, context.botId);
    if (seen.part.text.trim() === '') {
      return acknowledge('There is no text in that message to continue. Choose one that has some.');
    }
    const threadTs = message.thread_ts ?? message.ts;
    const botUserId = context.botUserId ?? '';
    const handle = { ...conversation, threadTs, userId: user.id, botUserId, responseUrl };
    await this.#chat.answer(this.#asked(`s${idPart(trigger_id)}`, handle, acknowledge), async () => {
      const before = await storyEnd(seen, this.#finder(conversation, context.botId));
      const request = await requestOf('', conversation, user.id, this.#people, this.#chat, {
        context: before,
      });
      return { request, source: seen.id };
    });
  }

  async #onButton({ body, action, ack, context }: ButtonArgs): Promise<void> {
    const { response_url: responseUrl, user } = body;
    const acknowledge = this.#acknowledgeThen(ack, responseUrl);
    const button = decodeButton(action.action_id, 'value' in action ? action.value : undefined);
    if (!button) return acknowledge('This button is from another version. Ask for a story with /scifi.');
    if (button.action === 'stop') {
      await ack();
      const sentence = await this.#stop(button, user.id, context.botUserId);
      if (sentence) await this.#replyEphemeral(responseUrl, sentence);
      return;
    }
    const message = body.message as WireMessage | undefined;
    const channelId = body.channel?.id;
    if (!message || !channelId) return acknowledge('Slack does not show me that message. Ask with /scifi.');
    const conversation = { ...workspaceOf(context, body.team?.id), channelId };
    const refusal = this.#blockedBy(conversation, user.id);
    if (refusal) return acknowledge(refusal);
    const { thread_ts: threadTs } = message;
    const thread = threadTs ? { threadTs } : {};
    const botUserId = context.botUserId ?? '';
    const handle = { ...conversation, ...thread, userId: user.id, botUserId, responseUrl };
    await this.#chat.answer(this.#asked(`b${idPart(body.trigger_id)}`, handle, acknowledge), async () => {
      const { models, readRequest } = this.#chat;
      if (!models.some(({ name }) => name === button.model)) {
        throw new StoryError('model_unavailable', 'The model that wrote this is no longer here. Use /scifi.');
      }
      const seen = seenAs(message, context.botId);
      const find = this.#finder(conversation, context.botId);
      return requestBehind(button, seen, find, readRequest, drawSeed());
    });
  }

  /** Stops a story; returns the sentence for a user who cannot. */
  async #stop(
    button: Extract<Button, { action: 'stop' }>,
    userId: string,
    botUserId: string | undefined,
  ): Promise<string | undefined> {
    // A daily line belongs to the bot: any user may stop it.
    if (button.userId !== userId && button.userId !== botUserId) {
      return 'Only the user who asked for this story can stop it.';
    }
    try {
      const isStopped = await this.#chat.stop(button.replyId);
      return isStopped ? undefined : 'This story is no longer being written.';
    } catch (error) {
      return this.#chat.refusalFor(error);
    }
  }

  async #prefer({ body, action, ack, context }: ButtonArgs): Promise<void> {
    await ack();
    const value = action.type === 'static_select' ? action.selected_option?.value : undefined;
    const choice = value === undefined ? undefined : readChoice(action.action_id, value);
    if (!choice) return;
    const workspace = workspaceOf(context, body.team?.id);
    const preferences = await this.#people.change(workspace.teamId, body.user.id, choice);
    await this.#api.publishHome(workspace, body.user.id, homeView(this.#chat.models, preferences));
  }

  #asked(
    id: string,
    handle: Omit<SlackHandle, 'at' | 'source'> & { readonly responseUrl: string },
    acknowledge: (sentence?: string) => Promise<void>,
  ): Asked<SlackHandle> {
    const at = Date.now();
    const notice = this.#budgets.isCrowded(handle.teamId) ? CROWDED : undefined;
    return {
      id,
      requester: requesterOf(handle.teamId, handle.userId),
      handle: (source) => ({ ...handle, at, ...(source ? { source } : {}) }),
      acknowledge: (sentence = notice) => acknowledge(sentence),
      replyEphemeral: (sentence) => this.#replyEphemeral(handle.responseUrl, sentence),
    };
  }

  /** Acknowledges an action that has no answer of its own, and then sends the sentence, if there is one. */
  #acknowledgeThen(ack: () => Promise<void>, responseUrl: string): (sentence?: string) => Promise<void> {
    return async (sentence) => {
      await ack();
      if (sentence) await this.#replyEphemeral(responseUrl, sentence);
    };
  }

  /** Sends a sentence of the bot's, which may quote a user's text. */
  #replyEphemeral(responseUrl: string, sentence: string): Promise<void> {
    return this.#api.postEphemeral(responseUrl, slackEscaping.escape(sentence));
  }

  #finder(conversation: SlackConversation, botId: string | undefined): (id: string) => Promise<SeenMessage> {
    return async (id) => {
      const at = locate(id, conversation);
      const message = await this.#api.read(at.conversation, at.ts);
      if (!message) throw new Error('Slack has no such message.');
      return seenAs(message, botId);
    };
  }
}

/**
 * The request in a user's text, with the user's settings for all requests.
 *
 * @param channelPreset the preset of the channel's settings, which precedes the user's
 */
export async function requestOf(
  text: string,
  { teamId }: Pick<SlackConversation, 'teamId'>,
  userId: string,
  people: People,
  chat: ChatContext<SlackHandle>,
  {
    context = '',
    channelPreset,
  }: { readonly context?: string; readonly channelPreset?: Preset | undefined } = {},
): Promise<StoryRequest> {
  const { preset, temperature, ...settings } = await people.read(teamId, userId);
  const words = readStoryWords(text);
  // Preset and temperature belong together, so they come from the text, the channel or the user's settings.
  const isChosen = words.preset !== undefined || words.temperature !== undefined;
  const sampling = isChosen
    ? {}
    : channelPreset
      ? { preset: channelPreset }
      : { preset: preset ?? null, temperature: temperature ?? null };
  return chat.parse({ ...settings, ...sampling, ...words, context });
}

/** A message as the input of a story: the bot's own from its blocks, any other from its words. */
function seenAs(message: WireMessage, botId: string | undefined): SeenMessage {
  const id = messageId(message);
  const story = botId && message.bot_id === botId ? readBlocks(message.blocks) : undefined;
  return { id, part: { text: story ?? clean(readMarkup(message.text ?? '')) } };
}
