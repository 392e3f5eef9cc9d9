/** Answers `/scifi`, the shortcut and the App Home. */
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  AllMiddlewareArgs,
  App,
  MessageShortcut,
  SlackCommandMiddlewareArgs,
  SlackShortcutMiddlewareArgs,
} from '@slack/bolt';
import { StoryError } from '../../../errors.ts';
import type { Preset, StoryRequest } from '../../../story/story.ts';
import type { ChatContext } from '../../chat-context.ts';
import { storyEnd } from '../../read-story.ts';
import { hasWords, PATIENCE_MS } from '../../submit.ts';
import { slackEscaping } from '../../text.ts';
import { CHOOSE_BELOW } from '../../votes/wording.ts';
import type { SlackApi } from '../api.ts';
import {
  idPart,
  type SlackConversation,
  type SlackHandle,
  type Workspace,
  workspaceOf,
} from '../conversations.ts';
import { failureOf } from '../failures.ts';
import type { WireMessage } from '../history.ts';
import { ANY_SETTING, homeView, type People, readChoice, storyHelp } from '../home.ts';
import { asksForChoices, readMarkup, readPrivate, readStoryWords, withoutChoices } from '../markup.ts';
import type { Budgets } from '../reply/budgets.ts';
import { Answers } from './answers.ts';
import { finderIn, seenAs } from './seen-messages.ts';
import { type ButtonArgs, StoryButtons } from './story-buttons.ts';
import type { SlackVotes } from './votes.ts';

export const SCIFI = '/scifi';
export const CONTINUE = 'scifi-continue-message';
const NO_WORDS =
  'There are no words in that opening: emoji and links are left out. Give some, such as /scifi It all began with.';
const IN_PRIVATE = 'Your story is in our direct messages, where only you see it.';
const NO_DIRECT =
  'I may not write to you directly. Ask the operator of the app to add the scope im:write in its settings, under OAuth & ' +
  'Permissions, and to install it again.';

type CommandArgs = SlackCommandMiddlewareArgs & AllMiddlewareArgs;
type ShortcutArgs = SlackShortcutMiddlewareArgs<MessageShortcut> & AllMiddlewareArgs;

export class Listeners {
  readonly #chat: ChatContext<SlackHandle>;
  readonly #api: SlackApi;
  readonly #people: People;
  readonly #answers: Answers;
  readonly #buttons: StoryButtons;
  readonly #votes: SlackVotes;

  constructor(
    chat: ChatContext<SlackHandle>,
    api: SlackApi,
    budgets: Budgets,
    people: People,
    votes: SlackVotes,
  ) {
    this.#chat = chat;
    this.#api = api;
    this.#people = people;
    this.#answers = new Answers(chat, api, budgets);
    this.#buttons = new StoryButtons(chat, api, this.#answers, votes);
    this.#votes = votes;
  }

  /** Registers the listeners with Bolt. */
  register(app: App): void {
    app.command(SCIFI, (args) => this.#tellStory(args));
    app.shortcut({ type: 'message_action', callback_id: CONTINUE }, (args) =>
      this.#continueMessage(args as ShortcutArgs),
    );
    this.#buttons.register(app);
    app.action({ type: 'block_actions', action_id: ANY_SETTING }, (args) => this.#prefer(args as ButtonArgs));
    app.event('app_home_opened', async ({ event, context }) => {
      if (event.tab !== 'home') return;
      const workspace = workspaceOf(context, undefined);
      const preferences = await this.#people.read(workspace.teamId, event.user);
      await this.#api.publishHome(workspace, event.user, homeView(this.#chat.models, preferences));
    });
  }

  async #tellStory({ command, ack, context }: CommandArgs): Promise<void> {
    const { user_id: userId, response_url: responseUrl, trigger_id } = command;
    const conversation = { ...workspaceOf(context, command.team_id), channelId: command.channel_id };
    const acknowledge = (text?: string) => ack(text ? { response_type: 'ephemeral', text } : undefined);
    const refusal = this.#answers.blockedBy(conversation, userId);
    if (refusal) return acknowledge(slackEscaping.escape(refusal));
    const { isPrivate, rest } = readPrivate((command.text ?? '').trim());
    const text = readMarkup(rest).trim();
    if (rest === '' || text.toLowerCase() === 'help') return acknowledge(storyHelp(this.#chat.models));
    const botUserId = context.botUserId ?? '';
    const whereIs = async () =>
      isPrivate ? { channelId: await this.#directChannel(conversation, userId) } : {};
    if (asksForChoices(rest)) {
      const offer = async () => {
        const request = await this.#requestIn(withoutChoices(rest), conversation, userId);
        const at = { ...conversation, ...(await whereIs()) };
        const given = { conversation: at, userId, botUserId, responseUrl, triggerId: trigger_id };
        await this.#votes.offerOpenings(request, given);
        return isPrivate ? IN_PRIVATE : CHOOSE_BELOW;
      };
      // Acknowledged when the choice is stored, or earlier, when the queue or Slack is slow.
      const offering = offer().catch((error: unknown) => this.#chat.refusalFor(error));
      const soon = await Promise.race([offering, sleep(PATIENCE_MS, undefined)]);
      await acknowledge(soon && slackEscaping.escape(soon));
      return soon ? undefined : this.#answers.replyEphemeral(responseUrl, await offering);
    }
    const handle = { ...conversation, userId, botUserId, responseUrl };
    const asked = this.#answers.asked(`c${idPart(trigger_id)}`, handle, (sentence) =>
      acknowledge(slackEscaping.escape(sentence ?? (isPrivate ? IN_PRIVATE : '')) || undefined),
    );
    const handleIn = async (source: string | undefined) => ({
      ...(await asked.handle(source)),
      ...(await whereIs()),
    });
    await this.#chat.answer({ ...asked, handle: handleIn }, async () => ({
      request: await this.#requestIn(rest, conversation, userId),
    }));
  }

  /**
   * The request in the text of `/scifi`.
   *
   * @throws StoryError with a sentence
   */
  async #requestIn(typed: string, conversation: SlackConversation, userId: string): Promise<StoryRequest> {
    const text = readMarkup(typed).trim();
    const isTyped = readStoryWords(slackEscaping.unescape(typed)).prompt !== '';
    if (isTyped && !hasWords(readStoryWords(text).prompt)) throw new StoryError('bad_request', NO_WORDS);
    return requestOf(text, conversation, userId, this.#people, this.#chat);
  }

  /**
   * The direct messages with a user.
   *
   * @throws StoryError with a sentence where they cannot be opened
   */
  async #directChannel(workspace: Workspace, userId: string): Promise<string> {
    try {
      return await this.#api.openDirect(workspace, userId);
    } catch (cause) {
      if (failureOf(cause) === 'unscoped') throw new StoryError('bad_request', NO_DIRECT, { cause });
      throw new StoryError('chat_unavailable', 'Slack opens no direct message now. Try again.', { cause });
    }
  }

  async #continueMessage({ shortcut, ack, context }: ShortcutArgs): Promise<void> {
    const { channel, response_url: responseUrl, trigger_id, user } = shortcut;
    const message = shortcut.message as unknown as WireMessage;
    const conversation = { ...workspaceOf(context, shortcut.team?.id), channelId: channel.id };
    const acknowledge = this.#answers.acknowledgeThen(ack, responseUrl);
    const refusal = this.#answers.blockedBy(conversation, user.id);
    if (refusal) return acknowledge(refusal);
    const seen = seenAs(message, context.botId);
    if (seen.part.text.trim() === '') {
      return acknowledge('There is no text in that message to continue. Choose one that has some.');
    }
    const threadTs = message.thread_ts ?? message.ts;
    const botUserId = context.botUserId ?? '';
    const handle = { ...conversation, threadTs, userId: user.id, botUserId, responseUrl };
    await this.#chat.answer(this.#answers.asked(`s${idPart(trigger_id)}`, handle, acknowledge), async () => {
      const before = await storyEnd(seen, finderIn(this.#api, conversation, context.botId));
      const request = await requestOf('', conversation, user.id, this.#people, this.#chat, {
        context: before,
      });
      return { request, source: seen.id };
    });
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
