import type { Cluster, Redis } from 'ioredis';
import type { ShelfStore, Shelved } from '../../shelf/store.ts';

/** A field's value is the version, the time and the record, with a space between them. */
const VALUE = /^(\d+) (\d+) (.*)$/s;

/**
 * KEYS: the shelf, the shelves. ARGV: the id, the time, the record, the name of the shelf, the most records. Returns
 * whether it was added.
 */
const ADD = `
if redis.call('HSETNX', KEYS[1], ARGV[1], '1 ' .. ARGV[2] .. ' ' .. ARGV[3]) == 0 then return 0 end
redis.call('SADD', KEYS[2], ARGV[4])
while redis.call('HLEN', KEYS[1]) > tonumber(ARGV[5]) do
  local all = redis.call('HGETALL', KEYS[1])
  local oldest, first
  for i = 1, #all, 2 do
    local at = tonumber(string.match(all[i + 1], '^%d+ (%d+) '))
    if not first or at < first then oldest, first = all[i], at end
  end
  redis.call('HDEL', KEYS[1], oldest)
end
return 1
`;

/** KEYS: the shelf. ARGV: the id, the version, the record. Returns whether it was replaced. */
const REPLACE = `
local value = redis.call('HGET', KEYS[1], ARGV[1])
if not value then return 0 end
local version, at = string.match(value, '^(%d+) (%d+) ')
if version ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], (version + 1) .. ' ' .. at .. ' ' .. ARGV[3])
return 1
`;

/** KEYS: the shelf, the shelves. ARGV: the id, the name of the shelf. Returns whether there was one. */
const REMOVE = `
local removed = redis.call('HDEL', KEYS[1], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[2]) end
return removed
`;

/** KEYS: the shelf, the shelves. ARGV: the time, the name of the shelf. */
const REMOVE_OLD = `
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local at = tonumber(string.match(all[i + 1], '^%d+ (%d+) '))
  if at < tonumber(ARGV[1]) then redis.call('HDEL', KEYS[1], all[i]) end
end
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[2]) end
`;

/** Shelves on Redis. All keys begin with the prefix, so that a cluster keeps them in one hash slot. */
export function redisShelf(client: Redis | Cluster, prefix: string): ShelfStore {
  const names = `${prefix}:shelves`;
  const keyOf = (shelf: string) => `${prefix}:shelf:${shelf}`;
  return {
    async add(shelf, id, at, record, most) {
      const values = [id, at, JSON.stringify(record), shelf, most].map(String);
      return (await client.eval(ADD, 2, keyOf(shelf), names, ...values)) === 1;
    },
    async read<Record>(shelf: string, id: string) {
      const value = await client.hget(keyOf(shelf), id);
      return value === null ? undefined : shelved<Record>(id, value);
    },
    async list<Record>(shelf: string) {
      const all = Object.entries(await client.hgetall(keyOf(shelf)));
      return all.map(([id, value]) => shelved<Record>(id, value)).sort((one, other) => one.at - other.at);
    },
    async replace(shelf, id, version, record) {
      const values = [id, String(version), JSON.stringify(record)];
      return (await client.eval(REPLACE, 1, keyOf(shelf), ...values)) === 1;
    },
    async remove(shelf, id) {
      return (await client.eval(REMOVE, 2, keyOf(shelf), names, id, shelf)) === 1;
    },
    shelves: () => client.smembers(names),
    async removeOld(shelf, before) {
      await client.eval(REMOVE_OLD, 2, keyOf(shelf), names, String(before), shelf);
    },
  };
}

function shelved<Record>(id: string, value: string): Shelved<Record> & { readonly at: number } {
  const [, version, at, record] = VALUE.exec(value)!;
  return { id, version: Number(version), at: Number(at), record: JSON.parse(record!) };
}
