-- Stands before each of the limits' scripts: how meters are kept, the same as in gateway/limits/local-limiter.ts.
-- Kinds: 1 rate (one key, a hash: d debt, t of which time), 2 seats (one key, a sorted set of reservations by
-- their end), 3 budget (two keys, a hash: c cutoff, b:<slot> the ledger's sums, t:<slot> settled since, m mark,
-- u:<slot> settled since the mark, h held; and a sorted set of `reservation:amount` by their end).
-- Budget keys are forgotten a day after their last use and loaded again.
local idleMs = 86400000

local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function text(number) return string.format('%.0f', number) end

local function debtOf(key, limit, now)
  local kept = redis.call('HMGET', key, 'd', 't')
  if not kept[1] then return 0 end
  return math.max(0, tonumber(kept[1]) - math.max(0, now - tonumber(kept[2])) * limit)
end

local function setDebt(key, limit, debt, now)
  if debt <= 0 then
    redis.call('DEL', key)
    return
  end
  redis.call('HSET', key, 'd', text(debt), 't', text(now))
  redis.call('PEXPIRE', key, text(math.ceil(debt / limit) + 1000))
end

local function seatsTaken(key, now)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now))
  return redis.call('ZCARD', key)
end

local function amountOf(member) return tonumber(string.match(member, ':(%d+)$')) end

local function hold(hash, leases, id, amount, ends)
  if redis.call('ZADD', leases, text(ends), id .. ':' .. text(amount)) == 1 then
    redis.call('HSET', hash, 'h', text(tonumber(redis.call('HGET', hash, 'h') or '0') + amount))
  end
  redis.call('PEXPIRE', hash, text(idleMs))
  redis.call('PEXPIRE', leases, text(idleMs))
end

local function letGo(hash, leases, members)
  local freed = 0
  for _, member in ipairs(members) do
    if redis.call('ZREM', leases, member) == 1 then freed = freed + amountOf(member) end
  end
  if freed > 0 then
    redis.call('HSET', hash, 'h', text(tonumber(redis.call('HGET', hash, 'h') or '0') - freed))
  end
end

local function heldOf(hash, leases, now)
  local ended = redis.call('ZRANGEBYSCORE', leases, '-inf', text(now), 'LIMIT', 0, 1000)
  if #ended > 0 then letGo(hash, leases, ended) end
  return tonumber(redis.call('HGET', hash, 'h') or '0')
end

local function spentOf(hash, from)
  local fields = redis.call('HGETALL', hash)
  local sum = 0
  for index = 1, #fields, 2 do
    local part, slot = string.match(fields[index], '^([bt]):(%-?%d+)$')
    if part and tonumber(slot) >= from then sum = sum + tonumber(fields[index + 1]) end
  end
  return sum
end

local function add(hash, field, amount)
  redis.call('HSET', hash, field, text(tonumber(redis.call('HGET', hash, field) or '0') + amount))
end

-- Gives back what `count` uses took: id, when it was settled, and for each use kind, limit, taken, used,
-- period or slot, oldest slot. Returns the budgets' sums before and after.
local function release(keys, args, at, keyAt, now)
  local id, settledAt, count = args[at], tonumber(args[at + 1]), tonumber(args[at + 2])
  local spent = {}
  at = at + 3
  for _ = 1, count do
    local kind, limit = args[at], tonumber(args[at + 1])
    local taken, used = tonumber(args[at + 2]), tonumber(args[at + 3])
    local period, from = tonumber(args[at + 4]), tonumber(args[at + 5])
    local key = keys[keyAt]
    keyAt = keyAt + 1
    if kind == '1' then
      setDebt(key, limit, math.max(0, debtOf(key, limit, now) + (used - taken) * period), now)
    elseif kind == '2' then
      redis.call('ZREM', key, id)
    else
      local leases = keys[keyAt]
      keyAt = keyAt + 1
      letGo(key, leases, { id .. ':' .. text(taken) })
      local kept = redis.call('HMGET', key, 'c', 'm')
      if kept[1] then
        local before = spentOf(key, from)
        if settledAt >= tonumber(kept[1]) then add(key, 't:' .. text(period), used) end
        if kept[2] and settledAt >= tonumber(kept[2]) then add(key, 'u:' .. text(period), used) end
        redis.call('PEXPIRE', key, text(idleMs))
        spent[#spent + 1] = text(before)
        spent[#spent + 1] = text(spentOf(key, from))
      else
        spent[#spent + 1] = ''
        spent[#spent + 1] = ''
      end
    end
    at = at + 6
  end
  return spent, at, keyAt
end
