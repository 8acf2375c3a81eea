-- Stands before each of the scripts of kept answers. All keys of an organisation are in one slot.
-- index: a sorted set of digests by when their answers end; sizes: a hash of bytes by digest, '' = all together
local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function text(number) return string.format('%.0f', number) end

-- Removes an answer; entries are named by what is in front of their digest.
local function drop(index, sizes, prefix, digest)
  local size = redis.call('HGET', sizes, digest)
  if size then
    redis.call('HINCRBY', sizes, '', '-' .. size)
    redis.call('HDEL', sizes, digest)
  end
  redis.call('ZREM', index, digest)
  return redis.call('UNLINK', prefix .. digest)
end

local function keepFor(key, ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, text(ms)) end
end
