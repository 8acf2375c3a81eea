-- Puts the ledger's sums into the counter of a budget.
-- KEYS  the counter
-- ARGV  `load` where it is missing, `correct` where its mark is the cutoff; cutoff; for each slot: its start, sum
local key = KEYS[1]
local kept = redis.call('HMGET', key, 'c', 'm')
if ARGV[1] == 'load' and kept[1] then return 0 end
if ARGV[1] == 'correct' and kept[2] ~= ARGV[2] then return 0 end
local fields = redis.call('HGETALL', key)
local sinceMark = {}
for index = 1, #fields, 2 do
  local part, slot = string.match(fields[index], '^([btu]):(%-?%d+)$')
  if part then redis.call('HDEL', key, fields[index]) end
  if part == 'u' then sinceMark[slot] = fields[index + 1] end
end
for slot, amount in pairs(sinceMark) do redis.call('HSET', key, 't:' .. slot, amount) end
redis.call('HDEL', key, 'm')
redis.call('HSET', key, 'c', ARGV[2])
for at = 3, #ARGV, 2 do redis.call('HSET', key, 'b:' .. ARGV[at], ARGV[at + 1]) end
redis.call('PEXPIRE', key, text(idleMs))
return 1
