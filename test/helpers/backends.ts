/**
 * The two places where queues can live, for suites that have to hold on both.
 */
import { pino } from 'pino';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { openConnection } from '../../src/queue/open.ts';
import { dumpEmbedded, dumpRedis } from './dump.ts';
import { embeddedFolder } from './embedded-folder.ts';
import { REDIS_SERVER, skipWithout, startRedis } from './programs.ts';

export interface Backend {
  /** A connection; on Redis every call makes another one, embedded all share the one there can be. */
  connect(): Promise<QueueConnection>;
  /** All that is kept, as text. The embedded queue is closed for that, and stays so. */
  dump(): Promise<string>;
  stop(): Promise<void>;
}

export const BACKENDS: readonly { name: string; skip: string | false; start: () => Promise<Backend> }[] = [
  {
    name: 'Redis',
    skip: skipWithout(REDIS_SERVER),
    async start() {
      const redis = await startRedis();
      const connections: QueueConnection[] = [];
      return {
        async connect() {
          const settings = { redisUrl: redis.url, dataFolder: '', prefix: 'test' };
          const connection = await openConnection(settings, pino({ level: 'silent' }));
          connections.push(connection);
          return connection;
        },
        dump: () => dumpRedis(redis.url),
        async stop() {
          await Promise.all(connections.map((connection) => connection.close()));
          await redis.stop();
        },
      };
    },
  },
  {
    name: 'embedded',
    skip: false,
    async start() {
      const { folder, remove } = await embeddedFolder();
      const settings = { redisUrl: undefined, dataFolder: folder, prefix: '' };
      const connection = await openConnection(settings, pino({ level: 'silent' }));
      return {
        connect: async () => connection,
        async dump() {
          await connection.close();
          return dumpEmbedded(folder);
        },
        async stop() {
          await connection.close();
          await remove();
        },
      };
    },
  },
];
