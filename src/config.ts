/** The operator's settings: reads the whole environment at once and reports every mistake. */

import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { type Block, parseBlock } from './bots/blocks/blocks.ts';
import { StoryError } from './errors.ts';
import type { EngineName } from './generator/engines/choose.ts';
import { readGiven } from './misspelt-settings.ts';
import type { LimitSettings } from './queue/admission/limit-settings.ts';
import { parseRedisUrl } from './queue/backends/redis/address.ts';
import type { RedisSecurity } from './queue/connection.ts';
import { blockNames, Environment, type Values } from './settings.ts';

export interface Config {
  readonly redisUrl: string | undefined;
  readonly redisSecurity: RedisSecurity;
  readonly prefix: string;
  readonly dataFolder: string;
  readonly modelsFolder: string;
  readonly engine: EngineName | 'auto';
  /** Threads for matrix multiplication. */
  readonly threads: number;
  /** Stories that one worker generates at the same time. */
  readonly slots: number;
  readonly limits: LimitSettings;
  /** Replies that one bot process edits at the same time. */
  readonly replies: number;
  /** Characters per second at which a reply grows; 0 for no limit. */
  readonly pace: number;
  readonly retentionMs: number;
  /** Users and communities that get no stories, in addition to the blocks stored with the queue. */
  readonly blocked: readonly Block[];
  /** Address of the operator's privacy notice; undefined for none. */
  readonly privacyUrl: string | undefined;
  /** Address of the program's source; undefined for none. */
  readonly sourceUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  /** Which clients' stories on the page are counted: those from the internet, all, or none. */
  readonly pageLimits: 'public' | 'all' | 'none';
  /** Proxies whose forwarded client addresses are trusted; undefined for none. */
  readonly trustProxy: string | undefined;
  /** Stories that one client of the page may request in a minute. */
  readonly storiesPerMinute: number;
  readonly requestsPerMinute: number;
  /** Event streams that one client of the page may hold open at once. */
  readonly streamsPerClient: number;
  /** Undefined if Discord is not configured. */
  readonly discord: DiscordConfig | undefined;
  /** Undefined if Slack is not configured. */
  readonly slack: SlackConfig | undefined;
  /** File that a worker touches while it is ready; undefined for none. */
  readonly heartbeatFile: string | undefined;
  /** Address of probes, metrics and the queues' board; undefined for none. */
  readonly operator:
    | {
        readonly host: string;
        readonly port: number;
        readonly allowedHosts: readonly string[];
        readonly boardPassword: string | undefined;
      }
    | undefined;
  /**
   * Whether traces are sent to a collector; OpenTelemetry reads the collector's address and options from the
   * environment itself.
   */
  readonly isTraced: boolean;
  readonly logLevel: string;
  /** Corrections made to the settings, and probable mistakes: sentences without a setting's value. */
  readonly notices: readonly string[];
}

export interface DiscordConfig {
  readonly token: string;
  /** `auto`, a range such as `0-3/16`, or `none` for a process that only edits replies. */
  readonly shards: string;
  /** Address of the API, without its version. */
  readonly api: string;
}

/** Ids of the users who may manage channels, and of the workspaces in which every user may. */
export interface ChannelManagers {
  readonly isEverybody: boolean;
  readonly ids: ReadonlySet<string>;
}

/**
 * Either one workspace's token, over Socket Mode or HTTP; or installations by several workspaces, over HTTP.
 */
export interface SlackConfig {
  /** The bot's token in the one workspace that it serves. */
  readonly botToken: string | undefined;
  /** For Socket Mode. */
  readonly appToken: string | undefined;
  /** The HTTP endpoint for Slack's deliveries; if undefined, Socket Mode is used. */
  readonly http: { readonly signingSecret: string; readonly port: number } | undefined;
  /** Credentials with which several workspaces install the app. */
  readonly installation:
    | {
        readonly clientId: string;
        readonly clientSecret: string;
        readonly stateSecret: string;
        /** 32 bytes, the key that encrypts tokens. */
        readonly encryptionKey: Buffer;
      }
    | undefined;
  /** Users who may use `/scifi-channel` besides administrators and the creator of a channel. */
  readonly channelManagers: ChannelManagers;
  /** Interface of that port. */
  readonly host: string;
  /** Whether replies grow by edits or as Slack's streams. */
  readonly reply: 'edit' | 'stream';
  /** Address of the Web API. */
  readonly api: string;
}

/**
 * Reads the environment.
 *
 * @param environment such as `process.env`; empty values count as absent
 * @throws StoryError `configuration` that names every setting that is wrong
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const { given, mistakes, notices } = readGiven(environment);
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) mistakes.push(`${path.join('.')}: ${message}`);
  }
  const slack = parsed.success ? readSlack(parsed.data, mistakes) : undefined;
  const redisSecurity = parsed.success ? readRedisSecurity(parsed.data, mistakes) : {};
  if (given.SCIFI_BOARD_PASSWORD && !given.SCIFI_OPERATOR_PORT) {
    mistakes.push(
      'SCIFI_OPERATOR_PORT: missing, because the board that SCIFI_BOARD_PASSWORD guards is there',
    );
  }
  if (mistakes.length > 0 || !parsed.success) {
    throw new StoryError('configuration', `The settings cannot be used. ${mistakes.join('; ')}.`);
  }
  const values = parsed.data;
  return {
    redisUrl: values.REDIS_URL,
    redisSecurity,
    prefix: values.SCIFI_PREFIX,
    dataFolder: resolve(values.SCIFI_DATA),
    modelsFolder: resolve(values.SCIFI_MODELS),
    engine: values.SCIFI_ENGINE,
    threads: values.SCIFI_THREADS || availableParallelism(),
    slots: values.SCIFI_SLOTS,
    limits: {
      person: {
        running: values.SCIFI_PERSON_RUNNING,
        waiting: values.SCIFI_PERSON_WAITING,
        hourly: values.SCIFI_PERSON_HOURLY,
      },
      community: { atOnce: values.SCIFI_PLACE_STORIES, hourly: values.SCIFI_PLACE_HOURLY },
      maxWaiting: values.SCIFI_MAX_WAITING,
      longestWaitMs: values.SCIFI_LONGEST_WAIT * 1_000,
    },
    replies: values.SCIFI_REPLIES,
    pace: values.SCIFI_PACE,
    retentionMs: values.SCIFI_RETENTION_HOURS * 3_600_000,
    blocked: blockNames(values.SCIFI_BLOCKED).map((name) => parseBlock(name)!),
    privacyUrl: values.SCIFI_PRIVACY_URL,
    sourceUrl: values.SCIFI_SOURCE_URL,
    host: values.SCIFI_HOST,
    port: values.SCIFI_PORT,
    allowedHosts: listOf(values.SCIFI_ALLOWED_HOSTS),
    pageLimits: values.SCIFI_PAGE_LIMITS,
    trustProxy: values.SCIFI_TRUST_PROXY,
    storiesPerMinute: values.SCIFI_STORIES_PER_MINUTE,
    requestsPerMinute: values.SCIFI_REQUESTS_PER_MINUTE,
    streamsPerClient: values.SCIFI_STREAMS_PER_CLIENT,
    discord: values.DISCORD_TOKEN
      ? {
          token: values.DISCORD_TOKEN,
          shards: values.DISCORD_SHARDS,
          // The adapter sets the API's version.
          api: values.DISCORD_API.replace(/\/+$/, '').replace(/\/v\d+$/, ''),
        }
      : undefined,
    slack,
    heartbeatFile: values.SCIFI_HEARTBEAT ? resolve(values.SCIFI_HEARTBEAT) : undefined,
    operator:
      values.SCIFI_OPERATOR_PORT === undefined
        ? undefined
        : {
            host: values.SCIFI_OPERATOR_HOST,
            port: values.SCIFI_OPERATOR_PORT,
            allowedHosts: listOf(values.SCIFI_OPERATOR_ALLOWED_HOSTS),
            boardPassword: values.SCIFI_BOARD_PASSWORD,
          },
    isTraced: values.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined,
    logLevel: values.LOG_LEVEL,
    notices,
  };
}

/** The items of a comma-separated list. */
function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

/** Redis's security settings besides its address: each needs an address that it applies to. */
function readRedisSecurity(values: Values, mistakes: string[]): RedisSecurity {
  const { REDIS_URL: url, REDIS_TLS_CA: ca, REDIS_TLS_CERT: cert, REDIS_TLS_KEY: key } = values;
  const { REDIS_SENTINEL_USERNAME: username, REDIS_SENTINEL_PASSWORD: password } = values;
  const address = url === undefined ? undefined : parseRedisUrl(url);
  if ((ca ?? cert ?? key) && !address?.isTls) {
    mistakes.push(
      'REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY: only with a REDIS_URL that begins with rediss',
    );
  }
  if ((cert === undefined) !== (key === undefined)) {
    mistakes.push('REDIS_TLS_CERT and REDIS_TLS_KEY: only both together');
  }
  if ((username ?? password) && address?.kind !== 'sentinel') {
    mistakes.push(
      'REDIS_SENTINEL_USERNAME, REDIS_SENTINEL_PASSWORD: only with a redis+sentinel:// REDIS_URL',
    );
  }
  return {
    files: {
      ...(ca && { ca: resolve(ca) }),
      ...(cert && { cert: resolve(cert) }),
      ...(key && { key: resolve(key) }),
    },
    sentinel: { ...(username && { username }), ...(password && { password }) },
  };
}

/** Slack's settings depend on each other: reports the missing ones. */
function readSlack(values: Values, mistakes: string[]): SlackConfig | undefined {
  const {
    SLACK_BOT_TOKEN: botToken,
    SLACK_APP_TOKEN: appToken,
    SLACK_SIGNING_SECRET: signingSecret,
    SLACK_PORT: port,
    SLACK_CLIENT_ID: clientId,
    SLACK_CLIENT_SECRET: clientSecret,
    SLACK_STATE_SECRET: stateSecret,
    SLACK_ENCRYPTION_KEY: encryptionKey,
  } = values;
  const many = { SLACK_CLIENT_ID: clientId, SLACK_CLIENT_SECRET: clientSecret };
  const others = { SLACK_STATE_SECRET: stateSecret, SLACK_ENCRYPTION_KEY: encryptionKey };
  const isForMany = Object.values(many).some(Boolean) || Object.values(others).some(Boolean);
  if (!botToken && !isForMany && !appToken && !signingSecret) return undefined;
  const before = mistakes.length;
  const missing = (names: readonly string[], purpose: string) => {
    if (names.length > 0) mistakes.push(`${names.join(', ')}: missing, ${purpose}`);
  };
  if (isForMany) {
    const absent = Object.entries({ ...many, ...others }).flatMap(([name, value]) => (value ? [] : [name]));
    missing(absent, 'because several workspaces are to install the app');
    if (botToken) mistakes.push('SLACK_BOT_TOKEN: not together with SLACK_CLIENT_ID, unset one of them');
  } else if (!botToken) missing(['SLACK_BOT_TOKEN'], 'which the app shows under OAuth & Permissions');
  if (isForMany) {
    // The installation's redirects need an HTTP server in any case, so Slack's deliveries use HTTP, too.
    if (!signingSecret || port === undefined) {
      missing(['SLACK_SIGNING_SECRET or SLACK_PORT'], 'because several workspaces are served over HTTP');
    }
  } else if (!appToken && (!signingSecret || port === undefined)) {
    missing(['SLACK_APP_TOKEN'], 'for Socket Mode; or set SLACK_SIGNING_SECRET and SLACK_PORT for HTTP');
  }
  if (mistakes.length > before) return undefined;
  const isHttp = signingSecret !== undefined && port !== undefined;
  return {
    botToken,
    appToken,
    http: isHttp ? { signingSecret, port } : undefined,
    installation: isForMany
      ? {
          clientId: clientId!,
          clientSecret: clientSecret!,
          stateSecret: stateSecret!,
          encryptionKey: Buffer.from(encryptionKey!, 'hex'),
        }
      : undefined,
    channelManagers: readChannelManagers(values.SLACK_CHANNEL_MANAGERS),
    host: values.SCIFI_HOST,
    reply: values.SLACK_REPLY,
    api: `${values.SLACK_API.replace(/\/+$/, '')}/`,
  };
}

function readChannelManagers(list: string): ChannelManagers {
  const names = list.split(',').map((name) => name.trim());
  return { isEverybody: names.includes('everybody'), ids: new Set(names.filter(Boolean)) };
}
