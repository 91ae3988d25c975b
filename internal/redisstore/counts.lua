-- Adds to counters once: a token that is sent again within the hour adds nothing.
--
-- KEYS  1 the site's facts, 2 the token, then the hashes of counters
-- ARGV  1 this program's schema, 2 seconds to remember the token, then for each
--       counter: its place in KEYS, its hour, its name, the amount
local call = redis.call
local facts = call('HMGET', KEYS[1], 'schema', 'first', 'last')
if facts[1] and tonumber(facts[1]) > tonumber(ARGV[1]) then
  return redis.error_reply('NEWERSCHEMA ' .. facts[1])
end
if not call('SET', KEYS[2], '', 'NX', 'EX', ARGV[2]) then
  return 0
end
local first, last = tonumber(facts[2]), tonumber(facts[3])
local from, to = first, last
for a = 3, #ARGV, 4 do
  local hour = tonumber(ARGV[a + 1])
  call('HINCRBY', KEYS[tonumber(ARGV[a])], ARGV[a + 2], ARGV[a + 3])
  if not from or hour < from then from = hour end
  if not to or hour > to then to = hour end
end
if facts[1] ~= ARGV[1] then call('HSET', KEYS[1], 'schema', ARGV[1]) end
if from ~= first or to ~= last then call('HSET', KEYS[1], 'first', from, 'last', to) end
return 1
