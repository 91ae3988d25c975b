-- Appends entries to one site's log; what runs here is atomic.
--
-- KEYS  1 the site's facts, 2 its log, then for each entry its record bucket
--       and its subject bucket, then the hash of counters' names and the counters
-- ARGV  1 this program's schema, 2 number of entries, 3 number of counters,
--       for each counter what tally.lua wants, with the amount when every entry
--       is new,
--       for each entry: its bytes of the log, 32 bytes of secret and receipt or
--       none, and what it adds as counter:amount;counter:amount;…
--
-- Answers for each entry with its place when it is new, with minus its place when
-- it is new and was erased before it came, else with what the record bucket holds
-- of it and the piece of the log that has it, even when Redis takes no writes. An
-- entry that meets foreign data in a key leaves nothing behind.
local call, try, sub, format = redis.call, redis.pcall, string.sub, string.format
local schema, entries, counters = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local facts = call('HGET', KEYS[1], 'schema')
if facts and tonumber(facts) > schema then
  return redis.error_reply('NEWERSCHEMA ' .. facts)
end

local newest = call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local last = newest and tonumber(string.match(newest[1], '^%d+')) or 0
local before, answer, nobody = last, {}, string.rep('\0', 16)
local less = false -- what entries that are not new would have added

-- Entries go into the log in pieces that fill one node of a stream.
local piece, parts, size = {}, 0, 0
local function write()
  if parts > 0 then
    call('XADD', KEYS[2], format('%d-0', last), 'e', table.concat(piece))
    piece, parts, size = {}, 0, 0
  end
end

for i = 1, entries do
  local a = 6 * counters + 3 * i + 1
  local logged = ARGV[a]
  local bucket, field = KEYS[2 * i + 1], sub(logged, 6, 19)
  local place = format('%d', last + 1)
  local new, held, erased = try('HSETNX', bucket, field, ARGV[a + 1] .. place), nil, false
  if new ~= 1 then
    write()
    held = call('HGET', bucket, field)
    if not held then
      return new -- why nothing can be written now
    end
    if held == '0' then
      local set = try('HSET', bucket, field, place .. '!')
      if set ~= 0 then return set end
      new, erased = 1, true
    end
  end
  if new == 1 then
    local subject, of, previous = KEYS[2 * i + 2], sub(logged, 22, 35), '0 '
    local first = sub(logged, 20, 35) == nobody and 1 or try('HSETNX', subject, of, place)
    if first == 0 then
      previous = call('HGET', subject, of) .. ' '
      call('HSET', subject, of, place)
    elseif first ~= 1 then
      if erased then call('HSET', bucket, field, '0') else call('HDEL', bucket, field) end
      write()
      return first
    end
    if size + #logged > 3900 then write() end
    piece[parts + 1], piece[parts + 2] = previous, logged
    parts, size = parts + 2, size + #logged + #previous
    last = last + 1
    answer[i] = erased and -last or last
  else
    place = string.match(#held > 32 and sub(held, 33) or held, '^%d+')
    answer[i] = { held, call('XRANGE', KEYS[2], place .. '-0', '+', 'COUNT', 1)[1] }
    less = less or {}
    for c, amount in string.gmatch(ARGV[a + 2], '(%d+):(%-?%d+)') do
      less[c] = (less[c] or 0) + amount
    end
  end
end
write()

if last > before then
  widen(KEYS[1], tally(KEYS[2 * entries + 3], 4, counters, less))
  if facts ~= ARGV[1] then call('HSET', KEYS[1], 'schema', schema) end
end
return answer
