import type { Config } from '../config.ts';
import { StoryError } from '../errors.ts';

/**
 * Checks the Redis of REDIS_URL.
 *
 * @returns a description of the server
 * @throws StoryError that says how to fix it
 */
export async function checkRedis(
  url: string,
  { redisSecurity, prefix }: Pick<Config, 'redisSecurity' | 'prefix'>,
): Promise<string> {
  // Loaded only if a Redis is configured.
  const [{ parseRedisUrl }, { readTarget }, { probeRedis }] = await Promise.all([
    import('../queue/backends/redis/address.ts'),
    import('../queue/backends/redis/clients.ts'),
    import('../queue/backends/redis/probe.ts'),
  ]);
  const { product, masters, evictions } = await probeRedis(
    await readTarget(parseRedisUrl(url), redisSecurity),
    prefix,
  );
  if (evictions.length > 0) {
    throw new StoryError(
      'configuration',
      `${product} throws stories away when its memory is full (${evictions.join(', ')}). ` +
        'Set maxmemory-policy to noeviction.',
    );
  }
  return `${product} answers${masters > 1 ? `, a cluster of ${masters} masters` : ''}`;
}
