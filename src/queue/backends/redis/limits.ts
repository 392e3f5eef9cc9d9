import type { Cluster, Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { HOUR_SECONDS, type LimitStore } from '../../admission/store.ts';

/** A key is a hash under the salt of a day (`DailySalts`), and is not read after the next day. */
const KEPT_SECONDS = 2 * 24 * HOUR_SECONDS;

/**
 * A group is a sorted set for each of its keys: reply ids by their time of arrival, in microseconds of
 * Redis's own clock, which all processes share.
 *
 * KEYS: all keys, group by group. ARGV: the id, seconds to keep the keys, and for every group its number of
 * keys and the most that it may hold. Returns a verb and a number: `there`; `full` and the group's index;
 * `ahead` and how many of the first group are.
 */
const TAKE = `
local groups = {}
local first = 1
for index = 3, #ARGV, 2 do
  local last = first + tonumber(ARGV[index]) - 1
  groups[#groups + 1] = { first = first, last = last, most = tonumber(ARGV[index + 1]) }
  first = last + 1
end
for key = groups[1].first, groups[1].last do
  if redis.call('ZSCORE', KEYS[key], ARGV[1]) then return { 'there', 0 } end
end
local ahead
for index, group in ipairs(groups) do
  local count = 0
  for key = group.first, group.last do count = count + redis.call('ZCARD', KEYS[key]) end
  if group.most > 0 and count >= group.most then return { 'full', index - 1 } end
  ahead = ahead or count
end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for _, group in ipairs(groups) do
  redis.call('ZADD', KEYS[group.first], 'NX', now, ARGV[1])
  redis.call('EXPIRE', KEYS[group.first], ARGV[2])
end
return { 'ahead', ahead }
`;

/** Limits on Redis. All of its keys begin with the prefix, so that a cluster keeps them in one hash slot. */
export function redisLimits(client: Redis | Cluster, prefix: string): LimitStore {
  const nameOf = (key: string) => `${prefix}:limits:under-way:${key}`;
  return {
    hourly: (most) =>
      new RateLimiterRedis({
        storeClient: client,
        keyPrefix: `${prefix}:limits:hour`,
        points: most,
        duration: HOUR_SECONDS,
      }),
    underWay: {
      async take(id, groups) {
        const keys = groups.flatMap((group) => group.keys.map(nameOf));
        const sizes = groups.flatMap((group) => [group.keys.length, group.most]);
        const settings = [KEPT_SECONDS, ...sizes].map(String);
        const answer = await client.eval(TAKE, keys.length, ...keys, id, ...settings);
        const [verb, number] = answer as ['there' | 'full' | 'ahead', number];
        if (verb === 'there') return verb;
        return verb === 'full' ? { full: number } : { ahead: number };
      },
      async leave(id, keys) {
        await Promise.all(keys.map((key) => client.zrem(nameOf(key), id)));
      },
      async list(keys) {
        const [[seconds, micros], sets] = await Promise.all([
          client.time(),
          Promise.all(keys.map((key) => client.zrange(nameOf(key), 0, '-1', 'WITHSCORES'))),
        ]);
        const now = Number(seconds) * 1e6 + Number(micros);
        const found = sets.flatMap((set) =>
          Array.from({ length: set.length / 2 }, (_, index) => ({
            id: set[2 * index]!,
            at: Number(set[2 * index + 1]),
          })),
        );
        return found
          .sort((one, other) => one.at - other.at)
          .map(({ id, at }) => ({ id, ageMs: (now - at) / 1_000 }));
      },
    },
  };
}
