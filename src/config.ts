/**
 * The operator's settings: the environment, checked at once, every mistake named.
 */

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
  /** Threads that multiply matrices. */
  readonly threads: number;
  /** Stories that one worker writes at the same time. */
  readonly slots: number;
  readonly limits: LimitSettings;
  /** Replies that one bot process edits at the same time. */
  readonly replies: number;
  /** Characters a second at which a reply grows; 0 for as fast as they come. */
  readonly pace: number;
  readonly retentionMs: number;
  /** Who and where no story is written, besides what is kept with the queue. */
  readonly blocked: readonly Block[];
  /** Where people read what the operator does with what they ask for; undefined for nowhere. */
  readonly privacyUrl: string | undefined;
  /** Where people find the program's source; undefined for nowhere. */
  readonly sourceUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  /** Whose stories on the page are counted: those of clients from the internet, of all, of none. */
  readonly pageLimits: 'public' | 'all' | 'none';
  /** Proxies whose word for a client's address is taken; undefined for none. */
  readonly trustProxy: string | undefined;
  /** What one client of the page may ask for in a minute. */
  readonly storiesPerMinute: number;
  readonly requestsPerMinute: number;
  /** Event streams that one client of the page may hold at once. */
  readonly streamsPerClient: number;
  /** Undefined where nothing of Discord is to run. */
  readonly discord: DiscordConfig | undefined;
  /** Undefined where nothing of Slack is to run. */
  readonly slack: SlackConfig | undefined;
  /** File that a worker touches while it is ready; undefined for none. */
  readonly heartbeatFile: string | undefined;
  /** Where probes, metrics and the queues' board are; undefined for nowhere. */
  readonly operator:
    | {
        readonly host: string;
        readonly port: number;
        readonly allowedHosts: readonly string[];
        readonly boardPassword: string | undefined;
      }
    | undefined;
  /** Whether traces are sent to a collector; OpenTelemetry reads where and how from the environment itself. */
  readonly isTraced: boolean;
  readonly logLevel: string;
  /** What was mended in the settings, and what is probably a mistake: sentences without a value. */
  readonly notices: readonly string[];
}

export interface DiscordConfig {
  readonly token: string;
  /** `auto`, a range such as `0-3/16`, or `none` for a process that only edits replies. */
  readonly shards: string;
  /** Address of the API, without its version. */
  readonly api: string;
}

/** Ids of users, who may, and of workspaces, in which every user may. */
export interface ChannelManagers {
  readonly isEverybody: boolean;
  readonly ids: ReadonlySet<string>;
}

/** Either one workspace's token, over Socket Mode or HTTP; or installations by many, over HTTP. */
export interface SlackConfig {
  /** The bot's token in the one workspace that it serves. */
  readonly botToken: string | undefined;
  /** For Socket Mode. */
  readonly appToken: string | undefined;
  /** Where Slack delivers over HTTP; Socket Mode is used where this is undefined. */
  readonly http: { readonly signingSecret: string; readonly port: number } | undefined;
  /** What several workspaces install the app with. */
  readonly installation:
    | {
        readonly clientId: string;
        readonly clientSecret: string;
        readonly stateSecret: string;
        /** 32 bytes, under which tokens are encrypted. */
        readonly encryptionKey: Buffer;
      }
    | undefined;
  /** Who may use `/scifi-channel` besides administrators and the creator of a channel. */
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
          // Its version is ours to choose.
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

/** The items of a list that is separated by commas. */
function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

/** What Redis asks for besides its address: each setting needs an address that it goes with. */
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

/** Slack's settings need each other: names those that are missing. */
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
    // Their browsers come back to an address of ours in any case: Slack delivers there, too.
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
