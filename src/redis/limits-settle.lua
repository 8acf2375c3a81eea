-- Gives back what a reservation took and counts what was used, once: a settlement may come again whose answer was lost.
-- KEYS  the mark of what was settled, then of the uses: one each, two of a budget
-- ARGV  id, settled at, count and uses (see `release`)
-- Returns for each budget what its window held before and after; two empty texts where it is not loaded;
--         nothing where it was settled before
if not redis.call('SET', KEYS[1], '', 'NX', 'PX', '300000') then return {} end
local spent = release(KEYS, ARGV, 1, 2, clock())
return spent
