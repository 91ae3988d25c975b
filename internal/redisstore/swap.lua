-- Puts a checkpoint in the place of another one.
--
-- KEYS  1 the site's facts, 2 its checkpoint
-- ARGV  1 this program's schema, 2 the checkpoint that should be there, '' for none,
--       3 the next one
--
-- Answers whether the next one is there now.
local call = redis.call
local schema = call('HGET', KEYS[1], 'schema')
if schema and tonumber(schema) > tonumber(ARGV[1]) then
  return redis.error_reply('NEWERSCHEMA ' .. schema)
end
local now = call('GET', KEYS[2]) or ''
if now == ARGV[3] then
  return 1
end
if now ~= ARGV[2] then
  return 0
end
call('SET', KEYS[2], ARGV[3])
if schema ~= ARGV[1] then call('HSET', KEYS[1], 'schema', ARGV[1]) end
return 1
