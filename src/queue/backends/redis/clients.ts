/**
 * Clients of ioredis for every kind of Redis: one server, a cluster, or servers that sentinels watch.
 */
import { readFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import { StoryError } from '../../../errors.ts';
import type { RedisSecurity } from '../../connection.ts';
import type { RedisAddress } from './address.ts';

export type RedisClient = Redis | Cluster;

const CONNECT_TIMEOUT_MS = 5_000;
const LONGEST_RECONNECT_PAUSE_MS = 2_000;
/** The longest wait for a command that a user waits for: without an answer by then it has failed. */
const ANSWER_TIMEOUT_MS = 4_000;
/**
 * A connection that has a command pending and has received nothing for this long is dead, even if TCP reports
 * it open. The second value is for a connection that blocks for a job, which BullMQ does for up to 10 s.
 */
const SILENCE_MS = 5_000;
const WAITING_SILENCE_MS = 15_000;

/** Pause between two attempts to find the new master. */
const LEAVE_PAUSE_MS = 2_000;

export interface RedisClientOptions {
  /** Whether commands are buffered in memory while Redis is unreachable. */
  readonly queueOffline: boolean;
  /** Connects only at `connect()`, and gives up at the first failure. */
  readonly once?: boolean;
}

/** How to reach a Redis: its address, and the contents of the files that TLS needs. */
export interface RedisTarget {
  readonly address: RedisAddress;
  readonly tls: TlsOptions | undefined;
  readonly sentinel: NonNullable<RedisSecurity['sentinel']>;
}

/**
 * Reads the files that TLS needs.
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
      // A cluster's duplicates are made in another way: all of its connections get the longer timeout.
      redisOptions: { ...common, socketTimeout: WAITING_SILENCE_MS },
      // A certificate is issued for the name, so the client connects to the name.
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
    // Learns of a failover from the sentinels: a master that hangs does not close its connections.
    failoverDetector: !options.once,
  });
  return waitLonger(watched);
}

/**
 * Sends the commands of one round of the event loop together: a write costs a system call, and the events of
 * many stories come together.
 */
function writeTogether(client: Redis): Redis {
  const sender = client as unknown as { stream?: Writable; sendCommand(...command: unknown[]): unknown };
  const send = sender.sendCommand.bind(client);
  let held: Writable | undefined;
  sender.sendCommand = (...command) => {
    const { stream } = sender;
    if (stream && stream !== held) {
      held = stream;
      stream.cork();
      setImmediate(() => {
        held = undefined;
        stream.uncork();
      });
    }
    return send(...command);
  };
  return client;
}

/** BullMQ's blocking connections are duplicates of the one that it is given: they get the longer timeout. */
function waitLonger(client: Redis): Redis {
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (override) =>
    writeTogether(duplicate({ ...override, socketTimeout: WAITING_SILENCE_MS }));
  return writeTogether(client);
}

/** Timeouts and retries of commands. */
function patienceOf({ queueOffline, once }: RedisClientOptions) {
  if (once) return { maxRetriesPerRequest: 0, commandTimeout: CONNECT_TIMEOUT_MS };
  // BullMQ's blocking commands wait without a limit.
  if (queueOffline) return { maxRetriesPerRequest: null, socketTimeout: SILENCE_MS };
  return { maxRetriesPerRequest: 0, commandTimeout: ANSWER_TIMEOUT_MS, socketTimeout: ANSWER_TIMEOUT_MS };
}

/**
 * After a failover the old master is a replica for the clients that are still connected to it: they
 * reconnect, at intervals, to the address, which may lead to the new master by then.
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
