/** The gateway connection, over which Discord delivers commands, buttons and messages. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Client,
  Events,
  GatewayIntentBits,
  type Interaction,
  type Message,
  Options,
  type RESTOptions,
} from 'discord.js';
import type { Logger } from 'pino';
import { StoryError } from '../../errors.ts';
import { ownCommand } from '../../terminal.ts';
import { type ChannelFacts, factsOf } from './channel-check.ts';
import { loggable, unreachable } from './failures.ts';

export interface GatewayOptions {
  readonly token: string;
  /** The REST options with which discord.js calls the API. */
  readonly rest: Partial<RESTOptions>;
  /** `auto`, or a range such as `0-3/16`. */
  readonly shards: string;
  /** Whether the bot may read messages that do not mention it. */
  readonly readsMessages: boolean;
  readonly onInteraction: (interaction: Interaction) => void;
  readonly onMessage: (message: Message) => void;
  /** Called with every client before it connects, to add listeners. */
  readonly watch: (client: Client) => void;
  readonly logger: Logger;
}

/** Users and members that are kept in memory; nothing here ever needs to look one up. */
const PEOPLE_KEPT = 200;
const CLOSE_DISALLOWED_INTENTS = 4_014;

/** discord.js's errors after which a retry is useless. */
const REFUSED =
  /invalid token|authentication failed|invalid shard|sharding is required|invalid api version|intents/i;
/** discord.js's error when Discord allows no more connections until a given time. */
const NO_SESSIONS = /sessions remaining.* resets at (\S+)/i;
/** The longest wait before a connection is tried again: the limit may be lifted earlier. */
const LONGEST_WAIT_MS = 10 * 60_000;
const RETRY_MS = 30_000;

export interface Gateway {
  /** Why Discord's events do not arrive at the moment, in a sentence; undefined when they do. */
  problem(): string | undefined;
  /** A channel and the bot's permissions in it, as far as this process knows. */
  lookUp(channelId: string): ChannelFacts | undefined;
  close(): Promise<void>;
}

/** Discord's limit of connections a day is used up. */
class SessionsSpent extends Error {
  /** When the limit is reset, in ms since 1970. */
  readonly resetAt: number;

  constructor(resetAt: number) {
    super(
      'Discord allows the bot no more connections for now. It connects again at ' +
        `${new Date(resetAt).toISOString().slice(0, 16).replace('T', ' ')} UTC.`,
    );
    this.name = 'SessionsSpent';
    this.resetAt = resetAt;
  }
}

/** Why a shard receives no events at the moment, by its number; `connecting` before there are shards. */
type Problems = Map<number | 'connecting', string>;

/**
 * Connects. A lost connection is reopened without a limit of attempts. Where Discord allows no more
 * connections for now, this resolves, and the bot connects when the limit is reset.
 *
 * @throws StoryError `configuration` when the gateway rejects the bot, `chat_unavailable` when it cannot be
 *   reached
 */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const problems: Problems = new Map();
  const closing = new AbortController();
  let client: Client | undefined;
  const attempt = async () => {
    client = await connect(options, problems);
    problems.delete('connecting');
    if (closing.signal.aborted) await client.destroy();
  };
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof SessionsSpent)) throw error;
    void connectLater(error, attempt, problems, closing.signal, options.logger);
  }
  return {
    problem: () => [...problems.values()][0],
    lookUp(channelId) {
      const channel = client?.channels.cache.get(channelId);
      return channel && factsOf(channel);
    },
    async close() {
      closing.abort();
      await client?.destroy();
    },
  };
}

/** Connects as soon as Discord allows it. Never rejects. */
async function connectLater(
  spent: SessionsSpent,
  attempt: () => Promise<void>,
  problems: Problems,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  for (let error: unknown = spent; ; ) {
    const { message } = error as Error;
    problems.set('connecting', message);
    const mayPass = error instanceof SessionsSpent || (error as StoryError).code === 'chat_unavailable';
    logger[mayPass ? 'warn' : 'error']({ reason: message }, 'Discord gateway is not connected');
    if (!mayPass) return;
    const waitMs =
      error instanceof SessionsSpent ? Math.min(LONGEST_WAIT_MS, error.resetAt - Date.now()) : RETRY_MS;
    try {
      await sleep(Math.max(1_000, waitMs), undefined, { signal });
      return await attempt();
    } catch (cause) {
      if (signal.aborted) return;
      error = cause;
    }
  }
}

async function connect(options: GatewayOptions, problems: Problems): Promise<Client> {
  const { logger, readsMessages } = options;
  const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits;
  const client: Client = new Client({
    intents: readsMessages ? [Guilds, GuildMessages, MessageContent] : [Guilds, GuildMessages],
    allowedMentions: { parse: [] },
    rest: options.rest,
    ...shardsOf(options.shards),
    makeCache: Options.cacheWithLimits({
      ...Options.DefaultMakeCacheSettings,
      MessageManager: 0,
      ReactionManager: 0,
      PresenceManager: 0,
      VoiceStateManager: 0,
      GuildMemberManager: { maxSize: PEOPLE_KEPT, keepOverLimit: (member) => member.id === client.user?.id },
      UserManager: { maxSize: PEOPLE_KEPT, keepOverLimit: (user) => user.id === client.user?.id },
    }),
  });
  guardEvents(client, logger);
  options.watch(client);
  client.on(Events.InteractionCreate, options.onInteraction);
  client.on(Events.MessageCreate, options.onMessage);
  client.on(Events.Error, (error) => logger.warn(loggable(error), 'Discord'));
  client.on(Events.ShardError, (error, shard) =>
    logger.warn({ shard, ...loggable(error) }, 'Discord gateway'),
  );
  client.on(Events.ShardReady, (shard) => {
    problems.delete(shard);
    logger.info({ shard }, 'Discord gateway ready');
  });
  client.on(Events.ShardReconnecting, (shard) => {
    problems.set(shard, 'Discord’s gateway is being connected to again.');
    logger.info({ shard }, 'Discord gateway reconnects');
  });
  client.on(Events.ShardResume, (shard, events) => {
    problems.delete(shard);
    logger.info({ shard, events }, 'Discord gateway resumed');
  });
  client.on(Events.ShardDisconnect, ({ code }, shard) => {
    const hint =
      code === CLOSE_DISALLOWED_INTENTS ? 'switch the intent on in the developer portal' : undefined;
    problems.set(
      shard,
      `Discord’s gateway has closed for good (${code}). Run \`${ownCommand(['doctor'])}\`, and start again.`,
    );
    logger.error({ shard, code, hint }, 'Discord gateway closed for good');
  });
  try {
    await client.login(options.token);
  } catch (cause) {
    await client.destroy();
    const { message } = cause as Error;
    const resetAt = Date.parse(NO_SESSIONS.exec(message)?.[1] ?? '');
    if (!Number.isNaN(resetAt)) throw new SessionsSpent(resetAt);
    if (!REFUSED.test(message)) throw unreachable(cause);
    const sentence = `Discord’s gateway refuses the bot (${message}). Run \`${ownCommand(['doctor'])}\` to see what is missing.`;
    throw new StoryError('configuration', sentence, { cause });
  }
  return client;
}

/**
 * Logs an exception in the handling of one event, by discord.js or by a listener to `client.ws`; it would end the
 * process otherwise.
 */
function guardEvents(client: Client, logger: Logger): void {
  const manager = client.ws as unknown as {
    handlePacket(packet?: { readonly t?: string | null }, shard?: unknown): boolean;
    emit(event: string, ...details: unknown[]): boolean;
  };
  const guarded = (event: string | null | undefined, handle: () => boolean): boolean => {
    try {
      return handle();
    } catch (error) {
      logger.error({ event, ...loggable(error) }, 'an event of Discord could not be handled');
      return false;
    }
  };
  const handlePacket = manager.handlePacket.bind(manager);
  const emit = manager.emit.bind(manager);
  manager.handlePacket = (packet, shard) => guarded(packet?.t, () => handlePacket(packet, shard));
  manager.emit = (event, ...details) => guarded(event, () => emit(event, ...details));
}

function shardsOf(shards: string): { shards: 'auto' | number[]; shardCount?: number } {
  const range = /^(\d+)(?:-(\d+))?\/(\d+)$/.exec(shards);
  if (!range) return { shards: 'auto' };
  const [first, last, shardCount] = [range[1], range[2] ?? range[1], range[3]].map(Number) as [
    number,
    number,
    number,
  ];
  if (last < first || last >= shardCount) {
    throw new StoryError(
      'configuration',
      `DISCORD_SHARDS: expected a range within the number of shards, such as 0-3/16, got ${shards}.`,
    );
  }
  return { shards: Array.from({ length: last - first + 1 }, (_, index) => first + index), shardCount };
}
