/**
 * Every setting of the environment: its form, its bounds and its default. `config.ts` checks how they fit
 * together.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { BLOCK_FORMS, parseBlock } from './bots/blocks/blocks.ts';
import { ENGINE_NAMES } from './generator/engines/choose.ts';
import { parseProxies } from './http/address.ts';
import { parseRedisUrl } from './queue/backends/redis/address.ts';

const whole = (least: number, most: number, standard: number) =>
  z.coerce
    .number({ error: `expected a whole number from ${least} to ${most}` })
    .int({ error: 'expected a whole number' })
    .min(least, { error: `expected at least ${least}` })
    .max(most, { error: `expected at most ${most}` })
    .default(standard);

const port = z.coerce
  .number({ error: 'expected a port' })
  .int({ error: 'expected a whole number' })
  .min(0, { error: 'expected a port' })
  .max(65_535, { error: 'expected at most 65535' });

/** Names to compare with `Host` headers: a URL or a name with a port is reduced to its host name. */
const hostNames = z.string().transform((list, context) =>
  list
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)
    .flatMap((item) => {
      const name = hostNameIn(item);
      if (name === undefined) {
        context.addIssue({ code: 'custom', message: 'expected host names such as scifi.example.org' });
        return [];
      }
      return [name];
    })
    .join(','),
);

/** `scifi.example.org` for that name, for `https://scifi.example.org/` and for `scifi.example.org:443`. */
function hostNameIn(item: string): string | undefined {
  const address = item.includes('://') ? item : `http://${item}`;
  if (item.includes('*') || !URL.canParse(address)) return undefined;
  const { hostname, pathname, search, hash, username, password } = new URL(address);
  const isBare = pathname === '/' && (search || hash || username || password) === '';
  return isBare && hostname !== '' ? hostname : undefined;
}

/** An interface to listen on: an address or a name of this machine. */
const listenHost = z
  .string()
  .transform((host) => /^\[(.*)\]$/.exec(host)?.[1] ?? host)
  .refine((host) => isIP(host) !== 0 || /^[a-z\d]([\w.-]*[a-z\d])?$/i.test(host), {
    error: 'expected an address or a name of this machine such as 127.0.0.1, without a scheme or a port',
  });

/** The items of a list of blocks. */
export function blockNames(list: string): string[] {
  return list.split(',').flatMap((name) => name.trim() || []);
}

/** All settings. `.env.example` documents them. */
export const Environment = z.object({
  REDIS_URL: z
    .string()
    .superRefine((url, context) => {
      try {
        parseRedisUrl(url);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
      }
    })
    .optional(),
  REDIS_TLS_CA: z.string().optional(),
  REDIS_TLS_CERT: z.string().optional(),
  REDIS_TLS_KEY: z.string().optional(),
  REDIS_SENTINEL_USERNAME: z.string().optional(),
  REDIS_SENTINEL_PASSWORD: z.string().optional(),
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
  SCIFI_MAX_WAITING: whole(0, 1_000_000, 500),
  SCIFI_LONGEST_WAIT: whole(0, 86_400, 60),
  SCIFI_PERSON_RUNNING: whole(0, 1_000, 1),
  SCIFI_PERSON_WAITING: whole(0, 1_000, 2),
  SCIFI_PERSON_HOURLY: whole(0, 1_000_000, 10),
  SCIFI_PLACE_STORIES: whole(0, 1_000_000, 200),
  SCIFI_PLACE_HOURLY: whole(0, 1_000_000, 1_000),
  SCIFI_REPLIES: whole(1, 100_000, 1_000),
  SCIFI_PACE: whole(0, 100_000, 120),
  SCIFI_RETENTION_HOURS: whole(1, 24 * 365, 24),
  SCIFI_BLOCKED: z
    .string()
    .refine((list) => blockNames(list).every((name) => parseBlock(name)), {
      error: `expected a list with commas of ${BLOCK_FORMS}`,
    })
    .default(''),
  SCIFI_PRIVACY_URL: z
    .url({ protocol: /^https?$/, error: 'expected an address such as https://example.org/privacy' })
    .optional(),
  SCIFI_SOURCE_URL: z
    .url({ protocol: /^https?$/, error: 'expected an address such as https://example.org/source' })
    .optional(),
  SCIFI_HOST: listenHost.default('127.0.0.1'),
  SCIFI_PORT: whole(0, 65_535, 3_000),
  SCIFI_ALLOWED_HOSTS: hostNames.default(''),
  SCIFI_PAGE_LIMITS: z
    .enum(['public', 'all', 'none'], { error: 'expected public, all or none' })
    .default('public'),
  SCIFI_TRUST_PROXY: z
    .string()
    .refine((list) => parseProxies(list) !== undefined, {
      error: 'expected addresses of proxies, such as loopback or 10.0.0.0/8',
    })
    .optional(),
  SCIFI_STORIES_PER_MINUTE: whole(1, 1_000_000, 60),
  SCIFI_REQUESTS_PER_MINUTE: whole(1, 100_000_000, 1_200),
  SCIFI_STREAMS_PER_CLIENT: whole(1, 100_000, 50),
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
  SLACK_BOT_TOKEN: z
    .string()
    .startsWith('xoxb-', { error: 'expected the Bot User OAuth Token, which begins with xoxb-' })
    .optional(),
  SLACK_APP_TOKEN: z
    .string()
    .startsWith('xapp-', { error: 'expected an App-Level Token, which begins with xapp-' })
    .optional(),
  SLACK_SIGNING_SECRET: z.string().min(16, { error: 'expected the Signing Secret of the app' }).optional(),
  SLACK_PORT: port.optional(),
  SLACK_CLIENT_ID: z.string().optional(),
  SLACK_CLIENT_SECRET: z.string().optional(),
  SLACK_STATE_SECRET: z.string().min(16, { error: 'expected at least 16 characters' }).optional(),
  SLACK_ENCRYPTION_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, {
      error: 'expected 64 hexadecimal digits, such as openssl rand -hex 32 prints',
    })
    .optional(),
  SLACK_CHANNEL_MANAGERS: z
    .string()
    .regex(/^\s*(everybody|[UWT][A-Z0-9]{2,})(\s*,\s*(everybody|[UWT][A-Z0-9]{2,}))*\s*$/, {
      error: 'expected ids of users (U...) or workspaces (T...) with commas between them, or everybody',
    })
    .default(''),
  SLACK_REPLY: z.enum(['edit', 'stream'], { error: 'expected edit or stream' }).default('edit'),
  SLACK_API: z
    .url({ protocol: /^https?$/, error: 'expected an address such as https://slack.com/api' })
    .default('https://slack.com/api'),
  SCIFI_HEARTBEAT: z.string().default(''),
  SCIFI_OPERATOR_PORT: port.optional(),
  SCIFI_OPERATOR_HOST: listenHost.default('127.0.0.1'),
  SCIFI_OPERATOR_ALLOWED_HOSTS: hostNames.default(''),
  SCIFI_BOARD_PASSWORD: z.string().min(12, { error: 'expected at least 12 characters' }).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'expected an address such as http://localhost:4318' })
    .optional(),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'expected trace, debug, info, warn, error, fatal or silent',
    })
    .default('info'),
});

/** Names of all settings. */
export const SETTINGS: readonly string[] = Object.keys(Environment.shape);

/** The settings, each parsed on its own. */
export type Values = z.infer<typeof Environment>;
