/** Handles commands, buttons, the shortcut and the App Home. */
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
import type { SlackConfig } from '../../../config.ts';
import { StoryError } from '../../../errors.ts';
import type { PromptChannels } from '../../channel-settings.ts';
import { carryOut } from '../../commands/channel.ts';
import type { LimitsTools } from '../../commands/limits.ts';
import { requestBehind, type SeenMessage, storyEnd } from '../../read-story.ts';
import { drawSeed, isWordless, logged, parseRequest } from '../../submit.ts';
import { clean, slackEscaping } from '../../text/sanitise.ts';
import type { WireMessage } from '../api.ts';
import { type Asked, answerWithStory, idPart, type SlackTools } from '../ask.ts';
import { type BlockTools, changeBlocks, presenceIn } from '../commands/block-command.ts';
import { readChannelWords, readStoryWords } from '../commands/command-text.ts';
import { CHANNEL_HELP, storyHelp } from '../commands/help.ts';
import { ANY_SETTING, homeView, readChoice } from '../commands/home.ts';
import { changeLimits } from '../commands/limits-command.ts';
import { demandChannelManager } from '../commands/permissions.ts';
import { forgetUser, type PrivacyTools, tellPrivacy } from '../commands/privacy-commands.ts';
import { keyOf, locate, messageId, workspaceOf } from '../conversations.ts';
import { failureOf, loggable } from '../failures.ts';
import type { SlackConversation } from '../handle.ts';
import { readMarkup } from '../markup.ts';
import { ANY_BUTTON, type Button, decodeButton } from '../reply/buttons.ts';
import { MAX_CONTENT, readBlocks } from '../reply/story-text.ts';

export const SCIFI = '/scifi';
export const CHANNEL = '/scifi-channel';
export const LIMITS = '/scifi-limits';
export const BLOCK = '/scifi-block';
export const PRIVACY = '/scifi-privacy';
export const FORGET = '/scifi-forget';
export const CONTINUE = 'scifi-continue-message';
const NO_WORDS =
  'There are no words in that opening: emoji and links are left out. Give some, such as /scifi It all began with.';

export interface ListenerTools extends SlackTools, LimitsTools, BlockTools, PrivacyTools {
  readonly channels: PromptChannels;
  readonly config: Pick<SlackConfig, 'channelManagers'>;
}

type Command = SlackCommandMiddlewareArgs & AllMiddlewareArgs;
type Press = SlackActionMiddlewareArgs<BlockAction<BlockElementAction>> & AllMiddlewareArgs;
type Shortcut = SlackShortcutMiddlewareArgs<MessageShortcut> & AllMiddlewareArgs;

/**
 * Commands that are closed to blocked users; the others let them see and delete the data stored about them.
 */
const COMMANDS: Readonly<Record<string, (args: Command, tools: ListenerTools) => Promise<void>>> = {
  [SCIFI]: tellStory,
  [CHANNEL]: changeChannel,
  [LIMITS]: changeLimits,
  [BLOCK]: changeBlocks,
};

/** Registers the listeners for commands, buttons, the shortcut and the App Home. */
export function listen(app: App, tools: ListenerTools): void {
  for (const [name, answer] of Object.entries(COMMANDS)) {
    app.command(name, async (args) => {
      const refusal = refusalOfCommand(args, tools);
      if (refusal) await args.ack({ response_type: 'ephemeral', text: said(refusal) });
      else await answer(args, tools);
    });
  }
  app.command(PRIVACY, (args) => tellPrivacy(args, tools));
  app.command(FORGET, (args) => forgetUser(args, tools));
  app.shortcut({ type: 'message_action', callback_id: CONTINUE }, (args) =>
    continueMessage(args as Shortcut, tools),
  );
  app.action({ type: 'block_actions', action_id: ANY_BUTTON }, (args) => onButton(args as Press, tools));
  app.action({ type: 'block_actions', action_id: ANY_SETTING }, (args) => prefer(args as Press, tools));
  app.event('app_home_opened', async ({ event, context }) => {
    if (event.tab !== 'home') return;
    const workspace = workspaceOf(context, undefined);
    const preferences = await tools.people.read(workspace.teamId, event.user);
    await tools.api.publishHome(workspace, event.user, homeView(tools.models, preferences));
  });
}

/** The refusal for a blocked user; undefined when the user is not blocked. */
function refusalOf(
  conversation: SlackConversation,
  userId: string,
  { blocks, logger }: Pick<ListenerTools, 'blocks' | 'logger'>,
  options?: { readonly ofOperatorOnly: boolean },
): string | undefined {
  try {
    blocks.refuse(presenceIn(conversation, userId), options);
    return undefined;
  } catch (error) {
    return logged(error, logger).message;
  }
}

function refusalOfCommand({ command, context }: Command, tools: ListenerTools): string | undefined {
  const conversation = { ...workspaceOf(context, command.team_id), channelId: command.channel_id };
  // Administrators who block their own channel can still unblock it.
  return refusalOf(conversation, command.user_id, tools, { ofOperatorOnly: command.command === BLOCK });
}

async function tellStory({ command, ack, context }: Command, tools: ListenerTools): Promise<void> {
  const { user_id: userId, response_url: responseUrl, trigger_id } = command;
  const typed = (command.text ?? '').trim();
  const text = readMarkup(typed).trim();
  if (typed === '' || text.toLowerCase() === 'help') {
    await ack({ response_type: 'ephemeral', text: storyHelp(tools.models) });
    return;
  }
  const conversation = { ...workspaceOf(context, command.team_id), channelId: command.channel_id };
  const asked: Asked = {
    id: `c${idPart(trigger_id)}`,
    handle: { ...conversation, userId, botUserId: context.botUserId ?? '', responseUrl },
    acknowledge: (sentence) =>
      ack(sentence ? { response_type: 'ephemeral', text: said(sentence) } : undefined),
    replyEphemeral: (sentence) => tools.api.postEphemeral(responseUrl, said(sentence)),
  };
  const prepare = async () => {
    const isTyped = readStoryWords(slackEscaping.unescape(typed)).prompt !== '';
    if (isTyped && isWordless(readStoryWords(text).prompt)) throw new StoryError('bad_request', NO_WORDS);
    return { request: await requestOf(text, conversation, userId, tools) };
  };
  await answerWithStory(asked, prepare, tools);
}

/** The request in a user's text, with the user's settings for all requests. */
export async function requestOf(
  text: string,
  { teamId }: Pick<SlackConversation, 'teamId'>,
  userId: string,
  { people, readRequest }: Pick<ListenerTools, 'people' | 'readRequest'>,
): Promise<ReturnType<typeof readRequest>> {
  const words = readStoryWords(text);
  return parseRequest(readRequest, { ...(await people.read(teamId, userId)), ...words }, MAX_CONTENT);
}

async function changeChannel({ command, ack, context }: Command, tools: ListenerTools): Promise<void> {
  const { api, channels, logger } = tools;
  const conversation = { ...workspaceOf(context, command.team_id), channelId: command.channel_id };
  const read = () => {
    try {
      return readChannelWords(slackEscaping.unescape(command.text ?? ''));
    } catch (error) {
      return said(logged(error, logger).message);
    }
  };
  const answer = async () => {
    const order = read();
    if (!order) return CHANNEL_HELP;
    if (typeof order === 'string') return order;
    if (order.kind !== 'status') {
      await demandChannelManager(conversation, command.user_id, tools.config.channelManagers, api);
    }
    const isAbsent = order.kind !== 'off' && (await isAbsentFrom(conversation, tools));
    return carryOut(order, keyOf(conversation), channels, {
      missing: ({ prompts, daily }) => (isAbsent && (prompts || daily) ? ['an invitation'] : []),
      remedy: `Type \`/invite\` <@${context.botUserId}> and try again.`,
    });
  };
  // Acknowledge first: the answer needs calls to Slack, and the acknowledgement has a deadline.
  await ack();
  const sentence = await answer().catch((error) => logged(error, logger).message);
  await api.postEphemeral(command.response_url, sentence);
}

/** Whether the bot is absent from a conversation. If Slack does not say, the bot counts as present. */
async function isAbsentFrom(conversation: SlackConversation, { api }: ListenerTools): Promise<boolean> {
  try {
    await api.look(conversation);
    return false;
  } catch (error) {
    return failureOf(error) === 'absent';
  }
}

async function continueMessage({ shortcut, ack, context }: Shortcut, tools: ListenerTools): Promise<void> {
  const { channel, response_url: responseUrl, trigger_id, user } = shortcut;
  const message = shortcut.message as unknown as WireMessage;
  const conversation = { ...workspaceOf(context, shortcut.team?.id), channelId: channel.id };
  const replyEphemeral = (sentence: string) => tools.api.postEphemeral(responseUrl, said(sentence));
  const refusal = refusalOf(conversation, user.id, tools);
  if (refusal) {
    await ack();
    return replyEphemeral(refusal);
  }
  const seen = seenAs(message, context.botId);
  if (seen.part.text.trim() === '') {
    await ack();
    await replyEphemeral('There is no text in that message to continue. Choose one that has some.');
    return;
  }
  const asked: Asked = {
    id: `s${idPart(trigger_id)}`,
    handle: {
      ...conversation,
      threadTs: message.thread_ts ?? message.ts,
      userId: user.id,
      botUserId: context.botUserId ?? '',
      responseUrl,
    },
    acknowledge: async (sentence) => {
      await ack();
      if (sentence) await replyEphemeral(sentence);
    },
    replyEphemeral,
  };
  const prepare = async () => {
    const before = await storyEnd(seen, finder(conversation, context.botId, tools));
    const request = await requestOf('', conversation, user.id, tools);
    return { request: { ...request, context: before }, source: seen.id };
  };
  await answerWithStory(asked, prepare, tools);
}

async function onButton({ body, action, ack, context }: Press, tools: ListenerTools): Promise<void> {
  const responseUrl = body.response_url;
  const replyEphemeral = (sentence: string) => tools.api.postEphemeral(responseUrl, said(sentence));
  const acknowledge = async (sentence?: string) => {
    await ack();
    if (sentence) await replyEphemeral(sentence);
  };
  const button = decodeButton(action.action_id, 'value' in action ? action.value : undefined);
  if (!button) return acknowledge('This button is from another version. Ask for a story with /scifi.');
  if (button.action === 'stop') {
    await ack();
    return stop(button, body.user.id, context.botUserId, replyEphemeral, tools);
  }
  const message = body.message as WireMessage | undefined;
  const channelId = body.channel?.id;
  if (!message || !channelId) return acknowledge('Slack does not show me that message. Ask with /scifi.');
  const conversation = { ...workspaceOf(context, body.team?.id), channelId };
  const refusal = refusalOf(conversation, body.user.id, tools);
  if (refusal) return acknowledge(refusal);
  const { thread_ts: threadTs } = message;
  const asked: Asked = {
    id: `b${idPart(body.trigger_id)}`,
    handle: {
      ...conversation,
      ...(threadTs ? { threadTs } : {}),
      userId: body.user.id,
      botUserId: context.botUserId ?? '',
      responseUrl,
    },
    acknowledge,
    replyEphemeral,
  };
  const prepare = async () => {
    if (!tools.models.some(({ name }) => name === button.model)) {
      throw new StoryError('model_unavailable', 'The model that wrote this is no longer here. Use /scifi.');
    }
    const seen = seenAs(message, context.botId);
    return requestBehind(button, seen, finder(conversation, context.botId, tools), drawSeed());
  };
  await answerWithStory(asked, prepare, tools);
}

async function stop(
  button: Extract<Button, { action: 'stop' }>,
  userId: string,
  botUserId: string | undefined,
  replyEphemeral: (sentence: string) => Promise<void>,
  { replies, logger }: ListenerTools,
): Promise<void> {
  // A daily line belongs to the bot: any user may stop it.
  if (button.userId !== userId && button.userId !== botUserId) {
    return replyEphemeral('Only the one who asked for this story can stop it.');
  }
  try {
    if (!(await replies.stop(button.replyId))) await replyEphemeral('This story is no longer being written.');
  } catch (error) {
    await replyEphemeral(logged(error, logger).message);
  }
}

async function prefer(
  { body, action, ack, context }: Press,
  { people, api, models }: ListenerTools,
): Promise<void> {
  await ack();
  const value = action.type === 'static_select' ? action.selected_option?.value : undefined;
  const choice = value === undefined ? undefined : readChoice(action.action_id, value);
  if (!choice) return;
  const workspace = workspaceOf(context, body.team?.id);
  const preferences = await people.change(workspace.teamId, body.user.id, choice);
  await api.publishHome(workspace, body.user.id, homeView(models, preferences));
}

function finder(
  conversation: SlackConversation,
  botId: string | undefined,
  { api }: Pick<ListenerTools, 'api'>,
): (id: string) => Promise<SeenMessage> {
  return async (id) => {
    const at = locate(id, conversation);
    const message = await api.read(at.conversation, at.ts);
    if (!message) throw new Error('Slack has no such message.');
    return seenAs(message, botId);
  };
}

/** A message as the input of a story: the bot's own from its blocks, any other from its words. */
export function seenAs(message: WireMessage, botId: string | undefined): SeenMessage {
  const id = messageId(message);
  const story = botId && message.bot_id === botId ? readBlocks(message.blocks) : undefined;
  if (story !== undefined) return { id, part: { text: story } };
  return { id, part: { text: clean(readMarkup(message.text ?? '')) } };
}

/** A sentence of the bot's, which may quote a user's text. */
function said(sentence: string): string {
  return slackEscaping.escape(sentence);
}

/** Logs an event's failure; no caller awaits the event. */
export function failed(error: unknown, { logger }: Pick<ListenerTools, 'logger'>): void {
  const original = (error as { original?: unknown }).original ?? error;
  logger.warn(loggable(original), 'a Slack event failed');
}
