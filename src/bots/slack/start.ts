/** Composes the Slack bot. Loaded only when a token is configured. */
import { App, type Receiver } from '@slack/bolt';
import type { Logger } from 'pino';
import type { SlackConfig } from '../../config.ts';
import { Disposer } from '../../disposer.ts';
import { StoryError } from '../../errors.ts';
import { listenError } from '../../http/listen.ts';
import type { Limits } from '../../queue/admission/limits.ts';
import type { CommunityLimitSettings, LimitSettings } from '../../queue/admission/settings.ts';
import type { QueueConnection } from '../../queue/connection.ts';
import { Replies } from '../../queue/replies.ts';
import { Forgetting } from '../../queue/retention.ts';
import type { Stories } from '../../queue/stories.ts';
import type { ModelChoice } from '../../story/story.ts';
import { ownCommand } from '../../terminal.ts';
import type { BlockLists } from '../blocks/block-lists.ts';
import { BlockNotices } from '../blocks/block-notices.ts';
import { PromptChannels } from '../channel-settings.ts';
import type { Chat } from '../chat.ts';
import { type DailyTools, workDailyLines } from '../commands/daily.ts';
import { ForgetGuard, type PrivacyPolicy } from '../commands/privacy.ts';
import { PromptJudge } from '../prompt-channels.ts';
import { workReplies } from '../reply-worker.ts';
import type { RequestReader } from '../story-request.ts';
import { parseRequest, submit } from '../submit.ts';
import { WaitGuess } from '../wait-guess.ts';
import { type Identity, SlackApi } from './api.ts';
import { presenceIn } from './commands/block-command.ts';
import { invitation } from './commands/help.ts';
import { People } from './commands/people.ts';
import { conversationOf } from './conversations.ts';
import { codeOf, failureOf } from './failures.ts';
import type { SlackHandle, Workspace } from './handle.ts';
import { Installations } from './oauth/installations.ts';
import { SCOPES } from './oauth/scopes.ts';
import { onMessage } from './receive/channel-messages.ts';
import { isClosed, watchDepartures } from './receive/departures.ts';
import { acknowledgeLate } from './receive/late-acknowledgement.ts';
import { failed, listen } from './receive/listeners.ts';
import { boltLogger } from './receive/logger.ts';
import { SlackHttpReceiver } from './receive/receiver.ts';
import { openSocket } from './receive/socket.ts';
import { Budgets } from './reply/budgets.ts';
import { MAX_CONTENT } from './reply/story-text.ts';
import { StreamSupport } from './reply/stream-support.ts';
import { SlackSurface } from './reply/surface.ts';

export interface SlackOptions {
  readonly config: SlackConfig;
  readonly connection: QueueConnection;
  readonly stories: Stories;
  readonly models: readonly ModelChoice[];
  readonly readRequest: RequestReader;
  readonly limits: Limits;
  /** The limits that communities have set for themselves, below those of the operator. */
  readonly communityLimits: CommunityLimitSettings;
  readonly limitSettings: LimitSettings;
  readonly blocks: BlockLists;
  readonly pace: number;
  readonly concurrency: number;
  readonly privacy: PrivacyPolicy;
  readonly logger: Logger;
  /** The least time between two edits of one reply. */
  readonly editIntervalMs?: number;
  /** Factor on Slack's limits: for tests of something else. */
  readonly allowance?: number;
}

export interface Slack extends Chat {
  readonly replies: Replies<SlackHandle>;
  readonly channels: PromptChannels;
  /** The tools that create daily lines. */
  readonly dailyTools: DailyTools;
  /** The port of the HTTP server; undefined in Socket Mode. */
  readonly port: number | undefined;
}

/** A story that is alone is edited this often; several share Slack's rate limit, see `budgets.ts`. */
const EDIT_INTERVAL_MS = 1_500;
/** A connection without a ping for this time counts as lost; opening another one takes as long. */
const SIGN_OF_LIFE_MS = 3_000;
const REFUSED_BOT =
  'Slack does not accept SLACK_BOT_TOKEN. Copy it anew from the app’s settings, under OAuth & Permissions.';
/** A lost connection is reopened without a limit of attempts. */
const RECONNECT = { forever: true, factor: 1.3, minTimeout: 500, maxTimeout: 10_000 } as const;

/**
 * Starts listening to Slack, and starts editing.
 *
 * @throws StoryError `configuration` when Slack rejects the settings, `chat_unavailable` when it cannot be
 *   reached
 */
export async function startSlack(options: SlackOptions): Promise<Slack> {
  const { config, connection, stories, models, logger } = options;
  const opened = new Disposer(logger);
  try {
    const { botToken, installation } = config;
    const installations = installation && new Installations(connection, installation.encryptionKey, logger);
    if (installations) {
      opened.add(() => installations.close());
      await installations.ready();
    }
    const tokenOf = async (workspace: Workspace) => botToken ?? (await installations!.tokenOf(workspace));
    const api = new SlackApi({ api: config.api, logger, tokenOf });
    const self = botToken ? await identify(api, botToken) : undefined;
    const replies = new Replies<SlackHandle>(connection, 'slack', logger, options.limits);
    opened.add(() => replies.close());
    const channels = new PromptChannels(connection, 'slack');
    opened.add(() => channels.close());
    const people = new People(connection, models);
    opened.add(() => people.close());
    const forgetting = new Forgetting(connection, replies, stories);
    opened.add(() => forgetting.close());
    await Promise.all([replies.ready(), channels.ready(), people.ready()]);
    const budgets = new Budgets(() => performance.now(), options.allowance);
    opened.add(() => budgets.close());
    const surfaceTools = {
      api,
      budgets,
      models,
      logger,
      guess: new WaitGuess(() => performance.now()),
      status: () => stories.status(),
      invitation: ({ botUserId }: SlackHandle) => invitation(botUserId),
      reply: config.reply,
      streams: new StreamSupport(() => performance.now()),
      editIntervalMs: options.editIntervalMs ?? EDIT_INTERVAL_MS,
    };
    workReplies('slack', replies, {
      stories,
      pace: options.pace,
      concurrency: options.concurrency,
      logger,
      open: (task) => new SlackSurface(task, surfaceTools),
    });
    const forgetGuard = new ForgetGuard(() => performance.now());
    const tools = { ...options, replies, api, budgets, people, channels, forgetting, forgetGuard };
    const dailyTools: DailyTools = {
      connection,
      channels,
      logger,
      readLine: (input) => parseRequest(options.readRequest, input, MAX_CONTENT),
      submitLine: async (id, request, key) => {
        const conversation = conversationOf(key);
        const { userId } = self ?? (await api.identify(await tokenOf(conversation)));
        const handle = { ...conversation, userId, botUserId: userId, at: Date.now() };
        await submit(tools, id, request, () => handle, undefined);
      },
      isBlocked: ({ channelId }) => options.blocks.find(presenceIn(conversationOf(channelId))) !== undefined,
      isClosed: ({ channelId }) => isClosed(conversationOf(channelId), api),
      clock: Date.now,
    };
    opened.add(workDailyLines(dailyTools));
    const socket = config.http ? undefined : openSocket(socketOptions(config, logger), logger);
    const receiver = socket?.receiver ?? httpReceiver(config, installations, logger);
    const app = openApp(receiver, config, self, logger);
    app.error(async (error) => failed(error, tools));
    listen(app, tools);
    const clock = () => performance.now();
    onMessage(app, { ...tools, judge: new PromptJudge(clock), notices: new BlockNotices(clock) });
    const { communityLimits, blocks } = options;
    watchDepartures(app, { installations, channels, people, communityLimits, blocks, logger });
    opened.add(() => app.stop());
    const port = portOf(await reached(config, () => app.start()));
    logger.info({ mode: config.http ? 'http' : 'socket', port, team: self?.teamId }, 'Slack ready');
    const problem = () => (botToken && api.isRefused ? REFUSED_BOT : socket?.problem());
    return { replies, channels, dailyTools, port, problem, close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function identify(api: SlackApi, token: string): Promise<Identity> {
  try {
    return await api.identify(token);
  } catch (cause) {
    const failure = failureOf(cause);
    if (failure === 'temporary' || failure === 'limited') {
      const sentence = `Slack cannot be reached (${codeOf(cause) ?? failure}). Check the network and SLACK_API.`;
      throw new StoryError('chat_unavailable', sentence, { cause });
    }
    const sentence =
      failure === 'unauthorized'
        ? REFUSED_BOT
        : `Slack does not answer as it should (${codeOf(cause) ?? failure}). Check SLACK_API.`;
    throw new StoryError('configuration', sentence, { cause });
  }
}

function socketOptions(
  { appToken, api: slackApiUrl }: SlackConfig,
  logger: Logger,
): Parameters<typeof openSocket>[0] {
  return {
    appToken: appToken!,
    clientPingTimeout: SIGN_OF_LIFE_MS,
    logger: boltLogger(logger),
    installerOptions: { clientOptions: { slackApiUrl, retryConfig: RECONNECT } },
  };
}

function httpReceiver(
  { http, installation, api: slackApiUrl, host }: SlackConfig,
  installationStore: Installations | undefined,
  logger: Logger,
): SlackHttpReceiver {
  const oauth = installation && {
    clientId: installation.clientId,
    clientSecret: installation.clientSecret,
    stateSecret: installation.stateSecret,
    installationStore: installationStore!,
    scopes: Object.keys(SCOPES),
    // Slack's own page asks for consent: no page of the bot is needed before it.
    installerOptions: { clientOptions: { slackApiUrl, retryConfig: RECONNECT }, directInstall: true },
  };
  return new SlackHttpReceiver({ ...http!, host, bolt: { logger: boltLogger(logger), ...oauth } });
}

function openApp(
  receiver: Receiver,
  { botToken, api: slackApiUrl }: SlackConfig,
  self: Identity | undefined,
  logger: Logger,
): App {
  return new App({
    receiver: acknowledgeLate(receiver),
    logger: boltLogger(logger),
    clientOptions: { slackApiUrl },
    // The app keeps no state between two messages of a conversation.
    convoStore: false,
    ...(botToken && self
      ? {
          authorize: async () => ({
            botToken,
            botId: self.botId,
            botUserId: self.userId,
            teamId: self.teamId,
          }),
        }
      : {}),
  });
}

async function reached<T>({ http, host }: SlackConfig, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const refused = http && listenError(cause, { host, port: http.port, setting: 'SLACK_PORT' });
    if (refused) throw refused;
    const failure = failureOf(cause);
    const sentence =
      failure === 'unauthorized' || failure === 'unscoped'
        ? 'Slack does not accept SLACK_APP_TOKEN. Make one in the app’s settings, under Basic Information, ' +
          'App-Level Tokens, with the scope connections:write.'
        : `Slack’s Socket Mode cannot be reached (${codeOf(cause) ?? failure}). Run \`${ownCommand(['doctor'])}\`.`;
    throw new StoryError('configuration', sentence, { cause });
  }
}

function portOf(started: unknown): number | undefined {
  const address = (started as { address?: () => unknown } | undefined)?.address?.();
  return (address as { port?: number } | null | undefined)?.port;
}
