-- Puts a piece of the log without what was pruned in the place of the whole one,
-- among those that were taken out of the stream. The newest piece stays, because
-- it says where the log ends.
--
-- KEYS  1 the log, 2 the moved pieces, 3 the site's facts
-- ARGV  1 the piece's last place, 2 the SHA-1 of its bytes, 3 its new bytes
--
-- Answers 1 when that was done, 0 for the newest piece, and -1 when the piece has
-- changed or is not there.
local call = redis.call
local id = ARGV[1] .. '-0'
local newest = call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if newest and newest[1] == id then
  return 0
end
local piece = call('XRANGE', KEYS[1], id, id)[1]
local bytes = piece and piece[2][2] or call('ZRANGEBYSCORE', KEYS[2], ARGV[1], ARGV[1])[1]
if not bytes or redis.sha1hex(bytes) ~= ARGV[2] then
  return -1
end
call('ZREMRANGEBYSCORE', KEYS[2], ARGV[1], ARGV[1])
call('ZADD', KEYS[2], ARGV[1], ARGV[3])
call('XDEL', KEYS[1], id)
call('HINCRBY', KEYS[3], 'pruned', 1) -- a rewrite that has begun may still have written it
return 1
