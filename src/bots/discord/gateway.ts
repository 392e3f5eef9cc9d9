/** The connection on which Discord tells of commands, buttons and messages. */
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
import { loggable, unreachable } from './failures.ts';

export interface GatewayOptions {
  readonly token: string;
  /** How discord.js is to talk to the API. */
  readonly rest: Partial<RESTOptions>;
  /** `auto`, or a range such as `0-3/16`. */
  readonly shards: string;
  /** Whether the bot may read messages that do not mention it. */
  readonly readsMessages: boolean;
  readonly onInteraction: (interaction: Interaction) => void;
  readonly onMessage: (message: Message) => void;
  readonly logger: Logger;
}

/** People and members that are kept in memory; nothing here ever needs to look one up. */
const PEOPLE_KEPT = 200;
const CLOSE_DISALLOWED_INTENTS = 4_014;

/** What discord.js says when it is no use to try again. */
const REFUSED =
  /invalid token|authentication failed|invalid shard|sharding is required|invalid api version|intents|sessions remaining/i;

export interface Gateway {
  /** Why Discord's events do not arrive at the moment, in a sentence; undefined when they do. */
  problem(): string | undefined;
  close(): Promise<void>;
}

/**
 * Connects. A connection that is lost is opened again for as long as it takes.
 *
 * @throws StoryError `configuration` when the gateway refuses the bot, `chat_unavailable` when it cannot be reached
 */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
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
  client.on(Events.InteractionCreate, options.onInteraction);
  client.on(Events.MessageCreate, options.onMessage);
  client.on(Events.Error, (error) => logger.warn(loggable(error), 'Discord'));
  client.on(Events.ShardError, (error, shard) =>
    logger.warn({ shard, ...loggable(error) }, 'Discord gateway'),
  );
  const problems = new Map<number, string>();
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
      `Discord’s gateway has closed for good (${code}). Run \`scifi doctor\`, and start again.`,
    );
    logger.error({ shard, code, hint }, 'Discord gateway closed for good');
  });
  try {
    await client.login(options.token);
  } catch (cause) {
    await client.destroy();
    const { message } = cause as Error;
    if (!REFUSED.test(message)) throw unreachable(cause);
    const sentence = `Discord’s gateway refuses the bot (${message}). Run \`scifi doctor\` to see what is missing.`;
    throw new StoryError('configuration', sentence, { cause });
  }
  return { problem: () => [...problems.values()][0], close: () => client.destroy() };
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
