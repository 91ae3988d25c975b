-- Keeps an artefact that the site does not have yet, and logs it.
--
-- KEYS  1 the site's facts, 2 its log, 3 the artefact, 4 the artefacts of its kind
-- ARGV  1 this program's schema, 2 digest, 3 time and leaf, 4 kind, 5 body,
--       6 the log's bytes
--
-- Answers with its time, leaf and place.
local call = redis.call
local schema = call('HGET', KEYS[1], 'schema')
if schema and tonumber(schema) > tonumber(ARGV[1]) then
  return redis.error_reply('NEWERSCHEMA ' .. schema)
end
local head = call('HGET', KEYS[3], 'head')
if head then
  return head
end
local newest = call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local place = string.format('%d', (newest and tonumber(string.match(newest[1], '^%d+')) or 0) + 1)
call('HLEN', KEYS[4]) -- fails here on foreign data, not after the first write
call('XADD', KEYS[2], place .. '-0', 'e', '0 ' .. ARGV[6])
head = ARGV[3] .. place
call('HSET', KEYS[3], 'kind', ARGV[4], 'head', head, 'body', ARGV[5])
call('HSET', KEYS[4], ARGV[2], head)
if schema ~= ARGV[1] then call('HSET', KEYS[1], 'schema', ARGV[1]) end
return head
