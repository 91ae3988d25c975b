-- Adds what waits in the list to the counters, once: who was overtaken adds nothing.
--
-- KEYS  1 the site's facts, 2 the list of counters that wait, 3 the hash of
--       counters' names, then the counters
-- ARGV  1 this program's schema, 2 how many of the list were summed up, 3 how many
--       had left the list before, 4 number of counters, for each what tally.lua
--       wants
--
-- The list is cut first: a counter that cannot be written must not be counted again.
local call = redis.call
local is = call('HMGET', KEYS[1], 'schema', 'folded')
if is[1] and tonumber(is[1]) > tonumber(ARGV[1]) then
  return redis.error_reply('NEWERSCHEMA ' .. is[1])
end
if (is[2] or '0') ~= ARGV[3] then
  return 0
end
call('LTRIM', KEYS[2], ARGV[2], '-1')
call('HINCRBY', KEYS[1], 'folded', ARGV[2])
widen(KEYS[1], tally(KEYS[3], 5, tonumber(ARGV[4])))
return 1
