/**
 * REDIS_URL: one server, a cluster, or the servers that sentinels watch, with or without TLS.
 *
 *   redis://user:password@host:6379/0
 *   redis+cluster://user:password@host1:6379,host2:6379
 *   redis+sentinel://user:password@sentinel1:26379,sentinel2:26379/mymaster/0
 *
 * and the same beginning with `rediss` for TLS. Special characters in a user's name or password are
 * percent-encoded.
 */

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

export interface RedisAddress {
  readonly kind: 'server' | 'cluster' | 'sentinel';
  readonly isTls: boolean;
  /** The server; some nodes of the cluster, from which the others are discovered; or the sentinels. */
  readonly hosts: readonly [RedisHost, ...RedisHost[]];
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Number of the database; clusters have only 0. */
  readonly database: number;
  /** The sentinels' name for the servers that they watch; undefined for the other kinds. */
  readonly master: string | undefined;
}

const FORM = /^redis(s?)(?:\+(cluster|sentinel))?:\/\/(?:([^@/]*)@)?([^@/?#]*)(?:\/([^?#]*))?$/;
const HOST = /^(\[[\da-fA-F:.]+\]|[^\s:[\]]+)(?::(\d{1,5}))?$/;
const DATABASE = /^\d{1,4}$/;
const REDIS_PORT = 6_379;
const SENTINEL_PORT = 26_379;

/**
 * Parses an address.
 *
 * @throws Error that says what was expected, without any part of the address: it may hold a password
 */
export function parseRedisUrl(url: string): RedisAddress {
  const [, s, kind = 'server', credentials, hostList, path] = FORM.exec(url) ?? [];
  if (hostList === undefined) {
    throw new Error(
      'expected an address such as redis://localhost:6379, redis+cluster://one:6379,two:6379 or ' +
        'redis+sentinel://one:26379,two:26379/mymaster (rediss for TLS)',
    );
  }
  const hosts = hostList.split(',').map((host) => readHost(host, kind));
  if (kind === 'server' && hosts.length > 1) {
    throw new Error('expected one host, or redis+cluster:// or redis+sentinel:// for several');
  }
  const parts = path ? path.split('/').map(decode) : [];
  const master = kind === 'sentinel' ? parts.shift() : undefined;
  if (kind === 'sentinel' && !master) {
    throw new Error('expected the name of the master behind the hosts, such as /mymaster');
  }
  const database = parts.shift() || '0';
  if (parts.length > 0 || !DATABASE.test(database)) {
    throw new Error('expected nothing but the number of a database at the end');
  }
  if (kind === 'cluster' && database !== '0') throw new Error('expected no database: a cluster has only one');
  const [username, password] = readCredentials(credentials);
  return {
    kind: kind as RedisAddress['kind'],
    isTls: s === 's',
    hosts: hosts as [RedisHost, ...RedisHost[]],
    username,
    password,
    database: Number(database),
    master,
  };
}

/** The address for messages: without user and password. */
export function withoutSecrets({ kind, isTls, hosts, database, master }: RedisAddress): string {
  const scheme = `redis${isTls ? 's' : ''}${kind === 'server' ? '' : `+${kind}`}`;
  const list = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',');
  return `${scheme}://${list}${master ? `/${master}` : ''}${database ? `/${database}` : ''}`;
}

function readHost(text: string, kind: string): RedisHost {
  const [, host, port] = HOST.exec(text) ?? [];
  const standard = kind === 'sentinel' ? SENTINEL_PORT : REDIS_PORT;
  if (!host || Number(port ?? standard) > 65_535) {
    throw new Error('expected hosts such as localhost:6379, several of them with commas in between');
  }
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port ?? standard) };
}

function readCredentials(text: string | undefined): [string | undefined, string | undefined] {
  if (!text) return [undefined, undefined];
  const colon = text.indexOf(':');
  const [username, password] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  return [decode(username) || undefined, decode(password) || undefined];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('expected special characters of user and password percent-encoded');
  }
}

/**
 * The prefix of a queue's keys. In a cluster, a script of BullMQ may only touch keys of one hash slot, which
 * the part in braces determines: a queue's keys share a slot, and each queue may be on another master.
 */
export function keyPrefix({ kind }: RedisAddress, prefix: string, queue: string): string {
  return kind === 'cluster' ? `{${prefix}.${queue}}` : prefix;
}
