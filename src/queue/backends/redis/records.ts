import type { Cluster, Redis } from 'ioredis';
import type { RecordStore } from '../../records/store.ts';

/** What is left of a record that no process removes is deleted after this time. */
const KEPT_SECONDS = 30 * 24 * 3_600;

/** Redis's own time in ms, which all processes share. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** KEYS: the record, the index. ARGV: the id, the record, seconds to keep it. Returns whether it was added. */
const ADD = `${NOW}
if redis.call('HSETNX', KEYS[1], 'record', ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'version', 1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], now, ARGV[1])
return 1
`;

/** KEYS: the record, the index. ARGV: the version, the record, the id, seconds to keep it. Returns whether it was replaced. */
const REPLACE = `${NOW}
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1] + 1, 'record', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], now, ARGV[3])
return 1
`;

/**
 * Records on Redis. All of their keys begin with the prefix, so that a cluster keeps them in one hash slot.
 *
 * @param kind of the records, such as `relays`
 */
export function redisRecords(client: Redis | Cluster, prefix: string, kind: string): RecordStore {
  const index = `${prefix}:records:${kind}`;
  const keyOf = (id: string) => `${prefix}:records:${kind}:${id}`;
  const kept = String(KEPT_SECONDS);
  return {
    async add(id, record) {
      return (await client.eval(ADD, 2, keyOf(id), index, id, JSON.stringify(record), kept)) === 1;
    },
    async read(id) {
      const [version, record] = await client.hmget(keyOf(id), 'version', 'record');
      return version && record ? { version: Number(version), record: JSON.parse(record) } : undefined;
    },
    async replace(id, version, record) {
      const values = [String(version), JSON.stringify(record), id, kept];
      return (await client.eval(REPLACE, 2, keyOf(id), index, ...values)) === 1;
    },
    async remove(id) {
      await client.del(keyOf(id));
      await client.zrem(index, id);
    },
    list: (before) => client.zrangebyscore(index, '-inf', `(${before}`),
  };
}
