-- Puts off the end of reservations; those that are not there any more are made again, but for settled ones: a
-- renewal may come after the settlement, as when this Redis has to be told the script first.
-- KEYS  of each: the mark of what was settled, then one of seats, two of a budget
-- ARGV  lease in milliseconds; for each: kind, id of the reservation, amount
local ends = clock() + tonumber(ARGV[1])
local keyAt = 1
for at = 2, #ARGV, 3 do
  local open = redis.call('EXISTS', KEYS[keyAt]) == 0
  if ARGV[at] == '2' then
    if open then
      redis.call('ZADD', KEYS[keyAt + 1], text(ends), ARGV[at + 1])
      redis.call('PEXPIRE', KEYS[keyAt + 1], text(tonumber(ARGV[1]) + 1000))
    end
    keyAt = keyAt + 2
  else
    if open then
      hold(KEYS[keyAt + 1], KEYS[keyAt + 2], ARGV[at + 1], tonumber(ARGV[at + 2]), ends)
    end
    keyAt = keyAt + 3
  end
end
return 0
