import type { Cluster, Redis } from 'ioredis';
import type { Verdict } from '../../../story/feedback.ts';
import { DOUBLE_CLICK_MS, type FeedbackStore, type Total } from '../../feedback-store.ts';

/** Field of a story's ratings; hashes of users have other lengths. */
const SALT = 'salt';
const GROUP = 'group';

/** KEYS: the ratings of a story, the index. ARGV: a new salt, when it expires, the story. Returns the salt. */
const SALT_OF = `
local salt = redis.call('HGET', KEYS[1], '${SALT}')
if salt then return salt end
redis.call('HSET', KEYS[1], '${SALT}', ARGV[1])
redis.call('PEXPIREAT', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])
return ARGV[1]
`;

/**
 * A user's rating is the verdict (or `none`) and the time of the last press.
 *
 * KEYS: the ratings of the story, the totals, the index. ARGV: the salt, the user's hash, the verdict, its time,
 * whether it is a press (1 or 0), when the ratings expire, the group, the story.
 */
const RATE = `
if redis.call('HGET', KEYS[1], '${SALT}') ~= ARGV[1] then return 'gone' end
local before, last = 'none', 0
local entry = redis.call('HGET', KEYS[1], ARGV[2])
if entry then
  local verdict, at = string.match(entry, '^(%a+):(%d+)$')
  before, last = verdict, tonumber(at)
end
local after, at = ARGV[3], tonumber(ARGV[4])
if ARGV[5] == '1' then
  if at <= last then return before end
  if after == before then
    if at - last < ${DOUBLE_CLICK_MS} then return before end
    after = 'none'
  end
end
redis.call('HSET', KEYS[1], ARGV[2], after .. ':' .. string.format('%.0f', math.max(at, last)), '${GROUP}', ARGV[7])
redis.call('PEXPIREAT', KEYS[1], ARGV[6])
redis.call('ZADD', KEYS[3], ARGV[6], ARGV[8])
if after ~= before then
  if before ~= 'none' then redis.call('HINCRBY', KEYS[2], before .. ':' .. ARGV[7], -1) end
  if after ~= 'none' then redis.call('HINCRBY', KEYS[2], after .. ':' .. ARGV[7], 1) end
end
return after
`;

/** KEYS: the ratings of the story, the totals. ARGV: the user's hash. */
const FORGET = `
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if not entry then return 0 end
local verdict = string.match(entry, '^(%a+):')
if verdict ~= 'none' then
  redis.call('HINCRBY', KEYS[2], verdict .. ':' .. redis.call('HGET', KEYS[1], '${GROUP}'), -1)
end
return redis.call('HDEL', KEYS[1], ARGV[1])
`;

const FIELD = /^(liked|disliked):(\[(\d+),.*\])$/s;

/** Feedback on Redis. All of its keys begin with the prefix, so that a cluster keeps them in one hash slot. */
export function redisFeedback(client: Redis | Cluster, prefix: string): FeedbackStore {
  const ratingsOf = (story: string) => `${prefix}:feedback:votes:${story}`;
  const totals = `${prefix}:feedback:totals`;
  const index = `${prefix}:feedback:stories`;
  const readTotals = async () =>
    Object.entries(await client.hgetall(totals)).flatMap(([field, votes]) => {
      const [, verdict, group, day] = FIELD.exec(field) ?? [];
      if (group === undefined) return [];
      return [{ field, verdict: verdict as Verdict, group, day: Number(day), votes: Number(votes) }];
    });
  return {
    async salt(story, fresh, expiresAt) {
      const keys = [ratingsOf(story), index];
      return (await client.eval(SALT_OF, keys.length, ...keys, fresh, expiresAt, story)) as string;
    },
    async rate({ story, salt, rater, verdict = 'none', at, isPress, expiresAt, group }) {
      const keys = [ratingsOf(story), totals, index];
      const values = [salt, rater, verdict, Math.round(at), isPress ? 1 : 0, expiresAt, group, story];
      const after = (await client.eval(RATE, keys.length, ...keys, ...values)) as Verdict | 'none' | 'gone';
      return after === 'none' ? undefined : after;
    },
    async forget(story, rater) {
      await client.eval(FORGET, 2, ratingsOf(story), totals, rater);
    },
    async stories() {
      const names = await client.zrange(index, 0, '-1');
      const salts = await Promise.all(names.map((story) => client.hget(ratingsOf(story), SALT)));
      return names.flatMap((story, i) => (salts[i] ? [{ story, salt: salts[i] }] : []));
    },
    async remove(story) {
      await client.del(ratingsOf(story));
      await client.zrem(index, story);
    },
    async removeOld(now, firstDay) {
      // The ratings themselves expire without a command.
      await client.zremrangebyscore(index, '-inf', now);
      const old = (await readTotals()).filter(({ day }) => day < firstDay);
      if (old.length > 0) await client.hdel(totals, ...old.map(({ field }) => field));
    },
    async totals(firstDay) {
      const kept = (await readTotals()).filter(({ day, votes }) => day >= firstDay && votes !== 0);
      return kept.map(({ group, verdict, votes }): Total => ({ group, verdict, votes }));
    },
  };
}
