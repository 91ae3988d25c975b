-- Adds to counters once: a token that is sent again within the hour adds nothing.
--
-- KEYS  1 the site's facts, 2 the token, 3 the hash of counters' names, then the
--       counters
-- ARGV  1 this program's schema, 2 seconds to remember the token, 3 number of
--       counters, for each what tally.lua wants
local call = redis.call
local facts = call('HGET', KEYS[1], 'schema')
if facts and tonumber(facts) > tonumber(ARGV[1]) then
  return redis.error_reply('NEWERSCHEMA ' .. facts)
end
if not call('SET', KEYS[2], '', 'NX', 'EX', ARGV[2]) then
  return 0
end
widen(KEYS[1], tally(KEYS[3], 4, tonumber(ARGV[3])))
if facts ~= ARGV[1] then call('HSET', KEYS[1], 'schema', ARGV[1]) end
return 1
