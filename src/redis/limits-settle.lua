-- Gives back what a reservation took and counts what was used.
-- KEYS  of the uses: one each, two of a budget
-- ARGV  id, settled at, count and uses (see `release`)
-- Returns for each budget what its window held before and after; two empty texts where it is not loaded
local spent = release(KEYS, ARGV, 1, 1, clock())
return spent
