/** Slack as a chat platform. Loaded only when a token is configured. */
import { App, type Receiver } from '@slack/bolt';
import type { Logger } from 'pino';
import type { SlackConfig } from '../../config.ts';
import { StoryError } from '../../errors.ts';
import { listenError } from '../../http/listen.ts';
import type { QueueConnection } from '../../queue/connection.ts';
import type { ReplyTask } from '../../queue/reply-worker.ts';
import type { ModelChoice } from '../../story/story.ts';
import { ownCommand } from '../../terminal.ts';
import type { ChatAdapter } from '../adapter.ts';
import type { Presence } from '../blocks.ts';
import type { AddressOf, ChatContext } from '../chat-context.ts';
import type { PromptChannel } from '../prompt-channels.ts';
import { SlackAgent } from './agent/agent.ts';
import { AgentSession } from './agent/session.ts';
import { type Identity, SlackApi } from './api.ts';
import { conversationOf, keyOf, presenceIn, type SlackHandle, type Workspace } from './conversations.ts';
import { deleteMessages } from './delete-messages.ts';
import { codeOf, failureOf, loggable, notAccepted } from './failures.ts';
import { People } from './home.ts';
import { AGENT_SCOPE, Installations, SCOPES } from './installations.ts';
import { AgentEvents } from './receive/agent-events.ts';
import { acknowledgeLate, boltLogger, openSocket, type Socket } from './receive/bolt.ts';
import { PromptMessages } from './receive/channel-messages.ts';
import { TableCommands } from './receive/commands.ts';
import { isClosed, watchDepartures } from './receive/departures.ts';
import { Listeners } from './receive/listeners.ts';
import { SlackHttpReceiver } from './receive/receiver.ts';
import { RelayLines } from './receive/relay-lines.ts';
import { SlackRelays } from './receive/relays.ts';
import { SlackTitles } from './receive/titles.ts';
import { SlackVotes } from './receive/votes.ts';
import { SlackRelayBoard } from './relay-board.ts';
import { Budgets } from './reply/budgets.ts';
import { MAX_CONTENT } from './reply/messages.ts';
import { StreamSupport } from './reply/stream.ts';
import { SlackSurface } from './reply/surface.ts';
import { SlackShelf } from './shelf.ts';
import { UserNames } from './user-names.ts';
import { SlackVoteBoard } from './vote-board.ts';

export interface SlackTuning {
  /** The least time between two edits of one reply; several stories share Slack's rate limit, see `Budgets`. */
  readonly editIntervalMs?: number;
  /** Factor on Slack's limits: for tests of something else. */
  readonly allowance?: number;
}

const EDIT_INTERVAL_MS = 1_500;
/** A connection without a ping for this time counts as lost; opening another one takes as long. */
const SIGN_OF_LIFE_MS = 3_000;
/** A lost connection is reopened without a limit of attempts. */
const RECONNECT = { forever: true, factor: 1.3, minTimeout: 500, maxTimeout: 10_000 } as const;

export class SlackAdapter implements ChatAdapter<SlackHandle> {
  readonly platform = 'slack';
  readonly capacity = MAX_CONTENT;
  readonly shelfSurface: SlackShelf;
  readonly #config: SlackConfig;
  readonly #editIntervalMs: number;
  readonly #installations: Installations | undefined;
  readonly #people: People;
  readonly #budgets: Budgets;
  readonly #streams = new StreamSupport(() => performance.now());
  readonly #api: SlackApi;
  readonly #agent: SlackAgent;
  readonly #names: UserNames;
  /** The bot in its only workspace; undefined where workspaces install the app themselves. */
  #self: Identity | undefined;
  #socket: Socket | undefined;
  #app: App | undefined;
  /** The port of the HTTP server; undefined in Socket Mode. */
  port: number | undefined;

  private constructor(
    config: SlackConfig,
    connection: QueueConnection,
    models: readonly ModelChoice[],
    logger: Logger,
    { editIntervalMs = EDIT_INTERVAL_MS, allowance }: SlackTuning,
  ) {
    const { botToken, installation } = config;
    this.#config = config;
    this.#editIntervalMs = editIntervalMs;
    this.#installations = installation && new Installations(connection, installation.encryptionKey, logger);
    this.#people = new People(connection, models);
    this.#budgets = new Budgets(() => performance.now(), allowance);
    const tokenOf = async (workspace: Workspace) =>
      botToken ?? (await this.#installations!.tokenOf(workspace));
    this.#api = new SlackApi({ api: config.api, logger, tokenOf });
    this.#names = new UserNames(this.#api);
    const isAgentIn = async (workspace: Workspace) => {
      const scopes = botToken ? this.#self?.scopes : await this.#installations!.scopesOf(workspace);
      return scopes?.includes(AGENT_SCOPE) === true;
    };
    this.shelfSurface = new SlackShelf(this.#api, this.#budgets);
    this.#agent = new SlackAgent(this.#api, this.#budgets, logger, isAgentIn, () => performance.now());
  }

  /**
   * Asks Slack who the bot is, and opens what is stored for Slack alone.
   *
   * @throws StoryError `configuration` when Slack rejects the token, `chat_unavailable` when it cannot be
   *   reached
   */
  static async connect(
    config: SlackConfig,
    connection: QueueConnection,
    models: readonly ModelChoice[],
    logger: Logger,
    tuning: SlackTuning = {},
  ): Promise<SlackAdapter> {
    const adapter = new SlackAdapter(config, connection, models, logger, tuning);
    try {
      await Promise.all([adapter.#installations?.ready(), adapter.#people.ready()]);
      if (config.botToken) adapter.#self = await identify(adapter.#api, config.botToken);
      return adapter;
    } catch (error) {
      await adapter.close();
      throw error;
    }
  }

  async start(chat: ChatContext<SlackHandle>): Promise<void> {
    const config = this.#config;
    const { logger } = chat;
    this.#socket = config.http ? undefined : openSocket(socketOptions(config, logger), logger);
    const receiver = this.#socket?.receiver ?? httpReceiver(config, this.#installations, logger);
    const app = openApp(receiver, config, this.#self, logger);
    this.#app = app;
    app.error(async (error) => {
      const original = (error as { original?: unknown }).original ?? error;
      logger.warn(loggable(original), 'a Slack event failed');
    });
    const votes = new SlackVotes(chat, this.#api, config.channelManagers);
    new Listeners(chat, this.#api, this.#budgets, this.#people, votes).register(app);
    votes.register(app);
    new SlackTitles(chat, this.#api).register(app);
    const relays = new SlackRelays(chat, this.#api, this.#names, config.channelManagers);
    relays.register(app);
    new TableCommands(chat, this.#api, this.#people, config.channelManagers, votes, relays).register(app);
    const lines = new RelayLines(chat, this.#api, this.#names);
    new PromptMessages(chat, this.#api, this.#agent, this.#people, lines).register(app);
    new AgentEvents(chat, this.#api, this.#agent).register(app);
    watchDepartures(app, chat, this.#people, this.#installations);
    this.port = portOf(await reached(config, () => app.start()));
    chat.relays.catchUp().catch((error) => {
      logger.warn({ reason: (error as Error).message }, 'the threads of relays are not read again');
    });
  }

  async stop(): Promise<void> {
    await this.#app?.stop();
  }

  openSurface(task: ReplyTask<SlackHandle>, chat: ChatContext<SlackHandle>): SlackSurface {
    const canStream = this.#config.reply === 'stream';
    const streams = canStream ? this.#streams : undefined;
    const session = new AgentSession(this.#agent, task.handle, task.request);
    return new SlackSurface(task, chat, this.#api, this.#budgets, session, streams, this.#editIntervalMs);
  }

  deleteMessages(
    address: AddressOf<SlackHandle>,
    messages: readonly string[],
    { logger }: ChatContext<SlackHandle>,
  ): Promise<void> {
    return deleteMessages(address, messages, this.#api, logger);
  }

  /** A reply is one message, with the one above it if it was streamed: both are edited. */
  async clear(_: SlackHandle, messages: readonly string[]): Promise<readonly string[]> {
    return messages;
  }

  voteBoard(chat: ChatContext<SlackHandle>): SlackVoteBoard {
    return new SlackVoteBoard(chat, this.#api, this.#budgets, this.#editIntervalMs);
  }

  lasting({ responseUrl: _, ...address }: AddressOf<SlackHandle>): AddressOf<SlackHandle> {
    return address;
  }

  channelOf(address: AddressOf<SlackHandle>): string {
    return keyOf(address);
  }

  relayBoard(chat: ChatContext<SlackHandle>): SlackRelayBoard {
    return new SlackRelayBoard(chat, this.#api, this.#budgets, this.#names);
  }

  async dailyHandle(key: string): Promise<SlackHandle> {
    const conversation = conversationOf(key);
    const self = this.#self ?? (await this.#api.identify(await this.#api.tokenOf(conversation)));
    return { ...conversation, userId: self.userId, botUserId: self.userId, at: Date.now() };
  }

  presenceIn({ channelId }: PromptChannel): Presence {
    return presenceIn(conversationOf(channelId));
  }

  isClosed({ channelId }: PromptChannel): Promise<boolean> {
    return isClosed(conversationOf(channelId), this.#api);
  }

  problem(): string | undefined {
    return this.#config.botToken && this.#api.isRefused
      ? notAccepted('SLACK_BOT_TOKEN')
      : this.#socket?.problem();
  }

  async close(): Promise<void> {
    this.#budgets.close();
    await Promise.all([this.#people.close(), this.#installations?.close()]);
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
        ? notAccepted('SLACK_BOT_TOKEN')
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
        ? notAccepted('SLACK_APP_TOKEN')
        : `Slack’s Socket Mode cannot be reached (${codeOf(cause) ?? failure}). Run \`${ownCommand(['doctor'])}\`.`;
    throw new StoryError('configuration', sentence, { cause });
  }
}

function portOf(started: unknown): number | undefined {
  const address = (started as { address?: () => unknown } | undefined)?.address?.();
  return (address as { port?: number } | null | undefined)?.port;
}
