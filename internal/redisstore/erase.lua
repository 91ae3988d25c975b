-- Takes the secrets from a site's records, and lists their ids as erased. One that
-- is listed already is left alone.
--
-- KEYS  1 the site's facts, 2 its erasures, then for each id its record bucket
-- ARGV  1 this program's schema, then 16 bytes of each id and 6 of its time
--
-- Answers how many were listed.
local call, sub = redis.call, string.sub
local schema = call('HGET', KEYS[1], 'schema')
if schema and tonumber(schema) > tonumber(ARGV[1]) then
  return redis.error_reply('NEWERSCHEMA ' .. schema)
end
local newest = call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local before = newest and tonumber(string.match(newest[1], '^%d+')) or 0
local last = before
for i = 2, #ARGV do
  local bucket, field = KEYS[i + 1], sub(ARGV[i], 3, 16)
  local held = call('HGET', bucket, field) or ''
  local place, erased, pruned = string.match(#held > 32 and sub(held, 33) or held, '^(%d*)(!?)(x?)')
  if place ~= '0' and erased == '' then
    last = last + 1
    call('XADD', KEYS[2], string.format('%d-0', last), 'e', ARGV[i])
    call('HSET', bucket, field, place == '' and '0' or place .. '!' .. pruned)
  end
end
if schema ~= ARGV[1] then call('HSET', KEYS[1], 'schema', ARGV[1]) end
return last - before
