import type { Cluster, Redis } from 'ioredis';
import type { VoteStore } from '../../votes/store.ts';

/** A vote takes at most some hours; what is left of a lost one is deleted after this time. */
const KEPT_SECONDS = 7 * 24 * 3_600;

/** Redis's own time in ms, which all processes share. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** KEYS: the vote, the index. ARGV: the id, the record, seconds to keep it. Returns whether it was added. */
const ADD = `${NOW}
if redis.call('HSETNX', KEYS[1], 'record', ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'version', 1, 'round', 0, 'ends', '')
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], now, ARGV[1])
return 1
`;

/** KEYS: the vote, its ballots. Returns the version, the record and the time, and then each voter with the ballot. */
const READ = `${NOW}
local vote = redis.call('HMGET', KEYS[1], 'version', 'record')
if not vote[1] then return false end
return { vote[1], vote[2], now, redis.call('HGETALL', KEYS[2]) }
`;

/**
 * KEYS: the vote, its ballots, the index. ARGV: the version, the record, the open round, its end or nothing, the id,
 * seconds to keep it. Returns whether it was replaced.
 */
const REPLACE = `${NOW}
local vote = redis.call('HMGET', KEYS[1], 'version', 'round')
if vote[1] ~= ARGV[1] then return 0 end
if vote[2] ~= ARGV[3] then redis.call('DEL', KEYS[2]) end
redis.call('HSET', KEYS[1], 'version', ARGV[1] + 1, 'record', ARGV[2], 'round', ARGV[3], 'ends', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[6])
redis.call('ZADD', KEYS[3], now, ARGV[5])
return 1
`;

/**
 * KEYS: the vote, its ballots. ARGV: the round, the voter, the choice, when it was made, seconds to keep it. Returns
 * whether the voter's last ballot counts, this one or one that was made later.
 */
const CAST = `${NOW}
local vote = redis.call('HMGET', KEYS[1], 'round', 'ends')
if vote[1] ~= ARGV[1] then return 0 end
if vote[2] ~= '' and now >= tonumber(vote[2]) then return 0 end
local before = redis.call('HGET', KEYS[2], ARGV[2])
if before and (tonumber(string.match(before, ' (%d+)$')) or 0) > tonumber(ARGV[4]) then return 1 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3] .. ' ' .. ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[5])
return 1
`;

/** Votes on Redis. All of its keys begin with the prefix, so that a cluster keeps them in one hash slot. */
export function redisVotes(client: Redis | Cluster, prefix: string): VoteStore {
  const index = `${prefix}:votes`;
  const voteOf = (id: string) => `${prefix}:votes:vote:${id}`;
  const ballotsOf = (id: string) => `${prefix}:votes:ballots:${id}`;
  const kept = String(KEPT_SECONDS);
  return {
    async add(id, record) {
      return (await client.eval(ADD, 2, voteOf(id), index, id, JSON.stringify(record), kept)) === 1;
    },
    async read(id) {
      const answer = await client.eval(READ, 2, voteOf(id), ballotsOf(id));
      if (answer === null) return undefined;
      const [version, record, now, ballots] = answer as [string, string, number, string[]];
      return {
        version: Number(version),
        record: JSON.parse(record),
        now,
        ballots: ballots.filter((_, index) => index % 2 === 1).map((ballot) => Number.parseInt(ballot, 10)),
        voters: ballots.filter((_, index) => index % 2 === 0),
      };
    },
    async replace(id, version, record, { round, endsAt = '' }) {
      const keys = [voteOf(id), ballotsOf(id), index];
      const values = [version, JSON.stringify(record), round, endsAt, id, kept].map(String);
      return (await client.eval(REPLACE, keys.length, ...keys, ...values)) === 1;
    },
    async cast(id, { round, voter, choice, at }) {
      const values = [String(round), voter, String(choice), at.toFixed(), kept];
      return (await client.eval(CAST, 2, voteOf(id), ballotsOf(id), ...values)) === 1;
    },
    async withdraw(id, voter) {
      await client.hdel(ballotsOf(id), voter);
    },
    async remove(id) {
      await client.del(voteOf(id), ballotsOf(id));
      await client.zrem(index, id);
    },
    list: (before) => client.zrangebyscore(index, '-inf', `(${before}`),
  };
}
