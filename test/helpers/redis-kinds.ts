/**
 * The kinds of Redis besides a plain server, made of real `redis-server`s on this machine: over TLS with a CA
 * of the test, a cluster of masters, and servers watched by sentinels.
 */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, type RedisServer, startRedis, startServer, temporaryFolder, until } from './programs.ts';

const SLOTS = 16_384;
const MASTER = 'storyteller';

/** A CA, and the key and certificate that it has signed for the address of this machine. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes certificates in a folder with `openssl`. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const subject = (name: string) => ['-subj', `/CN=${name}`];
  openssl('req', '-x509', ...newKey, ...subject('a test'), '-keyout', at('ca.key'), '-out', at('ca.pem'));
  openssl('req', ...newKey, ...subject('redis'), '-keyout', at('key.pem'), '-out', at('request.pem'));
  await writeFile(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  const signing = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-set_serial', '1', '-days', '2'];
  openssl(
    'x509',
    '-req',
    '-in',
    at('request.pem'),
    ...signing,
    '-extfile',
    at('names'),
    '-out',
    at('cert.pem'),
  );
  return { ca: at('ca.pem'), cert: at('cert.pem'), key: at('key.pem') };
}

/** Arguments for a server that accepts only TLS, from clients whose certificate the CA has signed. */
export function tlsOptions({ ca, cert, key }: Certificates, port: number): string[] {
  return [
    ...['--port', '0', '--tls-port', String(port), '--tls-replication', 'yes', '--tls-cluster', 'yes'],
    ...['--tls-ca-cert-file', ca, '--tls-cert-file', cert, '--tls-key-file', key],
  ];
}

export interface RedisCluster {
  /** `redis+cluster://` and the first node; the client discovers the others. */
  readonly url: string;
  /** A client of each master. */
  readonly masters: readonly Redis[];
  stop(): Promise<void>;
}

/** A cluster of three masters without replicas, which share the slots evenly. */
export async function startCluster(): Promise<RedisCluster> {
  const { folder, remove } = await temporaryFolder();
  const servers: (RedisServer & { busPort: number })[] = [];
  for (const name of ['a', 'b', 'c']) {
    // By default the nodes talk to each other ten thousand ports above, which need not be free, or exist.
    const busPort = await freePort();
    const file = join(folder, name);
    const options = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)];
    servers.push({ ...(await startRedis([...options, '--cluster-config-file', file])), busPort });
  }
  const masters = servers.map(({ port }) => new Redis({ port, host: '127.0.0.1' }));
  const share = Math.ceil(SLOTS / servers.length);
  for (const [index, master] of masters.entries()) {
    const { port, busPort } = servers[index]!;
    const last = Math.min(SLOTS, (index + 1) * share) - 1;
    await master.call('CLUSTER', 'ADDSLOTSRANGE', index * share, last);
    await masters[0]!.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
  }
  const agrees = async (master: Redis) => {
    const info = String(await master.call('CLUSTER', 'INFO'));
    return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3');
  };
  await until(async () => (await Promise.all(masters.map(agrees))).every(Boolean), 'the cluster to agree');
  return {
    url: `redis+cluster://127.0.0.1:${servers[0]!.port}`,
    masters,
    async stop() {
      for (const master of masters) master.disconnect();
      await Promise.all(servers.map((server) => server.stop()));
      await remove();
    },
  };
}

export interface WatchedRedis {
  /** `redis+sentinel://` and all three sentinels. */
  readonly url: string;
  /**
   * Kills the master, or suspends its process at an arbitrary moment, as the pause of a virtual machine
   * would; resolves when the sentinels have promoted the replica.
   */
  failOver(how: 'killed' | 'hangs'): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A master and a replica with a password, and three sentinels with another one that watch them.
 *
 * @param passwords of the servers, for the user `default`, and of the sentinels
 */
export async function startWatched(passwords: { servers: string; sentinels: string }): Promise<WatchedRedis> {
  const { folder, remove } = await temporaryFolder();
  const secret = ['--requirepass', passwords.servers, '--masterauth', passwords.servers];
  // By default a master waits five seconds for further replicas before it sends its data.
  const usual = [...secret, '--repl-diskless-sync-delay', '0'];
  const master = await startRedis(usual);
  const replica = await startRedis([...usual, '--replicaof', `127.0.0.1 ${master.port}`]);
  const stops = [master.stop, replica.stop];
  const connect = (port: number, password: string) => new Redis({ port, host: '127.0.0.1', password });
  const clients = [connect(replica.port, passwords.servers)];
  await until(async () => (await clients[0]!.info('replication')).includes('link_status:up'), 'the replica');
  const ports = await Promise.all(['a', 'b', 'c'].map(() => freePort()));
  const sentinels = ports.map(async (port) => {
    const file = join(folder, String(port));
    await writeFile(file, sentinelFile(port, master.port, passwords));
    return startServer([file, '--sentinel', '--dir', folder]);
  });
  stops.push(...(await Promise.all(sentinels)).map(({ stop }) => stop));
  clients.push(...ports.map((port) => connect(port, passwords.sentinels)));
  const [sentinel] = clients.slice(1);
  const known = async () => (await sentinel!.call('SENTINEL', 'CKQUORUM', MASTER).catch(String)) as string;
  await until(async () => (await known()).startsWith('OK 3 usable'), 'the sentinels to know each other');
  await until(
    async () => ((await sentinel!.call('SENTINEL', 'REPLICAS', MASTER)) as unknown[]).length === 1,
    'the sentinels to know the replica',
  );
  const list = ports.map((port) => `127.0.0.1:${port}`).join(',');
  return {
    url: `redis+sentinel://:${passwords.servers}@${list}/${MASTER}`,
    async failOver(how) {
      // Recent writes may be lost with a master. Here they must not be.
      const writer = connect(master.port, passwords.servers);
      await writer.set('written', 'before');
      if ((await writer.wait(1, 5_000)) < 1) throw new Error('The replica does not keep up.');
      writer.disconnect();
      if (how === 'killed') await master.stop();
      else process.kill(master.pid, 'SIGSTOP');
      await until(
        async () => {
          const address = await sentinel!.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER);
          return Number((address as string[])[1]) === replica.port;
        },
        'the failover',
        30_000,
      );
    },
    async stop() {
      for (const client of clients) client.disconnect();
      await Promise.all(stops.map((stop) => stop()));
      await remove();
    },
  };
}

function sentinelFile(
  port: number,
  masterPort: number,
  passwords: { servers: string; sentinels: string },
): string {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `requirepass ${passwords.sentinels}`,
    `sentinel sentinel-pass ${passwords.sentinels}`,
    `sentinel monitor ${MASTER} 127.0.0.1 ${masterPort} 2`,
    `sentinel auth-pass ${MASTER} ${passwords.servers}`,
    `sentinel down-after-milliseconds ${MASTER} 500`,
    `sentinel failover-timeout ${MASTER} 5000`,
    '',
  ].join('\n');
}
