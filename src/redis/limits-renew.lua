-- Puts off the end of reservations; those that are not there any more are made again.
-- KEYS  of each: one of seats, two of a budget
-- ARGV  lease in milliseconds; for each: kind, id of the reservation, amount
local ends = clock() + tonumber(ARGV[1])
local keyAt = 1
for at = 2, #ARGV, 3 do
  if ARGV[at] == '2' then
    redis.call('ZADD', KEYS[keyAt], text(ends), ARGV[at + 1])
    redis.call('PEXPIRE', KEYS[keyAt], text(tonumber(ARGV[1]) + 1000))
    keyAt = keyAt + 1
  else
    hold(KEYS[keyAt], KEYS[keyAt + 1], ARGV[at + 1], tonumber(ARGV[at + 2]), ends)
    keyAt = keyAt + 2
  end
end
return 0
