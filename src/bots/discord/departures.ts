/** Removes the settings of a channel or a server when it is deleted, and when the bot is removed from it, and ends the relays there. */
import {
  type Client,
  DiscordAPIError,
  GatewayDispatchEvents,
  type GatewayGuildCreateDispatchData,
  type GatewayGuildDeleteDispatchData,
  type GatewayReadyDispatchData,
  type RESTAPIPartialCurrentUserGuild,
  RESTJSONErrorCodes,
  Routes,
} from 'discord.js';
import type { ChatContext } from '../chat-context.ts';
import type { DiscordApi } from './api.ts';
import { loggable } from './failures.ts';
import type { DiscordHandle } from './surface.ts';

const COMMUNITY = /^discord:(\d+)$/;
/** Number of low bits of an id below the timestamp, which Discord shifts out to assign servers to shards. */
const SHARD_SHIFT = 22n;

export class Departures {
  readonly #chat: ChatContext<DiscordHandle>;
  readonly #api: DiscordApi;

  constructor(chat: ChatContext<DiscordHandle>, api: DiscordApi) {
    this.#chat = chat;
    this.#api = api;
  }

  /** Removes the settings of channels and servers that the gateway reports as gone. */
  watch({ ws }: Client): void {
    const safely =
      <Data>(act: (data: Data) => Promise<void>) =>
      (data: Data) =>
        void act(data).catch((error) => {
          this.#chat.logger.warn(loggable(error), 'settings of what is gone were not removed');
        });
    const channelGone = safely(({ id }: { readonly id: string }) => this.channelGone(id));
    ws.on(GatewayDispatchEvents.ChannelDelete, channelGone);
    ws.on(GatewayDispatchEvents.ThreadDelete, channelGone);
    ws.on(
      GatewayDispatchEvents.GuildDelete,
      safely(async ({ id, unavailable }: GatewayGuildDeleteDispatchData) => {
        // An outage at Discord, not a departure.
        if (!unavailable) await this.serverGone(id);
      }),
    );
    ws.on(
      GatewayDispatchEvents.GuildCreate,
      safely((server: GatewayGuildCreateDispatchData) => this.#adopt(server)),
    );
    ws.on(
      GatewayDispatchEvents.Ready,
      safely((ready: GatewayReadyDispatchData) => this.#compare(ready)),
    );
  }

  async channelGone(channelId: string): Promise<void> {
    const { channels, shelf, relays, logger } = this.#chat;
    await relays.lose(({ address, thread }) => thread === channelId || address.channelId === channelId);
    await shelf.forgetChannel(channelId);
    if (!(await channels.read(channelId))) return;
    await channels.remove(channelId);
    logger.info({ channel: channelId }, 'settings of a deleted channel removed');
  }

  async serverGone(serverId: string): Promise<void> {
    const { channels, logger } = this.#chat;
    const gone = await channels.forgetWhere(({ community }) => community === serverId);
    await this.#chat.forgetCommunity(serverId);
    logger.info({ server: serverId, channels: gone.length }, 'settings of a server without the bot removed');
  }

  /**
   * Checks whether a call failed because the channel is gone or because the bot is no longer in its server.
   */
  async afterFailure(channelId: string, error: unknown): Promise<void> {
    const set = this.#chat.channels.known(channelId);
    if (!set || !(error instanceof DiscordAPIError)) return;
    if (error.code === RESTJSONErrorCodes.UnknownChannel) return this.channelGone(channelId);
    if (error.code !== RESTJSONErrorCodes.MissingAccess) return;
    // The gateway has never reported this server: the bot is not in it.
    if (set.community === undefined) return this.channelGone(channelId);
    if (!(await this.#isIn(set.community))) await this.serverGone(set.community);
  }

  /** Stores the server of channels whose settings do not have it yet. */
  async #adopt({ id: community, channels: has, threads }: GatewayGuildCreateDispatchData): Promise<void> {
    const { channels } = this.#chat;
    for (const { id } of [...(has ?? []), ...(threads ?? [])]) {
      const set = channels.known(id);
      if (set && set.community === undefined) await channels.write({ ...set, community });
    }
  }

  /** Finds the servers that the bot was removed from while it was not connected. */
  async #compare({ guilds, shard: [shard, count] = [0, 1] }: GatewayReadyDispatchData): Promise<void> {
    const present = new Set(guilds.map(({ id }) => id));
    for (const server of await this.#known()) {
      const isOfShard = (BigInt(server) >> SHARD_SHIFT) % BigInt(count) === BigInt(shard);
      if (isOfShard && !present.has(server) && !(await this.#isIn(server))) await this.serverGone(server);
    }
  }

  /** The servers that have settings. */
  async #known(): Promise<Set<string>> {
    const { channels, communityLimits } = this.#chat;
    const ofChannels = (await channels.all()).map(({ community }) => community);
    const ofLimits = (await communityLimits.all()).map((community) => COMMUNITY.exec(community)?.[1]);
    return new Set([...ofChannels, ...ofLimits].filter((id) => id !== undefined));
  }

  /** Whether the bot is in a server, by a request that Discord does not count as invalid. */
  async #isIn(serverId: string): Promise<boolean> {
    const query = new URLSearchParams({ after: String(BigInt(serverId) - 1n), limit: '1' });
    const servers = await this.#api.unasked(() => this.#api.bot.get(Routes.userGuilds(), { query }));
    return (servers as RESTAPIPartialCurrentUserGuild[])[0]?.id === serverId;
  }
}
