-- Notes that nothing of earlier erasures and purges is left in Redis' files.
--
-- KEYS  1 the site's facts
-- ARGV  1 the last place of its erasures, 2 what the facts said of purges, or '',
--       3 the servers whose files that is true of, by run id
local call = redis.call
if tonumber(call('HGET', KEYS[1], 'scrubbed') or 0) < tonumber(ARGV[1]) then
  call('HSET', KEYS[1], 'scrubbed', ARGV[1])
end
if call('HGET', KEYS[1], 'pruned') == ARGV[2] then
  call('HDEL', KEYS[1], 'pruned')
end
call('HSET', KEYS[1], 'clean', ARGV[3])
return 0
