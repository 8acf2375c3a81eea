-- The answer, else the claim to make it where nobody has it.
-- KEYS  entry, claim
-- ARGV  the claim to take ('' = none), for how many milliseconds
-- Returns { now, '1' where the claim was taken, the answer where there is one }
local entry = redis.call('GET', KEYS[1])
local now = text(clock())
if entry then return { now, '0', entry } end
local taken = ARGV[1] ~= '' and redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
return { now, taken and '1' or '0' }
