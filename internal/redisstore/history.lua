-- Follows a subject's entries through the log, newest first. Writes nothing.
--
-- KEYS  1 the site's log, 2 the subject's bucket, 3 the moved pieces of the log
-- ARGV  1 field in the bucket, 2 where to start, '' for the newest entry,
--       3 how many at most
--
-- Answers where to go on ('0' at the end) and the entries: place, bytes, place,
-- bytes.
local match, byte = string.match, string.byte

-- find returns the bytes at a place of a piece with this last place, and the place
-- before; nothing if the piece begins later.
local function find(place, last, blob)
  local list, at = {}, 1
  while at <= #blob do
    local previous, length, from = match(blob, '^(%d+) (..)()', at)
    local high, low = byte(length, 1, 2)
    at = from + 256 * high + low
    list[#list + 1] = { string.sub(blob, from, at - 1), previous }
  end
  local found = list[#list - last + place]
  if found then return found[1], found[2] end
end

local function entry(place)
  local piece = redis.call('XRANGE', KEYS[1], place .. '-0', '+', 'COUNT', 1)[1]
  if piece then
    local bytes, previous = find(place, match(piece[1], '^%d+'), piece[2][2])
    if bytes then return bytes, previous end
  end
  local moved = redis.call('ZRANGEBYSCORE', KEYS[3], place, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if moved[1] then return find(place, moved[2], moved[1]) end
end

local at = ARGV[2]
if at == '' then
  at = redis.call('HGET', KEYS[2], ARGV[1]) or '0'
end
local entries = {}
while at ~= '0' and #entries < 2 * ARGV[3] do
  local bytes, previous = entry(at)
  if not bytes then
    return redis.error_reply('ERR the log lacks place ' .. at)
  end
  entries[#entries + 1], entries[#entries + 2] = at, bytes
  at = previous
end
return { at, entries }
