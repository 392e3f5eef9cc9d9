/** The two storage backends of queues, for suites that have to pass on both. */
import { pino } from 'pino';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { openConnection } from '../../src/queue/open.ts';
import { dumpEmbedded, dumpRedis } from './dump.ts';
import { embeddedFolder } from './embedded-folder.ts';
import { REDIS_SERVER, skipWithout, startRedis } from './programs.ts';
import { IS_THOROUGH } from './sized.ts';

export interface Backend {
  /** A connection; on Redis every call makes another one, embedded all calls share the only one. */
  connect(): Promise<QueueConnection>;
  /** All stored data, as text. The embedded queue is closed for that, and stays closed. */
  dump(): Promise<string>;
  stop(): Promise<void>;
}

/** Both backends, whether or not they can run here. */
export const ALL_BACKENDS: readonly { name: string; skip: string | false; start: () => Promise<Backend> }[] =
  [
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

/**
 * The backends that suites run on: both for `npm run test:all`; otherwise Redis, which starts in
 * a fraction of a second, or the embedded queue where Redis is not installed.
 */
export const BACKENDS = IS_THOROUGH ? ALL_BACKENDS : [ALL_BACKENDS.find(({ skip }) => !skip)!];
