/** One connection without retries, so that a wrong address is an error and not a wait. */
import { Cluster, type Redis, ReplyError } from 'ioredis';
import { StoryError } from '../../../errors.ts';
import { isRefusal } from '../../outage.ts';
import { keyPrefix, type RedisAddress, withoutSecrets } from './address.ts';
import { createClient, type RedisTarget } from './clients.ts';

const PROBE = 'probe';

/** Properties that a Redis reports. */
export interface RedisFindings {
  /** Such as `Redis 7.0.15` or `Valkey 8.0.1`. */
  readonly product: string;
  /** Masters that share the keys; 1 without a cluster. */
  readonly masters: number;
  /** Eviction policies besides `noeviction`, which would delete stories when memory is full. */
  readonly evictions: readonly string[];
}

/**
 * Probes the Redis at an address, and whether it accepts writes.
 *
 * @param prefix of all keys: one is written, and deleted at once
 * @throws StoryError `queue_unavailable` when nothing answers there or writing is refused, which may pass;
 *   `configuration` when the server does not let this user in
 */
export async function probeRedis(target: RedisTarget, prefix: string): Promise<RedisFindings> {
  const { address } = target;
  const client = createClient(target, { queueOffline: false, once: true });
  // The error of one node or sentinel is more specific than the one that none of them could be used.
  let detail: Error | undefined;
  let summary: Error | undefined;
  for (const event of ['node error', 'sentinelError']) {
    client.on(event, (error: Error) => {
      detail = error;
    });
  }
  client.on('error', (error: Error) => {
    summary = error;
  });
  try {
    await client.connect();
    const infos = await Promise.all(mastersOf(client).map((server) => server.info()));
    const findings = read(infos, address);
    await client.set(`${keyPrefix(address, prefix, PROBE)}:${PROBE}`, '', 'PX', 1);
    return findings;
  } catch (error) {
    if (error instanceof StoryError) throw error;
    const cause = detail ?? summary ?? (error as Error);
    const reason = cause.message;
    // Without the cause: an error of ioredis holds the command that failed, and AUTH has the password.
    throw new StoryError(
      mayPass(cause) ? 'queue_unavailable' : 'configuration',
      `Redis at ${withoutSecrets(address)} cannot be used (${reason.trim()}). ${advice(cause)}`,
    );
  } finally {
    client.disconnect();
  }
}

/** Refusals of the credentials, including a sentinel's, which are worded differently. */
const NOT_ALLOWED = /WRONGPASS|NOAUTH|NOPERM|invalid password/i;

/** Whether an error is of the network or temporary, and not an answer that will always be the same. */
function mayPass(error: Error): boolean {
  if (NOT_ALLOWED.test(error.message)) return false;
  if (error instanceof ReplyError) return isRefusal(error);
  // A certificate that is not accepted, or a server that does not speak TLS.
  return !/^ERR_|CERT|^UNABLE_TO_/.test(String((error as NodeJS.ErrnoException).code));
}

function mastersOf(client: Redis | Cluster): Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

function read(infos: readonly string[], address: RedisAddress): RedisFindings {
  const field = (info: string, name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
  const [first = ''] = infos;
  const mode = field(first, 'redis_mode') ?? field(first, 'server_mode');
  const at = withoutSecrets(address);
  if (address.kind !== 'cluster' && mode === 'cluster') {
    throw new StoryError(
      'configuration',
      `Redis at ${at} is part of a cluster. Write REDIS_URL as redis+cluster://host:port,host:port.`,
    );
  }
  if (address.kind === 'server' && mode === 'sentinel') {
    throw new StoryError(
      'configuration',
      `At ${at} is a sentinel. Write REDIS_URL as redis+sentinel://host:port,host:port/NAME_OF_THE_MASTER.`,
    );
  }
  const valkey = field(first, 'valkey_version');
  const policies = infos.map((info) => field(info, 'maxmemory_policy') ?? 'noeviction');
  return {
    product: valkey
      ? `Valkey ${valkey}`
      : `Redis ${field(first, 'redis_version') ?? 'of an unknown version'}`,
    masters: infos.length,
    evictions: [...new Set(policies)].filter((policy) => policy !== 'noeviction'),
  };
}

/** What to do about a failure, by its message. */
function advice(error: Error): string {
  const reason = error.message;
  if (NOT_ALLOWED.test(reason)) {
    return 'Check user and password in REDIS_URL (and REDIS_SENTINEL_PASSWORD), and what the user may do.';
  }
  if (/certificate|SSL|TLS|self.signed|ERR_TLS|altnames/i.test(reason)) {
    return (
      'Check REDIS_TLS_CA, that the certificate is for the host in REDIS_URL, and REDIS_TLS_CERT where the ' +
      'server asks for one.'
    );
  }
  if (/^OOM\b/.test(reason)) return 'Give it more memory (maxmemory), or take data out of it.';
  if (isRefusal(error)) return 'It answers and refuses to write: its own log says why.';
  if (/cluster support disabled/i.test(reason)) {
    return 'It is no cluster: write REDIS_URL as redis://host:port.';
  }
  if (/ECONNRESET|EPIPE/.test(reason)) {
    return 'Check whether it speaks TLS (rediss) or not (redis), and whether it asks for a certificate (REDIS_TLS_CERT).';
  }
  return 'Check REDIS_URL and that the server runs, or unset REDIS_URL to use the embedded queue.';
}
