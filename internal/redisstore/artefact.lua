-- Keeps an artefact that the site does not have yet, and logs it. One that the log has
-- and of which one of its two keys was lost, evicted or deleted, gets that again and
-- stays at its place.
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
local kept = call('HMGET', KEYS[3], 'kind', 'head')
local kind, head = kept[1], kept[2]
local listed = call('HGET', KEYS[4], ARGV[2]) -- foreign data fail here, not after the first write
if head then
  if not listed and kind == ARGV[4] then call('HSET', KEYS[4], ARGV[2], head) end
  return head
end
if listed then
  call('HSET', KEYS[3], 'kind', ARGV[4], 'head', listed, 'body', ARGV[5])
  return listed
end
local newest = call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local place = string.format('%d', (newest and tonumber(string.match(newest[1], '^%d+')) or 0) + 1)
call('XADD', KEYS[2], place .. '-0', 'e', '0 ' .. ARGV[6])
head = ARGV[3] .. place
call('HSET', KEYS[3], 'kind', ARGV[4], 'head', head, 'body', ARGV[5])
call('HSET', KEYS[4], ARGV[2], head)
if schema ~= ARGV[1] then call('HSET', KEYS[1], 'schema', ARGV[1]) end
return head
