-- Takes room on all meters and on those of the first option that has it, or nothing; before that gives back.
-- KEYS  of the uses given back, then of the meters, then of each option's meters: one each, two of a budget
-- ARGV  id, settled at, count and uses given back (see `release`); id of the reservation; lease in milliseconds;
--       `take` or `read`; count of meters; count of options and the size of each; for each meter, of the options
--       too: kind, limit, cost, period or slot, oldest slot
-- Returns { status, option from 0, then for each meter: wait in milliseconds (-1 = never), left, reset in
--         milliseconds } with status `admitted`, `refused` or `unloaded`; of the last: the places of the meters
local now = clock()
local spent, at, keyAt = release(KEYS, ARGV, 1, 1, now)
local id, leaseMs, taking = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2] == 'take'
local groups = { tonumber(ARGV[at + 3]) }
local optionCount = tonumber(ARGV[at + 4])
at = at + 5
for _ = 1, optionCount do
  groups[#groups + 1] = tonumber(ARGV[at])
  at = at + 1
end

local meters, unloaded = {}, { 'unloaded', '0' }
for group, size in ipairs(groups) do
  for _ = 1, size do
    local meter = { group = group, kind = ARGV[at], key = KEYS[keyAt] }
    meter.limit, meter.cost = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    meter.period, meter.from = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
    keyAt = keyAt + 1
    if meter.kind == '3' then
      meter.leases = KEYS[keyAt]
      keyAt = keyAt + 1
      if redis.call('HEXISTS', meter.key, 'c') == 0 then unloaded[#unloaded + 1] = text(#meters) end
    end
    meters[#meters + 1] = meter
    at = at + 5
  end
end
if #unloaded > 2 then return unloaded end

-- What takes nothing always fits, also where more was taken than there was.
local function reading(meter, cost)
  if meter.kind == '1' then
    local debt = debtOf(meter.key, meter.limit, now)
    local over = debt + cost * meter.period - meter.limit * meter.period
    local wait = 0
    if over > 0 and cost > 0 then wait = cost > meter.limit and -1 or math.ceil(over / meter.limit) end
    local left = math.max(0, math.floor((meter.limit * meter.period - debt) / meter.period))
    return { wait = wait, left = left, reset = math.ceil(debt / meter.limit) }
  end
  local left
  if meter.kind == '2' then left = meter.limit - seatsTaken(meter.key, now)
  else left = meter.limit - spentOf(meter.key, meter.from) - heldOf(meter.key, meter.leases, now) end
  return { wait = (cost == 0 or left >= cost) and 0 or -1, left = left, reset = 0 }
end

local free = {}
for group in ipairs(groups) do free[group] = true end
local readings = {}
for index, meter in ipairs(meters) do
  readings[index] = reading(meter, taking and meter.cost or 0)
  if readings[index].wait ~= 0 then free[meter.group] = false end
end

local chosen
for option = 2, #groups do
  if free[1] and free[option] and not chosen then chosen = option end
end
local status = (chosen or not taking) and 'admitted' or 'refused'
if chosen and taking then
  for index, meter in ipairs(meters) do
    if meter.group == 1 or meter.group == chosen then
      if meter.kind == '1' then
        setDebt(meter.key, meter.limit, debtOf(meter.key, meter.limit, now) + meter.cost * meter.period, now)
      elseif meter.kind == '2' then
        redis.call('ZADD', meter.key, text(now + leaseMs), id)
        redis.call('PEXPIRE', meter.key, text(leaseMs + 1000))
      else
        hold(meter.key, meter.leases, id, meter.cost, now + leaseMs)
      end
      readings[index] = reading(meter, 0)
    end
  end
end

local answer = { status, text((chosen or 2) - 2) }
for _, each in ipairs(readings) do
  answer[#answer + 1] = text(each.wait)
  answer[#answer + 1] = text(each.left)
  answer[#answer + 1] = text(each.reset)
end
return answer
