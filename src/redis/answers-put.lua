-- Keeps an answer, unless one of its labels was invalidated since it was begun; gives the claim back.
-- KEYS  entry, claim, sizes, then of each label: its digests, its mark; the first label is that of everything
-- ARGV  the answer, for how many milliseconds, when it was begun, the claim ('' = none), the most bytes of all
--       together, digest, what is in front of a digest in the name of an entry, bytes of an entry beside its answer
-- Returns 1 where it was kept
local entry, claim, sizes, index = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local ttl, begun, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])
local digest, prefix = ARGV[6], ARGV[7]
if ARGV[4] ~= '' and redis.call('GET', claim) == ARGV[4] then redis.call('DEL', claim) end
for at = 5, #KEYS, 2 do
  local mark = redis.call('GET', KEYS[at])
  if mark and tonumber(mark) >= begun then return 0 end
end

local now = clock()
local size = #ARGV[1] + tonumber(ARGV[8])
if size > most then return 0 end
drop(index, sizes, prefix, digest)
for _, ended in ipairs(redis.call('ZRANGEBYSCORE', index, '-inf', text(now), 'LIMIT', 0, 100)) do
  drop(index, sizes, prefix, ended)
end
while tonumber(redis.call('HGET', sizes, '') or '0') + size > most do
  local first = redis.call('ZRANGE', index, 0, 0)[1]
  if not first then break end
  drop(index, sizes, prefix, first)
end

redis.call('SET', entry, ARGV[1], 'PX', text(ttl))
redis.call('HSET', sizes, digest, text(size))
redis.call('HINCRBY', sizes, '', text(size))
keepFor(sizes, ttl)
for at = 4, #KEYS, 2 do
  if KEYS[at] ~= index then redis.call('ZREMRANGEBYSCORE', KEYS[at], '-inf', text(now)) end
  redis.call('ZADD', KEYS[at], text(now + ttl), digest)
  keepFor(KEYS[at], ttl)
end
return 1
