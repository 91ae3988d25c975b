-- Takes the secrets from a site's records and marks them as pruned. Their places
-- are noted until their pieces of the log are written anew.
--
-- KEYS  1 the site's facts, 2 the places to be written anew, then for each record
--       its bucket
-- ARGV  1 this program's schema, then the record's field in the bucket
--
-- Answers with the places of those that are there.
local call, match, sub = redis.call, string.match, string.sub
local schema = call('HGET', KEYS[1], 'schema')
if schema and tonumber(schema) > tonumber(ARGV[1]) then
  return redis.error_reply('NEWERSCHEMA ' .. schema)
end
local places, stripped = {}, false
for i = 2, #ARGV do
  local bucket = KEYS[i + 1]
  local held = call('HGET', bucket, ARGV[i])
  if held and held ~= '0' then
    local place, erased = match(#held > 32 and sub(held, 33) or held, '^(%d+)(!?)')
    if sub(held, -1) ~= 'x' then
      call('HSET', bucket, ARGV[i], place .. erased .. 'x')
      stripped = true
    end
    places[#places + 1] = place
    call('ZADD', KEYS[2], place, place)
  end
end
if stripped then
  if schema ~= ARGV[1] then call('HSET', KEYS[1], 'schema', ARGV[1]) end
  call('HINCRBY', KEYS[1], 'pruned', 1)
end
return places
