-- Adds what waits in the stream to the counters, once: who was overtaken adds nothing.
--
-- KEYS  1 the site's facts, 2 the stream of counters that wait, 3 the hash of
--       counters' names, then the counters
-- ARGV  1 this program's schema, 2 how many elements were summed up, 3 number of
--       counters, for each what tally.lua wants, then the elements' ids: the oldest
--       ones, in order
--
-- The elements go first: a counter that cannot be written must not be counted again.
local call = redis.call
local facts = call('HGET', KEYS[1], 'schema')
if facts and tonumber(facts) > tonumber(ARGV[1]) then
  return redis.error_reply('NEWERSCHEMA ' .. facts)
end
local elements, counters = tonumber(ARGV[2]), tonumber(ARGV[3])
local first = 4 + 6 * counters
if call('XDEL', KEYS[2], ARGV[first]) == 0 then
  return 0
end
for from = first + 1, first + elements - 1, 1000 do
  call('XDEL', KEYS[2], unpack(ARGV, from, math.min(from + 999, first + elements - 1)))
end
widen(KEYS[1], tally(KEYS[3], 4, counters))
return 1
