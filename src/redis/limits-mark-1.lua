-- Notes the next cutoff of a budget's counter, unless one is noted.
-- KEYS  the counter
-- ARGV  the cutoff
-- Returns the one that is noted
if redis.call('HEXISTS', KEYS[1], 'c') == 0 then return ARGV[1] end
redis.call('HSETNX', KEYS[1], 'm', ARGV[1])
return redis.call('HGET', KEYS[1], 'm')
