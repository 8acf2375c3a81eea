-- Goes on holding a claim, or lets it go.
-- KEYS  claim
-- ARGV  the claim that is held, for how many milliseconds more (0 = let go)
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
