-- Appends entries to one site's log; what runs here is atomic.
--
-- KEYS  1 the site's facts, 2 its log, then for each entry its record bucket
--       and its subject bucket, then the hashes of counters
-- ARGV  1 this program's schema, 2 number of entries, 3 number of counters,
--       for each counter: its place in KEYS, its hour, its name, the amount,
--       for each entry: field in the record bucket, field in the subject
--       bucket, 32 bytes of secret and receipt, the log's bytes, and two bytes
--       for each counter that it adds to
--
-- Answers for each entry with its index when it is new, else with what the
-- record bucket and the log hold of it, even when Redis takes no writes. An
-- entry that meets foreign data in a key leaves nothing behind.
local call, try, byte = redis.call, redis.pcall, string.byte
local schema, entries, counters = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local facts = call('HMGET', KEYS[1], 'schema', 'first', 'last')
if facts[1] and tonumber(facts[1]) > schema then
  return redis.error_reply('NEWERSCHEMA ' .. facts[1])
end

local newest = call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local next = newest and tonumber(string.match(newest[1], '^%d+')) or 0
local before, added, answer = next, {}, {}

for i = 1, entries do
  local a = 4 * counters + 5 * i - 1
  local bucket, field = KEYS[2 * i + 1], ARGV[a]
  local id = string.format('%d', next + 1)
  local new = try('HSETNX', bucket, field, ARGV[a + 2] .. id)
  if new == 1 then
    local subject, previous = KEYS[2 * i + 2], '0'
    local first = try('HSETNX', subject, ARGV[a + 1], id)
    if first == 0 then
      previous = call('HGET', subject, ARGV[a + 1])
      call('HSET', subject, ARGV[a + 1], id)
    elseif first ~= 1 then
      call('HDEL', bucket, field)
      return first
    end
    call('XADD', KEYS[2], id .. '-0', 'e', ARGV[a + 3], 'p', previous)
    answer[i] = next
    next = next + 1
    local list = ARGV[a + 4]
    for at = 1, #list, 2 do
      local high, low = byte(list, at, at + 1)
      local c = 256 * high + low
      added[c] = (added[c] or 0) + 1
    end
  else
    local held = call('HGET', bucket, field)
    if not held then
      return new -- why nothing can be written now
    end
    id = (#held > 32 and string.sub(held, 33) or held) .. '-0'
    local entry = call('XRANGE', KEYS[2], id, id)[1]
    answer[i] = { held, entry and entry[2][2] or '' }
  end
end

if next > before then
  local first, last = tonumber(facts[2]), tonumber(facts[3])
  local from, to = first, last
  for c, times in pairs(added) do
    local a = 4 * c
    local hour = tonumber(ARGV[a + 1])
    call('HINCRBY', KEYS[tonumber(ARGV[a])], ARGV[a + 2], ARGV[a + 3] * times)
    if not from or hour < from then from = hour end
    if not to or hour > to then to = hour end
  end
  if not facts[1] then call('HSET', KEYS[1], 'schema', schema) end
  if from ~= first or to ~= last then call('HSET', KEYS[1], 'first', from, 'last', to) end
end
return answer
