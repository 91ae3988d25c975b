-- Tells a site's data from other data that may be there one day: the first to ask
-- marks them.
--
-- KEYS  1 the site's facts
-- ARGV  1 this program's schema, 2 a new mark, 3 the mark of data that some is gone
--       of, so that everybody who knows it hears of that, or ''
--
-- Answers with the mark.
local facts = redis.call('HMGET', KEYS[1], 'schema', 'mark')
local schema, mark = facts[1], facts[2]
if schema and tonumber(schema) > tonumber(ARGV[1]) then
  return redis.error_reply('NEWERSCHEMA ' .. schema)
end
if not mark or mark == ARGV[3] then
  redis.call('HSET', KEYS[1], 'mark', ARGV[2])
  return ARGV[2]
end
return mark
