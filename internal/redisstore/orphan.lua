-- Forgets a subject whose newest entry is still the one that was looked at.
--
-- KEYS  1 the subject's bucket
-- ARGV  1 field in the bucket, 2 the newest entry's place
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return 0
