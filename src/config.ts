/**
 * The operator's settings: the environment, checked at once, every mistake named.
 */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { StoryError } from './errors.ts';
import { ENGINE_NAMES, type EngineName } from './generator/engines/choose.ts';

const whole = (least: number, most: number, standard: number) =>
  z.coerce
    .number({ error: `expected a whole number from ${least} to ${most}` })
    .int({ error: 'expected a whole number' })
    .min(least, { error: `expected at least ${least}` })
    .max(most, { error: `expected at most ${most}` })
    .default(standard);

/** Every setting there is. `.env.example` explains them. */
const Environment = z.object({
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, { error: 'expected an address such as redis://localhost:6379' })
    .refine((address) => URL.canParse(address), { error: 'that is no address' })
    .optional(),
  SCIFI_PREFIX: z
    .string()
    .regex(/^[\w-]+$/, { error: 'expected letters, digits, _ and -' })
    .default('scifi'),
  SCIFI_DATA: z.string().default('data'),
  SCIFI_MODELS: z.string().default('models'),
  SCIFI_ENGINE: z
    .enum(['auto', ...ENGINE_NAMES], { error: `expected auto, ${ENGINE_NAMES.join(', ')}` })
    .default('auto'),
  SCIFI_THREADS: whole(0, 256, 0),
  SCIFI_SLOTS: whole(1, 8_192, 64),
  SCIFI_MAX_WAITING: whole(1, 1_000_000, 500),
  SCIFI_REPLIES: whole(1, 100_000, 1_000),
  SCIFI_PACE: whole(0, 100_000, 120),
  SCIFI_RETENTION_HOURS: whole(1, 24 * 365, 24),
  SCIFI_HOST: z.string().default('127.0.0.1'),
  SCIFI_PORT: whole(0, 65_535, 3_000),
  SCIFI_ALLOWED_HOSTS: z.string().default(''),
  SCIFI_STORIES_PER_MINUTE: whole(1, 1_000_000, 60),
  SCIFI_REQUESTS_PER_MINUTE: whole(1, 100_000_000, 1_200),
  DISCORD_TOKEN: z
    .string()
    .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, {
      error: 'expected the token that the developer portal shows under Bot',
    })
    .optional(),
  DISCORD_SHARDS: z
    .string()
    .regex(/^(auto|none|\d+(-\d+)?\/\d+)$/, { error: 'expected auto, none, or a range such as 0-3/16' })
    .default('auto'),
  DISCORD_API: z
    .url({ protocol: /^https?$/, error: 'expected an address such as https://discord.com/api' })
    .default('https://discord.com/api'),
  SCIFI_HEARTBEAT: z.string().default(''),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'expected trace, debug, info, warn, error, fatal or silent',
    })
    .default('info'),
});

/** Names of all settings. */
export const SETTINGS: readonly string[] = Object.keys(Environment.shape);

export interface Config {
  readonly redisUrl: string | undefined;
  readonly prefix: string;
  readonly dataFolder: string;
  readonly modelsFolder: string;
  readonly engine: EngineName | 'auto';
  /** Threads that multiply matrices. */
  readonly threads: number;
  /** Stories that one worker writes at the same time. */
  readonly slots: number;
  /** Stories that may wait before new ones are refused. */
  readonly maxWaiting: number;
  /** Replies that one bot process edits at the same time. */
  readonly replies: number;
  /** Characters a second at which a reply grows; 0 for as fast as they come. */
  readonly pace: number;
  readonly retentionMs: number;
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  /** What one client of the page may ask for in a minute. */
  readonly storiesPerMinute: number;
  readonly requestsPerMinute: number;
  /** Undefined where nothing of Discord is to run. */
  readonly discord: DiscordConfig | undefined;
  /** File that a worker touches while it is ready; undefined for none. */
  readonly heartbeatFile: string | undefined;
  readonly logLevel: string;
}

export interface DiscordConfig {
  readonly token: string;
  /** `auto`, a range such as `0-3/16`, or `none` for a process that only edits replies. */
  readonly shards: string;
  /** Address of the API, without its version. */
  readonly api: string;
}

/**
 * Reads the environment.
 *
 * @param environment such as `process.env`; empty values count as absent
 * @throws StoryError `configuration` that names every setting that is wrong
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  const mistakes = Object.keys(given)
    .filter((name) => name.startsWith('SCIFI_') && !SETTINGS.includes(name))
    .map((name) => `${name}: there is no such setting (.env.example lists them all)`);
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) mistakes.push(`${path.join('.')}: ${message}`);
  }
  if (mistakes.length > 0 || !parsed.success) {
    throw new StoryError('configuration', `The settings cannot be used. ${mistakes.join('; ')}.`);
  }
  const values = parsed.data;
  return {
    redisUrl: values.REDIS_URL,
    prefix: values.SCIFI_PREFIX,
    dataFolder: resolve(values.SCIFI_DATA),
    modelsFolder: resolve(values.SCIFI_MODELS),
    engine: values.SCIFI_ENGINE,
    threads: values.SCIFI_THREADS || availableParallelism(),
    slots: values.SCIFI_SLOTS,
    maxWaiting: values.SCIFI_MAX_WAITING,
    replies: values.SCIFI_REPLIES,
    pace: values.SCIFI_PACE,
    retentionMs: values.SCIFI_RETENTION_HOURS * 3_600_000,
    host: values.SCIFI_HOST,
    port: values.SCIFI_PORT,
    allowedHosts: values.SCIFI_ALLOWED_HOSTS.split(',')
      .map((host) => host.trim())
      .filter(Boolean),
    storiesPerMinute: values.SCIFI_STORIES_PER_MINUTE,
    requestsPerMinute: values.SCIFI_REQUESTS_PER_MINUTE,
    discord: values.DISCORD_TOKEN
      ? {
          token: values.DISCORD_TOKEN,
          shards: values.DISCORD_SHARDS,
          api: values.DISCORD_API.replace(/\/+$/, ''),
        }
      : undefined,
    heartbeatFile: values.SCIFI_HEARTBEAT ? resolve(values.SCIFI_HEARTBEAT) : undefined,
    logLevel: values.LOG_LEVEL,
  };
}
