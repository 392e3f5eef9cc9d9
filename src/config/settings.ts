/**
 * Every setting of the environment: its form, its bounds and its default. `.env.example` documents them.
 * `../config.ts` checks how they fit together.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { BLOCK_FORMS, parseBlock } from '../bots/blocks.ts';
import { ENGINE_NAMES } from '../generator/engines/choose.ts';
import { parseProxies } from '../http/address.ts';
import { parseRedisUrl } from '../queue/backends/redis/address.ts';

const whole = (min: number, max: number) => {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error });
};

const port = whole(0, 65_535);

const webAddress = (example: string) =>
  z.url({ protocol: /^https?$/, error: `expected an address such as ${example}` });

const oneOf = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  z.enum(names, { error: `expected ${names.slice(0, -1).join(', ')} or ${names.at(-1)}` });

/** A list of items with commas between them, as its items. */
const list = z.string().default('').transform(listItems);

/** Names to compare with `Host` headers: a URL or a name with a port is reduced to its host name. */
const hostNames = list.transform((items, context) =>
  items.flatMap((item) => {
    const name = hostNameIn(item);
    if (name === undefined) context.addIssue('expected host names such as scifi.example.org');
    return name ?? [];
  }),
);

/** An interface to listen on: an address or a name of this machine. */
const listenHost = z
  .string()
  .transform((host) => /^\[(.*)\]$/.exec(host)?.[1] ?? host)
  .refine((host) => isIP(host) !== 0 || /^[a-z\d]([\w.-]*[a-z\d])?$/i.test(host), {
    error: 'expected an address or a name of this machine such as 127.0.0.1, without a scheme or a port',
  })
  .default('127.0.0.1');

/** All settings. */
export const Environment = z.object({
  REDIS_URL: z
    .string()
    .transform((url, context) => {
      try {
        return { url, ...parseRedisUrl(url) };
      } catch (error) {
        context.addIssue((error as Error).message);
        return z.NEVER;
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
  SCIFI_ENGINE: oneOf(['auto', ...ENGINE_NAMES]).default('auto'),
  /** Read by the engines themselves (tensorflow/cuda-installation.ts). */
  SCIFI_ENGINES: z.string().optional(),
  SCIFI_THREADS: whole(0, 256).default(0),
  SCIFI_SLOTS: whole(1, 8_192).default(64),
  SCIFI_MAX_WAITING: whole(0, 1_000_000).default(500),
  SCIFI_LONGEST_WAIT: whole(0, 86_400).default(60),
  SCIFI_PERSON_RUNNING: whole(0, 1_000).default(1),
  SCIFI_PERSON_WAITING: whole(0, 1_000).default(2),
  SCIFI_PERSON_HOURLY: whole(0, 1_000_000).default(10),
  SCIFI_PLACE_STORIES: whole(0, 1_000_000).default(200),
  SCIFI_PLACE_HOURLY: whole(0, 1_000_000).default(1_000),
  SCIFI_TOGETHER_CHANNEL: whole(0, 1_000).default(1),
  SCIFI_TOGETHER_COMMUNITY: whole(0, 1_000).default(10),
  SCIFI_REPLIES: whole(1, 100_000).default(1_000),
  SCIFI_PACE: whole(0, 100_000).default(120),
  SCIFI_RETENTION_HOURS: whole(1, 24 * 365).default(24),
  SCIFI_BLOCKED: list.transform((names, context) =>
    names.flatMap((name) => {
      const block = parseBlock(name);
      if (!block) context.addIssue(`expected a list with commas of ${BLOCK_FORMS}`);
      return block ?? [];
    }),
  ),
  SCIFI_PRIVACY_URL: webAddress('https://example.org/privacy').optional(),
  SCIFI_PUBLIC_URL: webAddress('https://scifi.example.org')
    .transform((address) => `${address.replace(/[?#].*$/, '').replace(/\/+$/, '')}/`)
    .optional(),
  SCIFI_SHARE_DAYS: whole(1, 3_650).default(365),
  SCIFI_SHELF_DAYS: whole(8, 3_650).default(365),
  SCIFI_SOURCE_URL: webAddress('https://example.org/source').optional(),
  SCIFI_HOST: listenHost,
  SCIFI_PORT: port.default(3_000),
  SCIFI_ALLOWED_HOSTS: hostNames,
  SCIFI_PAGE_LIMITS: oneOf(['public', 'all', 'none']).default('public'),
  SCIFI_TRUST_PROXY: z
    .string()
    .refine((proxies) => parseProxies(proxies) !== undefined, {
      error: 'expected addresses of proxies, such as loopback or 10.0.0.0/8',
    })
    .optional(),
  SCIFI_STORIES_PER_MINUTE: whole(1, 1_000_000).default(60),
  SCIFI_REQUESTS_PER_MINUTE: whole(1, 100_000_000).default(1_200),
  SCIFI_STREAMS_PER_CLIENT: whole(1, 100_000).default(50),
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
  DISCORD_API: webAddress('https://discord.com/api').default('https://discord.com/api'),
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
    .transform((digits) => Buffer.from(digits, 'hex'))
    .optional(),
  SLACK_CHANNEL_MANAGERS: list
    .refine((ids) => ids.every((id) => /^(everybody|[UWT][A-Z0-9]{2,})$/.test(id)), {
      error: 'expected ids of users (U...) or workspaces (T...) with commas between them, or everybody',
    })
    .transform((ids) => ({ isEverybody: ids.includes('everybody'), ids: new Set(ids) })),
  SLACK_REPLY: oneOf(['edit', 'stream']).default('edit'),
  SLACK_API: webAddress('https://slack.com/api').default('https://slack.com/api'),
  SCIFI_HEARTBEAT: z.string().optional(),
  SCIFI_OPERATOR_PORT: port.optional(),
  SCIFI_OPERATOR_HOST: listenHost,
  SCIFI_OPERATOR_ALLOWED_HOSTS: hostNames,
  SCIFI_BOARD_PASSWORD: z.string().min(12, { error: 'expected at least 12 characters' }).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: webAddress('http://localhost:4318').optional(),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

/** Names of all settings. */
export const SETTINGS: readonly string[] = Object.keys(Environment.shape);

/** The settings, each parsed on its own. */
export type Values = z.infer<typeof Environment>;

function listItems(text: string): string[] {
  return text.split(',').flatMap((item) => item.trim() || []);
}

/** `scifi.example.org` for that name, for `https://scifi.example.org/` and for `scifi.example.org:443`. */
function hostNameIn(item: string): string | undefined {
  const address = item.includes('://') ? item : `http://${item}`;
  if (item.includes('*') || !URL.canParse(address)) return undefined;
  const { hostname, pathname, search, hash, username, password } = new URL(address);
  const isBare = pathname === '/' && (search || hash || username || password) === '';
  return isBare && hostname !== '' ? hostname : undefined;
}
