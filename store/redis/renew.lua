-- Lengthens leases that are still held. KEYS: of each the slots. ARGV: the length
-- in microseconds, and of each the lease.
local t = redis.call('TIME')
local score = string.format('%.0f', t[1] * 1000000 + t[2] + tonumber(ARGV[1]))
local ms = math.max(1, math.ceil(tonumber(ARGV[1]) / 1000))
for i = 1, #KEYS do
  redis.call('ZADD', KEYS[i], score, ARGV[i + 1])
  if redis.call('PTTL', KEYS[i]) < ms then redis.call('PEXPIRE', KEYS[i], ms) end
end
return 0
