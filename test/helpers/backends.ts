/**
 * The two places where queues can live, for suites that have to hold on both.
 */
import { pino } from 'pino';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { openConnection } from '../../src/queue/open.ts';
import { embeddedFolder } from './embedded-folder.ts';
import { skipWithout, startRedis } from './programs.ts';

export interface Backend {
  /** A connection; on Redis every call makes another one, embedded all share the one there can be. */
  connect(): Promise<QueueConnection>;
  stop(): Promise<void>;
}

export const BACKENDS: readonly { name: string; skip: string | false; start: () => Promise<Backend> }[] = [
  {
    name: 'Redis',
    skip: skipWithout('redis-server'),
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
        async stop() {
          await connection.close();
          await remove();
        },
      };
    },
  },
];
