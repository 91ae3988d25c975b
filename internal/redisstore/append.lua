-- Appends entries to one site's log; what runs here is atomic.
--
-- KEYS  1 the site's facts, 2 its log, then for each entry its record bucket
--       and its subject bucket, then the stream of counters that wait
-- ARGV  1 this program's schema, 2 number of entries, 3 what they add to counters
--       when every one is new, as waiting.go writes it, or nothing,
--       4 the mark of the site's data, 5 entries that its log has at least,
--       for each entry: its bytes of the log, 32 bytes of secret and receipt or
--       none, and what it adds
--
-- Answers for each entry with its place when it is new, with minus its place when
-- it is new and was erased before it came, else with what the record bucket holds
-- of it and the piece of the log that has it, even when Redis takes no writes. An
-- entry that meets foreign data in a key leaves nothing behind, and neither do entries
-- that the log does not take. Data that are not those of before take nothing, and are
-- LOST.
local call, try, sub, format = redis.call, redis.pcall, string.sub, string.format
local schema, entries = tonumber(ARGV[1]), tonumber(ARGV[2])
local known = call('HMGET', KEYS[1], 'schema', 'mark')
local facts = known[1]
if facts and tonumber(facts) > schema then
  return redis.error_reply('NEWERSCHEMA ' .. facts)
end

local newest = call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local last = newest and tonumber(string.match(newest[1], '^%d+')) or 0
if known[2] ~= ARGV[4] or last < tonumber(ARGV[5]) then
  return redis.error_reply('LOST ' .. last)
end
local before, answer, nobody = last, {}, string.rep('\0', 16)
local counted = { ARGV[3] } -- and then what entries that are not new would have added

-- undo takes back what was written of the new entries, all of which are in this piece,
-- and returns why the log does not take them. A stream whose newest elements were
-- deleted gives their ids to no others.
local function undo(piece, why)
  local part = #piece - 1
  for i = entries, 1, -1 do
    if type(answer[i]) == 'number' then
      local logged, field = ARGV[3 * i + 3], sub(ARGV[3 * i + 3], 6, 19)
      if answer[i] < 0 then call('HSET', KEYS[2 * i + 1], field, '0') else call('HDEL', KEYS[2 * i + 1], field) end
      local subject, of, previous = KEYS[2 * i + 2], sub(logged, 22, 35), string.match(piece[part], '%d+')
      if sub(logged, 20, 35) ~= nobody and previous == '0' then
        call('HDEL', subject, of)
      elseif previous ~= '0' then
        call('HSET', subject, of, previous)
      end
      part = part - 2
    end
  end
  return why
end

-- Entries go into the log in pieces that fill one node of a stream. If it does not take
-- the first, it takes none.
local piece, parts, size, xadd = {}, 0, 0, try
local function write()
  if parts > 0 then
    local added = xadd('XADD', KEYS[2], format('%d-0', last), 'e', table.concat(piece))
    if type(added) == 'table' then return undo(piece, added) end
    piece, parts, size, xadd = {}, 0, 0, call
  end
end

for i = 1, entries do
  local a = 3 * i + 3
  local logged = ARGV[a]
  local bucket, field = KEYS[2 * i + 1], sub(logged, 6, 19)
  local refused = size + #logged > 3900 and write()
  if refused then return refused end
  local place = format('%d', last + 1)
  local new, held, erased = try('HSETNX', bucket, field, ARGV[a + 1] .. place), nil, false
  if new ~= 1 then
    held = call('HGET', bucket, field)
    if held ~= '0' then
      refused = write()
      if refused or not held then return refused or new end -- why nothing can be written now
    else
      local set = try('HSET', bucket, field, place .. '!')
      if set ~= 0 then return write() or set end
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
      return write() or first
    end
    piece[parts + 1], piece[parts + 2] = previous, logged
    parts, size = parts + 2, size + #logged + #previous
    last = last + 1
    answer[i] = erased and -last or last
  else
    place = string.match(#held > 32 and sub(held, 33) or held, '^%d+')
    answer[i] = { held, call('XRANGE', KEYS[2], place .. '-0', '+', 'COUNT', 1)[1] }
    counted[#counted + 1] = ARGV[a + 2]
  end
end
local refused = write()
if refused then return refused end

if last > before then
  if ARGV[3] ~= '' then call('XADD', KEYS[2 * entries + 3], '*', 'c', table.concat(counted)) end
  if facts ~= ARGV[1] then call('HSET', KEYS[1], 'schema', schema) end
end
return answer
