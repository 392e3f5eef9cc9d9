/** Discord as a chat platform. Loaded only when a token is configured. */
import type { Message } from 'discord.js';
import type { DiscordConfig } from '../../config.ts';
import { StoryError } from '../../errors.ts';
import type { ReplyTask } from '../../queue/reply-worker.ts';
import { Settings } from '../../queue/settings.ts';
import type { ChatAdapter } from '../adapter.ts';
import type { Presence } from '../blocks.ts';
import type { AddressOf, ChatContext } from '../chat-context.ts';
import type { PromptChannel } from '../prompt-channels.ts';
import { DiscordApi } from './api.ts';
import { type Application, readApplication } from './application.ts';
import { obstacleIn } from './channel-check.ts';
import { ChannelNotices, PromptMessages } from './channel-messages.ts';
import { deleteMessages } from './delete-messages.ts';
import { Departures } from './departures.ts';
import { failureOf, loggable, unreachable } from './failures.ts';
import { type Gateway, openGateway } from './gateway.ts';
import { Interactions } from './interactions.ts';
import { CAPACITY } from './message-format.ts';
import { keepRegistering, type Registered, registerChangedCommands } from './registration.ts';
import { DiscordRelayBoard } from './relay-board.ts';
import { RelayLines } from './relay-lines.ts';
import { DiscordShelf } from './shelf.ts';
import { type DiscordHandle, DiscordSurface, type SurfaceTimes } from './surface.ts';
import { DiscordVoteBoard } from './votes.ts';

/** Half a minute less than Discord's 15 minutes. */
const ANSWERABLE_MS = 14.5 * 60_000;
const EDIT_INTERVAL_MS = 1_000;

export class DiscordAdapter implements ChatAdapter<DiscordHandle> {
  readonly platform = 'discord';
  readonly capacity = CAPACITY;
  readonly shelfSurface: DiscordShelf;
  readonly #config: DiscordConfig;
  readonly #times: SurfaceTimes;
  readonly #api: DiscordApi;
  readonly #application: Application;
  #notices: ChannelNotices | undefined;
  #departures: Departures | undefined;
  #gateway: Gateway | undefined;
  #stopRegistering: (() => Promise<void>) | undefined;

  private constructor(
    config: DiscordConfig,
    times: Partial<SurfaceTimes>,
    api: DiscordApi,
    application: Application,
  ) {
    this.#config = config;
    const { answerableMs = ANSWERABLE_MS, editIntervalMs = EDIT_INTERVAL_MS } = times;
    this.#times = { answerableMs, editIntervalMs };
    this.#api = api;
    this.shelfSurface = new DiscordShelf(api, application.botId);
    this.#application = application;
  }

  /**
   * Asks Discord who the bot is.
   *
   * @throws StoryError `configuration` when Discord rejects the token, `chat_unavailable` when it cannot be
   *   reached
   */
  static async connect(config: DiscordConfig, times: Partial<SurfaceTimes> = {}): Promise<DiscordAdapter> {
    const api = new DiscordApi(config);
    try {
      return new DiscordAdapter(config, times, api, await readApplication(api.bot));
    } catch (error) {
      api.close();
      throw error;
    }
  }

  /** Begins to listen to Discord, unless this process only edits replies. */
  async start(chat: ChatContext<DiscordHandle>): Promise<void> {
    const { token, shards, api: base } = this.#config;
    const { connection, models, logger } = chat;
    const { id: applicationId, readsMessages } = this.#application;
    const api = this.#api;
    this.#notices = new ChannelNotices(api, logger);
    if (shards === 'none') return;
    const registered = new Settings<Registered>(connection, 'discord-commands');
    this.#stopRegistering = () => registered.close();
    try {
      const register = () => registerChangedCommands(api.bot, applicationId, models, registered);
      const stop = await keepRegistering(register, logger);
      this.#stopRegistering = () => {
        stop();
        return registered.close();
      };
      const interactions = new Interactions(chat, api, this.#application);
      const prompts = new PromptMessages(chat, api, this.#application, this.#notices);
      const relays = new RelayLines(chat, api, this.#application.botId);
      this.#gateway = await openGateway({
        token,
        shards,
        rest: api.restOptions(base),
        readsMessages,
        logger,
        onInteraction: (interaction) => void interactions.answer(interaction),
        onMessage: (message: Message) =>
          void relays.take(message).then((isLine) => (isLine ? undefined : prompts.answer(message))),
        watch: (client) => {
          this.#departuresOf(chat).watch(client);
          relays.watch(client);
        },
      });
    } catch (error) {
      throw !(error instanceof StoryError) && failureOf(error) === 'temporary' ? unreachable(error) : error;
    }
  }

  async stop(): Promise<void> {
    await this.#gateway?.close();
    await this.#stopRegistering?.();
  }

  openSurface(task: ReplyTask<DiscordHandle>, chat: ChatContext<DiscordHandle>): DiscordSurface {
    const onFailure = (error: unknown) => {
      const { channelId } = task.handle;
      this.#departuresOf(chat)
        .afterFailure(channelId, error)
        .catch((cause) => {
          chat.logger.warn({ channel: channelId, ...loggable(cause) }, 'a channel could not be checked');
        });
    };
    return new DiscordSurface(task, chat, this.#api, this.#application.id, onFailure, this.#times);
  }

  deleteMessages(
    address: AddressOf<DiscordHandle>,
    messages: readonly string[],
    { logger }: ChatContext<DiscordHandle>,
  ): Promise<void> {
    return deleteMessages(address, messages, this.#api, this.#application.id, logger);
  }

  async clear(
    handle: DiscordHandle,
    [first, ...others]: readonly string[],
    chat: ChatContext<DiscordHandle>,
  ): Promise<readonly string[]> {
    await this.deleteMessages(handle, others, chat);
    return first === undefined ? [] : [first];
  }

  voteBoard(chat: ChatContext<DiscordHandle>): DiscordVoteBoard {
    const deleteMessages = (address: AddressOf<DiscordHandle>, messages: readonly string[]) =>
      this.deleteMessages(address, messages, chat);
    return new DiscordVoteBoard(this.#api, chat.models, deleteMessages);
  }

  channelOf({ channelId }: AddressOf<DiscordHandle>): string {
    return channelId;
  }

  relayBoard(chat: ChatContext<DiscordHandle>): DiscordRelayBoard {
    const deleteMessages = (address: AddressOf<DiscordHandle>, messages: readonly string[]) =>
      this.deleteMessages(address, messages, chat);
    return new DiscordRelayBoard(chat, this.#api, this.#application.botId, deleteMessages);
  }

  async dailyHandle(channelId: string): Promise<DiscordHandle> {
    return {
      channelId,
      userId: this.#application.botId,
      inChannel: true,
      unasked: true,
      format: 'container',
    };
  }

  presenceIn({ channelId, community }: PromptChannel): Presence {
    return { platform: 'discord', community, channels: [channelId] };
  }

  isHopeless({ channelId, daily }: PromptChannel): boolean {
    const facts = this.#gateway?.lookUp(channelId);
    const obstacle = facts && obstacleIn({ channelId, ...(daily ? { daily } : {}) }, facts);
    if (obstacle) this.#notices?.note(channelId, obstacle);
    return obstacle !== undefined;
  }

  problem(): string | undefined {
    return this.#gateway?.problem();
  }

  close(): void {
    this.#api.close();
  }

  #departuresOf(chat: ChatContext<DiscordHandle>): Departures {
    this.#departures ??= new Departures(chat, this.#api);
    return this.#departures;
  }
}
