/** The operator's settings: reads the whole environment at once and reports every mistake. */

import { resolve } from 'node:path';
import type { z } from 'zod';
import { readGiven } from './config/given.ts';
import { Environment, type Values } from './config/settings.ts';
import { StoryError } from './errors.ts';
import { availableProcessors } from './processors.ts';
import type { RedisSecurity } from './queue/connection.ts';

/** The settings as the program uses them: units converted, paths absolute, related settings together. */
export type Config = Readonly<z.output<typeof Configuration>> & {
  /** Corrections made to the settings, and probable mistakes: sentences without a setting's value. */
  readonly notices: readonly string[];
};
export type DiscordConfig = NonNullable<Config['discord']>;
export type SlackConfig = NonNullable<Config['slack']>;
export type ChannelManagers = SlackConfig['channelManagers'];

/** Values none of which is absent. */
type Given<Values> = { readonly [Name in keyof Values]: NonNullable<Values[Name]> };

/** Reports a mistake in how settings fit together; `names` are those of the settings. */
type Report = (names: string, sentence: string) => void;

const Configuration = Environment.transform((values, context) => {
  const report: Report = (names, message) => context.addIssue({ code: 'custom', path: [names], message });
  if (values.SCIFI_BOARD_PASSWORD && values.SCIFI_OPERATOR_PORT === undefined) {
    report('SCIFI_OPERATOR_PORT', 'missing, because the board that SCIFI_BOARD_PASSWORD guards is there');
  }
  return {
    /** Undefined for the embedded queue. */
    redisUrl: values.REDIS_URL?.url,
    redisSecurity: redisSecurity(values, report),
    /** Namespace of all keys in Redis. */
    prefix: values.SCIFI_PREFIX,
    dataFolder: resolve(values.SCIFI_DATA),
    modelsFolder: resolve(values.SCIFI_MODELS),
    engine: values.SCIFI_ENGINE,
    /** Threads for matrix multiplication. */
    threads: values.SCIFI_THREADS || availableProcessors(),
    /** Stories that one worker generates at the same time. */
    slots: values.SCIFI_SLOTS,
    limits: {
      person: {
        running: values.SCIFI_PERSON_RUNNING,
        waiting: values.SCIFI_PERSON_WAITING,
        hourly: values.SCIFI_PERSON_HOURLY,
      },
      community: { atOnce: values.SCIFI_PLACE_STORIES, hourly: values.SCIFI_PLACE_HOURLY },
      together: { channel: values.SCIFI_TOGETHER_CHANNEL, community: values.SCIFI_TOGETHER_COMMUNITY },
      maxWaiting: values.SCIFI_MAX_WAITING,
      longestWaitMs: values.SCIFI_LONGEST_WAIT * 1_000,
    },
    /** Replies that one bot process edits at the same time. */
    replies: values.SCIFI_REPLIES,
    /** Characters per second at which a reply grows; 0 for no limit. */
    pace: values.SCIFI_PACE,
    retentionMs: values.SCIFI_RETENTION_HOURS * 3_600_000,
    /** Users and communities that get no stories, in addition to the blocks stored with the queue. */
    blocked: values.SCIFI_BLOCKED,
    /** Address of the operator's privacy notice; undefined for none. */
    privacyUrl: values.SCIFI_PRIVACY_URL,
    /** Address of the program's source; undefined for none. */
    sourceUrl: values.SCIFI_SOURCE_URL,
    /** Address of the page for people elsewhere, with a slash at its end; undefined where stories are not shared. */
    publicUrl: values.SCIFI_PUBLIC_URL,
    /** How long a shared story is kept. */
    shareMs: values.SCIFI_SHARE_DAYS * 86_400_000,
    /** How long a channel's finished works are kept on its shelf. */
    shelfMs: values.SCIFI_SHELF_DAYS * 86_400_000,
    host: values.SCIFI_HOST,
    port: values.SCIFI_PORT,
    /** The host of the public address is one that the page answers to. */
    allowedHosts: values.SCIFI_PUBLIC_URL
      ? [...values.SCIFI_ALLOWED_HOSTS, new URL(values.SCIFI_PUBLIC_URL).hostname]
      : values.SCIFI_ALLOWED_HOSTS,
    /** Which clients' stories on the page are counted: those from the internet, all, or none. */
    pageLimits: values.SCIFI_PAGE_LIMITS,
    /** Proxies whose forwarded client addresses are trusted; undefined for none. */
    trustProxy: values.SCIFI_TRUST_PROXY,
    /** Stories that one client of the page may request in a minute. */
    storiesPerMinute: values.SCIFI_STORIES_PER_MINUTE,
    requestsPerMinute: values.SCIFI_REQUESTS_PER_MINUTE,
    /** Event streams that one client of the page may hold open at once. */
    streamsPerClient: values.SCIFI_STREAMS_PER_CLIENT,
    /** Undefined if Discord is not configured. */
    discord: values.DISCORD_TOKEN
      ? {
          token: values.DISCORD_TOKEN,
          /** `auto`, a range such as `0-3/16`, or `none` for a process that only edits replies. */
          shards: values.DISCORD_SHARDS,
          /** Address of the API, without its version, which the adapter sets. */
          api: values.DISCORD_API.replace(/\/+$/, '').replace(/\/v\d+$/, ''),
        }
      : undefined,
    /** Undefined if Slack is not configured. */
    slack: slack(values, report),
    /** File that a worker touches while it is ready; undefined for none. */
    heartbeatFile: values.SCIFI_HEARTBEAT ? resolve(values.SCIFI_HEARTBEAT) : undefined,
    /** Address of probes, metrics and the queues' board; undefined for none. */
    operator:
      values.SCIFI_OPERATOR_PORT === undefined
        ? undefined
        : {
            host: values.SCIFI_OPERATOR_HOST,
            port: values.SCIFI_OPERATOR_PORT,
            allowedHosts: values.SCIFI_OPERATOR_ALLOWED_HOSTS,
            boardPassword: values.SCIFI_BOARD_PASSWORD,
          },
    /**
     * Whether traces are sent to a collector; OpenTelemetry reads the collector's address and options from
     * the environment itself.
     */
    isTraced: values.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined,
    logLevel: values.LOG_LEVEL,
  };
});

/**
 * Reads the environment.
 *
 * @param environment such as `process.env`; empty values count as absent
 * @throws StoryError `configuration` that names every setting that is wrong
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const { given, mistakes, notices } = readGiven(environment);
  const { data, error } = Configuration.safeParse(given);
  const wrong = error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  const sentences = [...new Set([...mistakes, ...wrong])];
  if (!data || sentences.length > 0) {
    throw new StoryError('configuration', `The settings cannot be used. ${sentences.join('; ')}.`);
  }
  return { ...data, notices };
}

/** Redis's security settings besides its address: each needs an address that it applies to. */
function redisSecurity(values: Values, report: Report): RedisSecurity {
  const { REDIS_URL: address, REDIS_TLS_CA: ca, REDIS_TLS_CERT: cert, REDIS_TLS_KEY: key } = values;
  const { REDIS_SENTINEL_USERNAME: username, REDIS_SENTINEL_PASSWORD: password } = values;
  if ((ca ?? cert ?? key) && !address?.isTls) {
    report('REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY', 'only with a REDIS_URL that begins with rediss');
  }
  if ((cert === undefined) !== (key === undefined)) {
    report('REDIS_TLS_CERT and REDIS_TLS_KEY', 'only both together');
  }
  if ((username ?? password) && address?.kind !== 'sentinel') {
    report('REDIS_SENTINEL_USERNAME, REDIS_SENTINEL_PASSWORD', 'only with a redis+sentinel:// REDIS_URL');
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

/**
 * Slack's settings depend on each other: either one workspace's token, over Socket Mode or HTTP; or
 * installations by several workspaces, over HTTP.
 *
 * @returns undefined if Slack is not configured, or after a report
 */
function slack(values: Values, report: Report) {
  const botToken = values.SLACK_BOT_TOKEN;
  const appToken = values.SLACK_APP_TOKEN;
  const signingSecret = values.SLACK_SIGNING_SECRET;
  const port = values.SLACK_PORT;
  const installation = {
    clientId: values.SLACK_CLIENT_ID,
    clientSecret: values.SLACK_CLIENT_SECRET,
    stateSecret: values.SLACK_STATE_SECRET,
    /** 32 bytes, the key that encrypts tokens. */
    encryptionKey: values.SLACK_ENCRYPTION_KEY,
  };
  const isForMany = Object.values(installation).some(Boolean);
  if (!botToken && !isForMany && !appToken && !signingSecret) return undefined;
  const http = signingSecret !== undefined && port !== undefined ? { signingSecret, port } : undefined;
  if (isForMany) {
    const required = ['SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET', 'SLACK_STATE_SECRET', 'SLACK_ENCRYPTION_KEY'];
    const missing = required.filter((name) => !values[name as keyof Values]);
    if (missing.length > 0) {
      report(missing.join(', '), 'missing, because several workspaces are to install the app');
    }
    if (botToken) report('SLACK_BOT_TOKEN', 'not together with SLACK_CLIENT_ID, unset one of them');
    // The installation's redirects need an HTTP server in any case, so Slack's deliveries use HTTP, too.
    if (!http) {
      report(
        'SLACK_SIGNING_SECRET or SLACK_PORT',
        'missing, because several workspaces are served over HTTP',
      );
    }
  } else {
    if (!botToken) report('SLACK_BOT_TOKEN', 'missing, which the app shows under OAuth & Permissions');
    if (!appToken && !http) {
      report(
        'SLACK_APP_TOKEN',
        'missing, for Socket Mode; or set SLACK_SIGNING_SECRET and SLACK_PORT for HTTP',
      );
    }
  }
  return {
    /** The bot's token in the one workspace that it serves. */
    botToken,
    /** For Socket Mode. */
    appToken,
    /** The HTTP endpoint for Slack's deliveries; if undefined, Socket Mode is used. */
    http,
    /** Credentials with which several workspaces install the app. */
    installation: isForMany ? (installation as Given<typeof installation>) : undefined,
    /**
     * Ids of the users who may manage channels besides administrators and the channel's creator, and of the
     * workspaces in which every user may.
     */
    channelManagers: values.SLACK_CHANNEL_MANAGERS,
    /** Interface of the HTTP endpoint. */
    host: values.SCIFI_HOST,
    /** Whether replies grow by edits or as Slack's streams. */
    reply: values.SLACK_REPLY,
    /** Address of the Web API. */
    api: `${values.SLACK_API.replace(/\/+$/, '')}/`,
  };
}
