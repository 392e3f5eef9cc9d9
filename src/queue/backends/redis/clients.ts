/**
 * Clients of ioredis for every kind of Redis: one server, a cluster, or servers that sentinels watch.
 */
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import { StoryError } from '../../../errors.ts';
import type { RedisSecurity } from '../../connection.ts';
import type { RedisAddress } from './address.ts';

export type RedisClient = Redis | Cluster;

export const CONNECT_TIMEOUT_MS = 5_000;
const LONGEST_RECONNECT_PAUSE_MS = 2_000;
/** A person waits for no longer than this: what has not been answered by then has failed. */
const ANSWER_TIMEOUT_MS = 4_000;
/**
 * A connection on which something was asked and nothing has come for so long is dead, whatever TCP thinks of it;
 * and one on which a job is waited for, which BullMQ does for up to 10 s.
 */
const SILENCE_MS = 5_000;
const WAITING_SILENCE_MS = 15_000;

/** Pause between two attempts to find another master. */
const LEAVE_PAUSE_MS = 2_000;

export interface RedisClientOptions {
  /** Whether commands wait in memory while Redis is away. */
  readonly queueOffline: boolean;
  /** Connects at `connect()` only, and gives up at the first failure. */
  readonly once?: boolean;
}

/** How to reach a Redis: its address, and what was read from the files that TLS needs. */
export interface RedisTarget {
  readonly address: RedisAddress;
  readonly tls: TlsOptions | undefined;
  readonly sentinel: NonNullable<RedisSecurity['sentinel']>;
}

/**
 * Reads what TLS needs.
 *
 * @throws StoryError `configuration` when a file cannot be read
 */
export async function readTarget(address: RedisAddress, security: RedisSecurity = {}): Promise<RedisTarget> {
  const { files = {}, sentinel = {} } = security;
  const read = async (setting: string, file: string | undefined) => {
    if (file === undefined) return undefined;
    return readFile(file).catch((error: NodeJS.ErrnoException) => {
      throw new StoryError('configuration', `${setting}: ${file} cannot be read (${error.code}).`);
    });
  };
  if (!address.isTls) return { address, tls: undefined, sentinel };
  const [ca, cert, key] = await Promise.all([
    read('REDIS_TLS_CA', files.ca),
    read('REDIS_TLS_CERT', files.cert),
    read('REDIS_TLS_KEY', files.key),
  ]);
  return { address, tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }, sentinel };
}

/** A client; it connects at once unless `once` is set. */
export function createClient(
  { address, tls, sentinel }: RedisTarget,
  options: RedisClientOptions,
): RedisClient {
  const retry = options.once
    ? () => null
    : (attempt: number) => Math.min(attempt * 100, LONGEST_RECONNECT_PAUSE_MS);
  const common = {
    ...(address.username && { username: address.username }),
    ...(address.password && { password: address.password }),
    ...(tls && { tls }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...patienceOf(options),
  } satisfies RedisOptions;
  const lifecycle = { enableOfflineQueue: options.queueOffline, lazyConnect: options.once ?? false };
  if (address.kind === 'cluster') {
    return new Cluster([...address.hosts], {
      ...lifecycle,
      clusterRetryStrategy: retry,
      // Its duplicates are made in another way: all of its connections wait for as long as those may.
      redisOptions: { ...common, socketTimeout: WAITING_SILENCE_MS },
      // A certificate is for the name, so the name is what is connected to.
      ...(tls && { dnsLookup: keepName }),
    });
  }
  const single = {
    ...common,
    ...lifecycle,
    db: address.database,
    retryStrategy: retry,
    reconnectOnError: leaveReplicas(),
  } satisfies RedisOptions;
  if (address.kind === 'server') return waitLonger(new Redis({ ...single, ...address.hosts[0] }));
  const watched = new Redis({
    ...single,
    sentinels: [...address.hosts],
    name: address.master!,
    ...(sentinel.username && { sentinelUsername: sentinel.username }),
    ...(sentinel.password && { sentinelPassword: sentinel.password }),
    ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
    ...(options.once && { sentinelRetryStrategy: retry }),
    // Hears of a failover from the sentinels: a master that hangs does not close its connections.
    failoverDetector: !options.once,
  });
  return waitLonger(watched);
}

/** The connections on which BullMQ waits for jobs are duplicates of the one that it is given. */
function waitLonger(client: Redis): Redis {
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (override) => duplicate({ ...override, socketTimeout: WAITING_SILENCE_MS });
  return client;
}

/** How long commands wait for an answer. */
function patienceOf({ queueOffline, once }: RedisClientOptions) {
  if (once) return { maxRetriesPerRequest: 0, commandTimeout: CONNECT_TIMEOUT_MS };
  // BullMQ's blocking commands wait for as long as it takes.
  if (queueOffline) return { maxRetriesPerRequest: null, socketTimeout: SILENCE_MS };
  return { maxRetriesPerRequest: 0, commandTimeout: ANSWER_TIMEOUT_MS, socketTimeout: ANSWER_TIMEOUT_MS };
}

/**
 * After a failover the old master is a replica for those who are still connected to it: they connect again, now and
 * then, to whatever the address leads to by then.
 */
function leaveReplicas(): (error: Error) => boolean {
  let leftAt = Number.NEGATIVE_INFINITY;
  return ({ message }) => {
    const now = performance.now();
    if (!message.startsWith('READONLY') || now - leftAt < LEAVE_PAUSE_MS) return false;
    leftAt = now;
    return true;
  };
}

const keepName: NonNullable<ClusterOptions['dnsLookup']> = (name, done) => done(null, name);
