-- Removes answers of a label, so many at a time, and marks that it was invalidated now.
-- KEYS  the label's digests, its mark, index, sizes
-- ARGV  how many, for how many milliseconds the mark is kept, what is in front of a digest in an entry's name
-- Returns { how many digests were looked at, how many answers there were }
redis.call('SET', KEYS[2], text(clock()), 'PX', ARGV[2])
local digests = redis.call('ZRANGE', KEYS[1], 0, tonumber(ARGV[1]) - 1)
local removed = 0
for _, digest in ipairs(digests) do
  removed = removed + drop(KEYS[3], KEYS[4], ARGV[3], digest)
  redis.call('ZREM', KEYS[1], digest)
end
return { #digests, removed }
