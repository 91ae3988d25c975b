-- Follows a subject's entries through the log, newest first. Writes nothing.
--
-- KEYS  1 the site's log, 2 the subject's bucket
-- ARGV  1 field in the bucket, 2 where to start, '' for the newest entry,
--       3 how many at most
--
-- Answers where to go on ('0' at the end) and the entries: id, bytes, id, bytes.
local at = ARGV[2]
if at == '' then
  at = redis.call('HGET', KEYS[2], ARGV[1]) or '0'
end
local entries = {}
while at ~= '0' and #entries < 2 * ARGV[3] do
  local entry = redis.call('XRANGE', KEYS[1], at .. '-0', at .. '-0')[1]
  if not entry then
    return redis.error_reply('ERR the log lacks entry ' .. at)
  end
  entries[#entries + 1] = at
  entries[#entries + 1] = entry[2][2]
  at = entry[2][4]
end
return { at, entries }
